"""The funnel's numbers as plain arrays, and its mechanisms that can be switched off."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import numpy as np

from sim.collection.names import CHANNELS, FIELD, GENTLE, HUMAN, RELUCTANT, SHORT, STATES, TONES
from sim.core.columns import F64, Bool
from sim.core.errors import SpecError, unknown_name
from sim.spec.scenario import HarmSpec
from sim.spec.world import ChannelNumbers, ToneNumbers, World

_FEN_PER_YUAN = 100.0

#: Contact by channel and day part (morning, afternoon, evening, night) against the channel's mean over
#: the three waking parts, which is 1. Assumptions: people at work answer calls and the door less; text,
#: app and messenger wait until they are read, at night less so; post comes by day.
DAY_PART_FACTORS: Final = {
    "human": (0.85, 0.95, 1.20, 0.50),
    "field": (0.80, 0.90, 1.30, 0.30),
    "text": (1.00, 1.00, 1.00, 0.60),
    "messenger": (0.95, 1.00, 1.05, 0.60),
    "robot": (0.85, 0.95, 1.20, 0.50),
    "app": (0.95, 0.95, 1.10, 0.60),
    "letter": (1.00, 1.00, 1.00, 0.00),
}
#: Channels on which the borrower can answer: raise a dispute, agree on a plan.
TWO_WAY: Final = ("human", "field", "messenger", "robot", "app")
#: Channels by which proof can be uploaded.
UPLOAD: Final = ("messenger", "app")


class FunnelParameters(NamedTuple):
    """Numbers of the funnel; arrays by channel unless stated.

    Costs are fen; complaints are a hazard for each attempt at firm tone; ``tone_*`` arrays are by tone.
    """

    cost_attempt: F64
    cost_conversation: F64
    labour: F64
    contact: F64
    #: Shape (7, 4): channel, day part.
    day_part: F64
    reminds: F64
    persuades: F64
    kept: F64
    reach_loss: F64
    complaints: F64
    #: Stress added by an attempt at firm tone (people only).
    stress: F64
    two_way: Bool
    upload: Bool
    by_person: Bool
    tone_persuasion: F64
    tone_complaints: F64
    tone_reach_loss: F64
    #: Contact against the channel's mean, by channel and age group, shape (7, 3).
    age_response: F64
    #: Promises and plans against firm tone, by state and tone, shape (3, 3), see ``states``.
    state_tone: F64
    #: Chance that a robot reads the state right; ``signal_shuffled`` 1: it reads that of another case.
    signal_accuracy: float
    signal_shuffled: float
    ai_contact_factor: float
    reluctant_response: float
    persuasion_decline: float
    third_party_pressure: float
    third_party_complaints: float
    plan_taken: float
    proof_upload: float
    #: Cut of contact at full stress, and log fall of complaints from no to full trust (0: closed).
    stress_avoidance: float
    trust_complaints: float
    #: Share of borrowers with a ground who raise it when they talk (all of them: assumption).
    dispute_raised: float


#: What each mechanism is when it is off.
_OFF: Final[dict[str, dict[str, float]]] = {
    "reminder": {"reminds": 0.0},
    "persuasion": {"persuades": 0.0},
    "tone": {"tone_persuasion": 1.0, "tone_complaints": 1.0, "tone_reach_loss": 1.0},
    "ageing": {"persuasion_decline": 0.0},
    "reluctance": {"reluctant_response": 1.0},
    "third_party": {"third_party_pressure": 1.0, "third_party_complaints": 1.0},
    "plan": {"plan_taken": 0.0},
    "dispute": {"dispute_raised": 0.0},
    "proof": {"proof_upload": 0.0},
    "state_tone": {"state_tone": 1.0},
    "age_response": {"age_response": 1.0},
    "emotion_signal": {"signal_shuffled": 1.0},
    "scored_calls": {"ai_contact_factor": 1.0},
    "day_part": {"day_part": 1.0},
    "reach_loss": {"reach_loss": 0.0},
    "stress": {"stress": 0.0},
    "complaint": {"complaints": 0.0},
}
MECHANISMS: Final = tuple(_OFF)


def third_party_pressure(world: World, harm: HarmSpec) -> float:
    """What contacting third parties multiplies promises by: the world's number, or a given sign.

    Two studies disagree (C23: at least half of all defaults fewer; C24: up to 30 % more); either relative
    change is taken as that of the chance to promise (assumption of form).
    """
    numbers = world.collection
    pressures = {
        "world": numbers.third_party_pressure.value,
        "raises": 1.0 + numbers.third_party_raises.value,
        "lowers": 1.0 - numbers.third_party_lowers.value,
        "none": 1.0,
    }
    return pressures[harm.third_party]


def funnel_parameters(
    world: World, *, without: Iterable[str] = (), harm: HarmSpec | None = None
) -> FunnelParameters:
    """The numbers of ``world`` for the funnel; the mechanisms named in ``without`` are off.

    ``harm`` tells which ways of harm are open and the sign of third-party contact; None: as in a scenario
    that does not mention them.

    Raises
    ------
    SpecError
        If the world lacks a channel or a tone, or a mechanism is unknown.
    """
    numbers, harm = world.collection, harm or HarmSpec()
    _require(world.id, "collection.channels", CHANNELS, numbers.channels)
    _require(world.id, "collection.tones", TONES, numbers.tones)
    channels = [numbers.channels[name] for name in CHANNELS]
    tones = [numbers.tones[name] for name in TONES]
    by_person = np.array([c in (HUMAN, FIELD) for c in range(len(CHANNELS))])
    parameters = FunnelParameters(
        cost_attempt=_FEN_PER_YUAN * _by_channel(channels, "cost_attempt"),
        cost_conversation=_FEN_PER_YUAN * _by_channel(channels, "cost_conversation"),
        labour=_by_channel(channels, "labour"),
        contact=_by_channel(channels, "contact"),
        day_part=np.array([DAY_PART_FACTORS[name] for name in CHANNELS]),
        reminds=_by_channel(channels, "reminds"),
        persuades=_by_channel(channels, "persuades"),
        kept=_by_channel(channels, "kept"),
        reach_loss=_by_channel(channels, "reach_loss"),
        complaints=_by_channel(channels, "complaints") / 100_000,
        stress=by_person * world.households.stress_from_attempt.value,
        two_way=np.array([name in TWO_WAY for name in CHANNELS]),
        upload=np.array([name in UPLOAD for name in CHANNELS]),
        by_person=by_person,
        tone_persuasion=_by_tone(tones, "persuasion"),
        tone_complaints=_by_tone(tones, "complaints"),
        tone_reach_loss=_by_tone(tones, "reach_loss"),
        age_response=_age_response(world),
        state_tone=_state_tone(world),
        signal_accuracy=numbers.robot_signal_accuracy.value,
        signal_shuffled=0.0,
        ai_contact_factor=numbers.ai_contact_factor.value,
        reluctant_response=numbers.reluctant_response.value,
        persuasion_decline=numbers.persuasion_decline.value,
        third_party_pressure=third_party_pressure(world, harm),
        third_party_complaints=numbers.third_party_complaints.value,
        plan_taken=numbers.plan_taken.value,
        proof_upload=numbers.proof_upload.value,
        stress_avoidance=world.households.stress_avoidance.value if harm.stress_to_reach else 0.0,
        trust_complaints=world.households.trust_complaints.value if harm.trust_to_conduct else 0.0,
        dispute_raised=1.0,
    )
    return switch_off(parameters, without)


def switch_off(parameters: FunnelParameters, mechanisms: Iterable[str]) -> FunnelParameters:
    """The same numbers with some of ``MECHANISMS`` off: one at a time tells which one did it.

    Raises
    ------
    SpecError
        If a mechanism is unknown.
    """
    for name in mechanisms:
        if name not in _OFF:
            problem, allowed = unknown_name(name, MECHANISMS, "mechanism")
            raise SpecError("funnel", "without", problem, allowed)
        for field, value in _OFF[name].items():
            old = getattr(parameters, field)
            new = np.full_like(old, value) if isinstance(old, np.ndarray) else value
            parameters = parameters._replace(**{field: new})  # type: ignore[arg-type]
    return parameters


def _age_response(world: World) -> F64:
    """Response by channel and age group with mean one over the world's ages."""
    n, h = world.collection, world.households
    middle = h.middle_share.value
    ages = np.array([h.young_share.value, middle, max(0.0, 1 - h.young_share.value - middle)])
    table = np.ones((len(CHANNELS), len(ages)))
    for name in ("text", "messenger"):
        group = getattr(n, f"{name}_response")
        row = np.array([group.young.value, group.middle.value, group.old.value])
        table[CHANNELS.index(name)] = row / float((row * ages).sum() / ages.sum())
    return table


def _state_tone(world: World) -> F64:
    """What a gentle tone does in each state against firm and hard, which are the measure."""
    table = np.ones((len(STATES), len(TONES)))
    table[RELUCTANT, GENTLE] = world.collection.gentle_reluctant.value
    table[SHORT, GENTLE] = world.collection.gentle_short.value
    return table


def _require(world: str, field: str, names: tuple[str, ...], given: Collection[str]) -> None:
    for name in names:
        if name not in given:
            raise SpecError(f"world {world!r}", field, f"{name!r} is missing", ", ".join(names))


def _by_channel(channels: list[ChannelNumbers], field: str) -> F64:
    return np.array([getattr(channel, field).value for channel in channels], np.float64)


def _by_tone(tones: list[ToneNumbers], field: str) -> F64:
    return np.array([getattr(tone, field).value for tone in tones], np.float64)
