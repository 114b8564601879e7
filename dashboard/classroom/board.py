"""The board of the projector: the network with its arrears, and the figures of the week."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from dashboard import canvas
from dashboard.classroom.rooms import View
from dashboard.classroom.shared import firm_names, money
from dashboard.state import language, say
from sim.core.columns import F64
from sim.experiments.classroom import Game
from sim.experiments.classroom_market import Shape
from sim.experiments.classroom_replay import arrears, figures, recording, states
from sim.experiments.recording import STRAINED


def show(view: View) -> None:
    """Network on the left, figures on the right."""
    game = view.game
    left, right = st.columns([3, 1])
    with left:
        draw(game, view.setup.shape, f"classroom.{view.code}.net")
    with right:
        tiles(game)


def draw(game: Game, shape: Shape, key: str, height: int = 620) -> None:
    """The weeks so far on the canvas; the last one is shown."""
    names = firm_names(game)
    late = arrears(game)
    level = np.sqrt(np.minimum(1.0, late / np.maximum(1, 5 * game.market.weekly)))
    seen = recording(game, names)
    where = places(game.market.firms, shape)
    canvas.watch(
        seen, where, names, np.ceil(level * 255).astype(np.uint8), language(), key, height, shape == "ring"
    )


def tiles(game: Game) -> None:
    """Week, arrears with the change since last week, firms short of cash or closed, what households got."""
    late, found = arrears(game).sum(axis=1), figures(game)
    change = money(int(late[-1] - late[-2]), signed=True) if len(late) > 1 else None
    st.metric(say("class_week"), f"{len(game.settled)} / {game.market.weeks}")
    st.metric(
        say("class_arrears"), money(found.arrears_end), change, delta_color="inverse",
        help=say("class_arrears_help"),
    )  # fmt: skip
    st.metric(say("class_strained"), int((states(game)[-1] == STRAINED).sum()))
    st.metric(say("class_sum_closed"), found.closed)
    st.metric(
        say("class_sold"), f"{100 * found.sold_share:.0f}\N{NO-BREAK SPACE}%", help=say("class_sold_help")
    )


def places(firms: int, shape: Shape) -> F64:
    """A ring as a ring; a chain as rows that go to and fro, so that links stay short. Shape (F, 2)."""
    found = np.zeros((firms, 2))
    if shape == "ring":
        turn = 2 * math.pi * np.arange(firms) / firms - math.pi / 2
        found[:, 0], found[:, 1] = 0.5 + 0.38 * np.cos(turn), 0.5 + 0.41 * np.sin(turn)
        return found
    across = max(3, math.ceil(math.sqrt(2.2 * firms)))
    rows = math.ceil(firms / across)
    for firm in range(firms):
        row, column = divmod(firm, across)
        column = across - 1 - column if row % 2 else column
        found[firm] = (0.08 + 0.84 * column / (across - 1), 0.12 + 0.76 * row / max(1, rows - 1))
    return found
