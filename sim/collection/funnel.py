"""How borrowers answer: attempt, contact, conversation, dispute, plan or promise.

The same physics for every strategy. Draws have the stream ``funnel`` and the account row as slot; each
channel has a draw number of its own, so that one more channel moves no other channel's luck.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.collection.cases import Cases
from sim.collection.names import APP, CHANNELS, DAY_PARTS, FIELD, HUMAN, LETTER, MESSENGER, NO_CHANNEL
from sim.collection.parameters import FunnelParameters
from sim.collection.treatment import Treatment
from sim.core.calendar import WEEKS_PER_MONTH
from sim.core.columns import F32, I32, I64, U8, Bool, dtypes, empty
from sim.core.rng import stream, uniforms

#: No attempt is surer than this, however well its time is chosen (assumption).
SUREST_CONTACT: Final = 0.98
_CHANNELS = len(CHANNELS)
_PARTS = len(DAY_PARTS)
_DRAW_OFFERS = _CHANNELS
_DAYS_PER_MONTH = 7.0 * WEEKS_PER_MONTH


class Latent(NamedTuple):
    """What the model knows of each case and no collector sees; equally long columns."""

    #: Chance scale (0..1) of reaching the borrower by phone, and in an app or messenger.
    phone_reach: F32
    digital_reach: F32
    #: Neither phone nor address lead to the borrower any more.
    hiding: Bool
    #: Able but unwilling.
    reluctant: Bool
    #: Missed the due date by oversight.
    forgot: Bool
    #: Liquid money covers the arrears.
    able: Bool
    #: Liquid money cannot cover the arrears.
    short: Bool
    dispute_ground: Bool
    #: 0..1.
    stress: F32


class Outcome(NamedTuple):
    """What a week of collection brought; equally long columns, money in fen."""

    #: Channels on which the borrower was reached, and those of them that allow an answer.
    contacts: U8
    conversations: U8
    #: Most persuasive channel of contact; 255: none.
    channel: U8
    #: A borrower who had forgotten remembers.
    reminded: Bool
    #: A promise to pay in the coming week, and the chance that it is kept if made.
    promise: Bool
    promise_kept_chance: F32
    #: An instalment plan was agreed.
    plan: Bool
    dispute_raised: Bool
    dispute_settled: Bool
    #: Reach after the week's attempts.
    phone_reach: F32
    digital_reach: F32
    stress_added: F32
    complaint: Bool
    #: Attempts made on all channels.
    attempts: I32
    cost: I64
    labour_cost: I64


class _Seen(NamedTuple):
    """The observable columns that the funnel uses."""

    account: I32
    days_past_due: NDArray[np.int16]
    promise_open: Bool
    on_plan: Bool
    dispute_open: Bool


class _Planned(NamedTuple):
    """A treatment as the kernel sees it."""

    attempts: U8
    tone: U8
    offer_plan: Bool
    offer_proof: Bool
    third_party: Bool
    scored_calls: Bool


def funnel(
    treatment: Treatment,
    cases: Cases,
    latent: Latent,
    parameters: FunnelParameters,
    *,
    seed: int,
    week: int,
) -> Outcome:
    """Answer to a permitted and rationed treatment, by keyed draws; nothing given is changed.

    *Contact* on a channel has the chance 1 - prod (1 - q)^attempts over day parts, with q the product
    of the channel's contact rate, its day-part factor and the reach: the phone's for calls, texts and
    robots, the digital one for app and messenger, 1 for visits and letters; scored calls multiply q of
    human dials; q is at most .98. A borrower in hiding answers in app and messenger only.

    A contact *reminds* a borrower who forgot. In a conversation a borrower with a ground raises a
    *dispute* (open disputes may be settled by uploaded proof in app or messenger); one who is short of
    money may take an offered *plan*; one who is able may make a *promise*, with the channel's
    persuasion x tone x exp(-decline x months late), x response of the reluctant, x pressure of third
    parties where people collect. Nobody with a dispute, plan or open promise promises again, and each
    case gives one of these answers a week.

    Attempts wear *reach* down by (1 - loss x tone) each, add *stress* (people's attempts, scaled as
    complaints are by tone: assumption) and *complaints* with hazard attempts x rate x tone x third
    party x (1 + stress). Cost and its labour part are rounded to whole fen once a case.
    """
    n = cases.account.shape[0]
    seen = _Seen(*(_frozen(getattr(cases, name), dtype) for name, dtype in dtypes(_Seen).items()))
    hidden = Latent(*(_frozen(getattr(latent, name), dtype) for name, dtype in dtypes(Latent).items()))
    planned = _Planned(
        *(_frozen(getattr(treatment, name), dtype) for name, dtype in dtypes(_Planned).items())
    )
    out = empty(Outcome, n)
    _answer(planned, seen, hidden, parameters, stream(seed, "funnel"), week, out)
    return out


def _frozen(column: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    # one kernel signature for writable and read-only input
    view = np.ascontiguousarray(column, dtype).view()
    view.flags.writeable = False
    return view


@njit(nogil=True, cache=True)
def _reach(channel, hiding, phone, digital):  # type: ignore[no-untyped-def]
    """Chance scale of reaching a borrower on a channel."""
    if channel == APP or channel == MESSENGER:
        return digital
    if hiding:
        return 0.0
    return 1.0 if channel == FIELD or channel == LETTER else phone


@njit(nogil=True, cache=True)
def _contact_chance(planned, i, channel, scale, p):  # type: ignore[no-untyped-def]
    """Attempts on a channel and the chance that one of them reaches the borrower."""
    made = 0
    missed = 1.0
    if channel == HUMAN and planned.scored_calls[i]:
        scale *= p.ai_contact_factor
    for part in range(_PARTS):
        count = np.int64(planned.attempts[i, channel, part])
        if count > 0:
            made += count
            miss = 1.0 - min(SUREST_CONTACT, scale * p.contact[channel] * p.day_part[channel, part])
            for _ in range(count):
                missed *= miss
    return made, 1.0 - missed


@njit(nogil=True, cache=True)
def _persuasion(planned, seen, latent, i, p):  # type: ignore[no-untyped-def]
    """What multiplies a channel's persuasion for this case."""
    factor = p.tone_persuasion[planned.tone[i]]
    factor *= np.exp(-p.persuasion_decline * seen.days_past_due[i] / _DAYS_PER_MONTH)
    if latent.reluctant[i]:
        factor *= p.reluctant_response
    return factor


@njit(nogil=True, cache=True)
def _pressure(planned, i, channel, p):  # type: ignore[no-untyped-def]
    """Third parties' part in persuasion and in complaints on a channel."""
    if planned.third_party[i] and p.by_person[channel]:
        return p.third_party_pressure, p.third_party_complaints
    return 1.0, 1.0


@njit(nogil=True, cache=True)
def _wear(planned, latent, i, made, p, out):  # type: ignore[no-untyped-def]
    """Reach lost, stress added and the hazard of a complaint by the attempts of a case."""
    tone = planned.tone[i]
    phone, digital = np.float64(latent.phone_reach[i]), np.float64(latent.digital_reach[i])
    stress = 0.0
    hazard = 0.0
    for channel in range(_CHANNELS):
        if made[channel] > 0:
            left = max(0.0, 1.0 - p.reach_loss[channel] * p.tone_reach_loss[tone]) ** made[channel]
            if channel == APP or channel == MESSENGER:
                digital *= left
            else:
                phone *= left
            felt = made[channel] * p.tone_complaints[tone]
            stress += felt * p.stress[channel]
            hazard += felt * p.complaints[channel] * _pressure(planned, i, channel, p)[1]
    out.phone_reach[i] = phone
    out.digital_reach[i] = digital
    out.stress_added[i] = stress
    return hazard * (1.0 + latent.stress[i])


@njit(nogil=True, cache=True)
def _reply(planned, seen, latent, i, uploads, p, key, week, out):  # type: ignore[no-untyped-def]
    """Dispute or plan of a case that was reached; returns whether a promise is still possible."""
    asked = not (seen.on_plan[i] or seen.promise_open[i])
    disputes = seen.dispute_open[i]
    if out.conversations[i] == 0:
        return asked and not disputes and latent.able[i]
    u_plan, u_settle, u_raise, _ = uniforms(key, week, seen.account[i], _DRAW_OFFERS)
    if latent.dispute_ground[i] and not disputes and u_raise < p.dispute_raised:
        out.dispute_raised[i] = True
        disputes = True
    if disputes:
        out.dispute_settled[i] = uploads and planned.offer_proof[i] and u_settle < p.proof_upload
        return False
    if asked and latent.short[i] and planned.offer_plan[i]:
        out.plan[i] = u_plan < p.plan_taken
    return asked and latent.able[i] and not out.plan[i]


@njit(nogil=True, cache=True)
def _promise(planned, reached, luck, factor, i, p, out):  # type: ignore[no-untyped-def]
    """A promise, and its chance of being kept: that of the surest channel that persuaded."""
    for channel in range(_CHANNELS):
        if reached[channel]:
            chance = p.persuades[channel] * factor * _pressure(planned, i, channel, p)[0]
            if luck[channel] < chance:
                out.promise[i] = True
                out.promise_kept_chance[i] = max(out.promise_kept_chance[i], np.float32(p.kept[channel]))


@njit(nogil=True, cache=True)
def _attempt(planned, seen, latent, i, p, key, week, made, reached, luck, out):  # type: ignore[no-untyped-def]
    """All attempts of a case: contacts, reminders, cost; returns whether proof can be uploaded."""
    phone, digital = np.float64(latent.phone_reach[i]), np.float64(latent.digital_reach[i])
    cost = 0.0
    labour = 0.0
    strongest = -1.0
    uploads = False
    for channel in range(_CHANNELS):
        scale = _reach(channel, latent.hiding[i], phone, digital)
        made[channel], chance = _contact_chance(planned, i, channel, scale, p)
        reached[channel] = False
        if made[channel] == 0:
            continue
        u_contact, u_remind, luck[channel], _ = uniforms(key, week, seen.account[i], channel)
        spent = made[channel] * p.cost_attempt[channel]
        if u_contact < chance:
            reached[channel] = True
            spent += p.cost_conversation[channel]
            out.contacts[i] += 1
            out.conversations[i] += p.two_way[channel]
            uploads |= p.upload[channel]
            out.reminded[i] |= latent.forgot[i] and u_remind < p.reminds[channel]
            if p.persuades[channel] > strongest:
                strongest = p.persuades[channel]
                out.channel[i] = channel
        out.attempts[i] += made[channel]
        cost += spent
        labour += spent * p.labour[channel]
    out.cost[i] = np.int64(np.floor(cost + 0.5))
    out.labour_cost[i] = np.int64(np.floor(labour + 0.5))
    return uploads


@njit(nogil=True, cache=True)
def _answer(planned, seen, latent, p, key, week, out):  # type: ignore[no-untyped-def]
    """The week of every case; the arrays by channel are scratch space for one case."""
    made = np.zeros(_CHANNELS, np.int64)
    reached = np.zeros(_CHANNELS, np.bool_)
    luck = np.zeros(_CHANNELS)
    for i in range(seen.account.shape[0]):
        out.channel[i] = NO_CHANNEL
        uploads = _attempt(planned, seen, latent, i, p, key, week, made, reached, luck, out)
        hazard = _wear(planned, latent, i, made, p, out)
        if hazard > 0.0:
            # a draw number past all others, so that complaints are independent of answers
            u = uniforms(key, week, seen.account[i], _DRAW_OFFERS + 1)[0]
            out.complaint[i] = u < -np.expm1(-hazard)
        if out.contacts[i] > 0 and _reply(planned, seen, latent, i, uploads, p, key, week, out):
            factor = _persuasion(planned, seen, latent, i, p)
            _promise(planned, reached, luck, factor, i, p, out)
