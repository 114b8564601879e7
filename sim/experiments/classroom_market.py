"""The small economy of a classroom: firms that owe one another, sales to households, and a bad spell.

All numbers are assumptions, chosen so that ten weeks show what the weekly model shows in two years: trade
bills are larger than cash at hand, so money must go round, and a firm that waits makes others wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from sim.core.columns import I32, I64
from sim.core.errors import SpecError, unknown_name

Shape = Literal["ring", "chain"]
Spell = Literal["none", "mild", "hard"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
SPELLS: tuple[Spell, ...] = get_args(Spell)
#: Fewest and most firms of a room, and weeks of a game.
FIRMS, WEEKS = (4, 36), (4, 20)
#: Fen. A firm's weekly bills to its main and its other supplier, and what households buy from it.
MAIN, OTHER, FINAL = 600_000, 400_000, 700_000
#: Weeks until bills of the main and the other supplier fall due.
TERMS = (2, 3)
#: Cash at the start, as a share of a week's bills from suppliers or to customers, whichever is more.
CASH_SHARE = 1.15
#: Share of its takings a firm keeps after bills and wages in a good week.
MARGIN = 0.03
#: One firm in so many is hit, and the per cent of usual sales that households then still buy of it.
_HIT = {"none": (0, 100), "mild": (6, 40), "hard": (3, 0)}
#: Weeks of the bad spell, counted from 1.
HIT_WEEKS = range(2, 6)


@dataclass(frozen=True)
class Setup:
    """What a room is told: ``firms``, ``shape``, ``weeks``, ``spell`` and ``seed`` (sizes, and who is hit).

    Raises :class:`SpecError` for anything else than what the names above allow.
    """

    firms: int = 12
    shape: Shape = "ring"
    weeks: int = 10
    spell: Spell = "mild"
    seed: int = 1

    def __post_init__(self) -> None:
        for name, (least, most) in (("firms", FIRMS), ("weeks", WEEKS), ("seed", (0, 10**6))):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise SpecError("classroom", name, f"{value!r}", f"a whole number from {least} to {most}")
        for name, known in (("shape", SHAPES), ("spell", SPELLS)):
            if (value := getattr(self, name)) not in known:
                raise SpecError("classroom", name, *unknown_name(str(value), known, name))


class Market(NamedTuple):
    """Firms n and links m, sorted by debtor; money in fen a week.

    ``start`` (n + 1,), ``creditor``, ``debtor`` (m,): who buys from whom; ``weekly`` (m,): the bill of a
    week; ``terms`` (m,): weeks until it falls due; ``wages`` (n,); ``final`` (weeks, n): what households
    would buy; ``cash`` (n,): at the start.
    """

    start: I64
    creditor: I32
    debtor: I32
    weekly: I64
    terms: I64
    wages: I64
    final: I64
    cash: I64

    @property
    def firms(self) -> int:
        """Number of firms."""
        return len(self.wages)

    @property
    def weeks(self) -> int:
        """Weeks of the game."""
        return len(self.final)


def seats(setup: Setup) -> int:
    """Firms that owe somebody, so that a pupil has something to choose: all, or all but the chain's last."""
    return setup.firms - (setup.shape == "chain")


def market(setup: Setup) -> Market:
    """The economy of a room; the same for the same setup.

    In a ``ring`` firm i buys from i + 1 and, less, from a firm a third of the ring away, so debts close
    circles. In a ``chain`` it buys from the next two, and nothing closes.
    """
    n = setup.firms
    across = max(2, n // 3)
    pairs = []
    for i in range(n):
        if setup.shape == "ring":
            pairs += [(i, (i + 1) % n, MAIN, TERMS[0]), (i, (i + across) % n, OTHER, TERMS[1])]
        else:
            pairs += [(i, i + 1, MAIN, TERMS[0])] * (i + 1 < n) + [(i, i + 2, OTHER, TERMS[1])] * (i + 2 < n)
    generator = np.random.default_rng((setup.seed, n))
    debtor = np.array([pair[0] for pair in pairs], np.int32)
    creditor = np.array([pair[1] for pair in pairs], np.int32)
    size = generator.integers(85, 116, len(pairs))  # per cent of the usual bill
    weekly = np.array([pair[2] for pair in pairs], np.int64) * size // 100
    owed, owing = _sums(debtor, weekly, n), _sums(creditor, weekly, n)
    # in a chain the first firm has no customers among firms, so its final sales are what others sell on
    usual = np.maximum(FINAL, owed - owing + FINAL)
    takings = usual + owing
    wages = takings - owed - (takings * MARGIN).astype(np.int64)
    final = np.tile(usual, (setup.weeks, 1))
    one_in, still = _HIT[setup.spell]
    if one_in:
        hit = generator.permutation(n)[: max(1, n // one_in)]
        for week in HIT_WEEKS:
            if week <= setup.weeks:
                final[week - 1, hit] = usual[hit] * still // 100
    start = np.concatenate([[0], np.cumsum(np.bincount(debtor, minlength=n))]).astype(np.int64)
    cash = (np.maximum(owed, owing) * CASH_SHARE).astype(np.int64)
    terms = np.array([pair[3] for pair in pairs], np.int64)
    return Market(start, creditor, debtor, weekly, terms, wages, final, cash)


def _sums(firm: I32, amount: I64, firms: int) -> I64:
    found = np.zeros(firms, np.int64)
    np.add.at(found, firm, amount)
    return found
