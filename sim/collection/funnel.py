"""How borrowers answer: attempt, contact, conversation, dispute, settlement, plan or promise.

The same physics for every strategy. Draws have the stream ``funnel`` and the account row as slot; each
channel has a draw number of its own, so that one more channel moves no other channel's luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.collection.cases import Cases
from sim.collection.names import (
    APP,
    CHANNELS,
    DAY_PARTS,
    FIELD,
    FIRM,
    GENTLE,
    HUMAN,
    LETTER,
    MESSENGER,
    NO_CHANNEL,
    RELUCTANT,
    ROBOT,
    SHORT,
    WILLING,
)
from sim.collection.parameters import FunnelParameters
from sim.collection.treatment import Treatment
from sim.core.calendar import WEEKS_PER_MONTH
from sim.core.columns import F32, I32, I64, U8, Bool, dtypes, empty
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import stream, uniforms

#: No attempt is surer than this, however well its time is chosen (assumption).
SUREST_CONTACT: Final = 0.98
_CHANNELS = len(CHANNELS)
_PARTS = len(DAY_PARTS)
# draws after those of the channels
_DRAW_OFFERS = _CHANNELS
_DRAW_COMPLAINT = _CHANNELS + 1
_DRAW_SIGNAL = _CHANNELS + 2
_DRAW_TRACE = _CHANNELS + 3
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
    #: Liquid money above what is kept back, and what the family can lend, fen.
    liquid: I64
    dispute_ground: Bool
    #: 0..1.
    stress: F32
    #: Usual trust less the borrower's, -1..1.
    distrust: F32


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
    #: Payment of a part in place of the balance was agreed, and the chance that it is kept.
    settlement: Bool
    settlement_kept_chance: F32
    #: A search led to the borrower.
    found: Bool
    dispute_raised: Bool
    dispute_settled: Bool
    #: Reach after the week's attempts.
    phone_reach: F32
    digital_reach: F32
    stress_added: F32
    #: Chance that the week's attempts bring a complaint, and whether they do.
    complaint_chance: F32
    complaint: Bool
    #: Attempts made on all channels.
    attempts: I32
    cost: I64
    labour_cost: I64


class _Seen(NamedTuple):
    """The observable columns that the funnel uses."""

    account: I32
    balance: I64
    days_past_due: NDArray[np.int16]
    age_group: U8
    promise_open: Bool
    on_plan: Bool
    dispute_open: Bool


class _Planned(NamedTuple):
    """A treatment as the kernel sees it."""

    attempts: U8
    tone: U8
    offer_plan: Bool
    offer_proof: Bool
    settlement: F32
    skip_trace: Bool
    third_party: Bool
    scored_calls: Bool
    reads_state: Bool


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
    robots, the digital one for app and messenger, 1 for visits and letters; texts and messages are answered
    differently by age; scored calls multiply q of human dials; q is at most .98. A borrower in hiding
    answers in app and messenger only, a stressed one less, by 1 - ``stress_avoidance`` x stress.

    A contact *reminds* a borrower who forgot. In a conversation a borrower with a ground raises a
    *dispute* (open disputes may be settled by uploaded proof in app or messenger); one who is short of
    money may take an offered *plan*; one whose liquid money covers the reduced balance may agree on an
    offered *settlement* (chance x tone x response of the reluctant); one who is able may make a
    *promise*, with the channel's persuasion x tone x exp(-decline x months late), x response of the
    reluctant, x pressure of third parties where people collect. Nobody with a dispute, plan, open
    promise or open settlement promises again, and each
    case gives one of these answers a week, a settlement before a plan before a promise.

    A *search* (skip trace) costs its price and finds the borrower with a chance of its own; it is no
    contact, and works from the next week on.

    A gentle tone wins plans of those short of money and loses promises of the reluctant. A robot that
    *reads the state* takes it right with the world's chance, else for another one, and is firm with
    whom it takes for reluctant, gentle with all others; its planned tone then does not matter.

    Attempts wear *reach* down by (1 - loss x tone) each, add *stress* (people's attempts, scaled as
    complaints are by tone: assumption) and *complaints* with hazard attempts x rate x tone x third
    party x (1 + stress) x exp(``trust_complaints`` x distrust). Cost and its labour part are rounded to
    whole fen once a case.
    """
    n = cases.account.shape[0]
    seen = _Seen(*_plain(cases, _Seen))
    hidden = Latent(*_plain(latent, Latent))
    planned = _Planned(*_plain(treatment, _Planned))
    out = empty(Outcome, n)
    key, signal = stream(seed, "funnel"), np.zeros(n, np.uint8)
    if _read_states(planned, seen, hidden, parameters, key, week, signal) and parameters.signal_shuffled:
        readers = np.flatnonzero(planned.reads_state)
        order = np.argsort(_signal_order(seen, readers, key, week), kind="stable")
        signal[readers] = signal[readers[order]]
    made, reached = np.zeros(_CHANNELS, np.int32), np.zeros(_CHANNELS, np.bool_)
    _answers(planned, seen, hidden, parameters, key, week, signal, made, reached, out)
    return out


def _plain(table: Any, columns: Any) -> Iterator[NDArray[Any]]:
    # one kernel signature, whatever is given: also for columns that are read-only
    for name, dtype in dtypes(columns).items():
        column = getattr(table, name)
        fits = column.dtype == dtype and column.flags.carray
        yield column if fits else np.array(column, dtype, order="C")


def _signal_order(seen: _Seen, rows: NDArray[np.int64], key: np.uint64, week: int) -> NDArray[np.float64]:
    """A uniform number for each row: whose signals are exchanged when they are shuffled."""
    return np.array([uniforms(key, week, int(seen.account[i]), _DRAW_SIGNAL)[2] for i in rows])


@kernel_step
def _state(latent, i):  # type: ignore[no-untyped-def]
    """The state of a borrower in a conversation."""
    if not latent.able[i]:
        return SHORT
    return RELUCTANT if latent.reluctant[i] else WILLING


@kernel
def _read_states(planned, seen, latent, p, key, week, signal):  # type: ignore[no-untyped-def]
    """What a robot takes each borrower's state for: the right one, or one of the two others. Returns how
    many it reads."""
    readers = 0
    for i in range(signal.shape[0]):
        if planned.reads_state[i]:
            readers += 1
            state = _state(latent, i)
            u, v, _, _ = uniforms(key, week, seen.account[i], _DRAW_SIGNAL)
            if u >= p.signal_accuracy:
                state = (state + (1 if v < 0.5 else 2)) % 3
            signal[i] = state
    return readers


@kernel_step
def _tone(planned, i, channel, signal):  # type: ignore[no-untyped-def]
    """The tone of a conversation: the planned one, or what a reading robot takes for right."""
    if channel == ROBOT and planned.reads_state[i]:
        return np.uint8(FIRM if signal[i] == RELUCTANT else GENTLE)
    return planned.tone[i]


@kernel_step
def _reach(channel, hiding, phone, digital):  # type: ignore[no-untyped-def]
    """Chance scale of reaching a borrower on a channel."""
    if channel in (APP, MESSENGER):
        return digital
    if hiding:
        return 0.0
    return 1.0 if channel in (FIELD, LETTER) else phone


@kernel_step
def _contact_chance(attempts, i, channel, rate, day_part):  # type: ignore[no-untyped-def]
    """Chance that one of a case's attempts on a channel reaches the borrower."""
    missed = 1.0
    for part in range(_PARTS):
        miss = 1.0 - min(SUREST_CONTACT, rate * day_part[channel, part])
        for _ in range(attempts[i, channel, part]):
            missed *= miss
    return 1.0 - missed


@kernel_step
def _attempt(i, planned, seen, latent, p, key, week, made, reached, out):  # type: ignore[no-untyped-def]
    """All attempts on one case: contacts, reminders and cost; ``made`` and ``reached`` by channel."""
    cost = 0.0
    labour = 0.0
    strongest = -1.0
    for channel in range(_CHANNELS):
        count = np.int32(0)
        for part in range(_PARTS):
            count += planned.attempts[i, channel, part]
        if count == 0:
            continue
        made[channel] = count
        out.attempts[i] += count
        rate = p.contact[channel]
        rate *= _reach(channel, latent.hiding[i], latent.phone_reach[i], latent.digital_reach[i])
        rate *= p.age_response[channel, seen.age_group[i]]
        rate *= 1.0 - p.stress_avoidance * latent.stress[i]
        if channel == HUMAN and planned.scored_calls[i]:
            rate *= p.ai_contact_factor
        u_contact, u_remind, _, _ = uniforms(key, week, seen.account[i], channel)
        spent = count * p.cost_attempt[channel]
        if u_contact < _contact_chance(planned.attempts, i, channel, rate, p.day_part):
            reached[channel] = True
            spent += p.cost_conversation[channel]
            out.contacts[i] += 1
            out.conversations[i] += p.two_way[channel]
            out.reminded[i] |= latent.forgot[i] and u_remind < p.reminds[channel]
            if p.persuades[channel] > strongest:
                strongest = p.persuades[channel]
                out.channel[i] = channel
        cost += spent
        labour += spent * p.labour[channel]
    out.cost[i] = np.int64(np.floor(cost + 0.5))
    out.labour_cost[i] = np.int64(np.floor(labour + 0.5))


@kernel_step
def _wear(i, planned, seen, latent, p, key, week, made, out):  # type: ignore[no-untyped-def]
    """What attempts wear down: reach lost, stress added, complaints."""
    tone = planned.tone[i]
    phone, digital = np.float64(latent.phone_reach[i]), np.float64(latent.digital_reach[i])
    stress = 0.0
    hazard = 0.0
    for channel in range(_CHANNELS):
        count = made[channel]
        if count == 0:
            continue
        left = max(0.0, 1.0 - p.reach_loss[channel] * p.tone_reach_loss[tone]) ** count
        if channel in (APP, MESSENGER):
            digital *= left
        else:
            phone *= left
        felt = count * p.tone_complaints[tone]
        stress += felt * p.stress[channel]
        if planned.third_party[i] and p.by_person[channel]:
            felt *= p.third_party_complaints
        hazard += felt * p.complaints[channel] * (1.0 + latent.stress[i])
    out.phone_reach[i] = phone
    out.digital_reach[i] = digital
    out.stress_added[i] = stress
    hazard *= np.exp(p.trust_complaints * latent.distrust[i])
    if hazard > 0.0:
        chance = -np.expm1(-hazard)
        out.complaint_chance[i] = chance
        out.complaint[i] = uniforms(key, week, seen.account[i], _DRAW_COMPLAINT)[0] < chance


@kernel_step
def _trace(i, planned, seen, p, key, week, out):  # type: ignore[no-untyped-def]
    """A search for the borrower, bought from outside: no labour of the collector's."""
    if planned.skip_trace[i]:
        out.cost[i] += np.int64(np.floor(p.skip_trace_cost + 0.5))
        out.found[i] = uniforms(key, week, seen.account[i], _DRAW_TRACE)[0] < p.skip_trace_finds


@kernel_step
def _settles(planned, seen, latent, p, i, u):  # type: ignore[no-untyped-def]
    """Whether a borrower who talks agrees to pay the reduced balance at once."""
    offered = np.float64(planned.settlement[i])
    if offered <= 0.0 or np.float64(latent.liquid[i]) < (1.0 - offered) * seen.balance[i]:
        return False
    chance = p.settlement_taken * p.tone_persuasion[planned.tone[i]]
    if latent.reluctant[i]:
        chance *= p.reluctant_response
    return u < chance


@kernel_step
def _uploads(reached, upload):  # type: ignore[no-untyped-def]
    """Whether the borrower was reached where proof can be uploaded."""
    uploads = False
    for channel in range(_CHANNELS):
        uploads |= reached[channel] and upload[channel]
    return uploads


@kernel_step
def _reply(i, planned, seen, latent, p, key, week, reached, signal, out):  # type: ignore[no-untyped-def]
    """Dispute, settlement or plan of a borrower who was reached; tells who is left to be asked for a
    promise."""
    u_plan, u_settle, u_raise, u_less = uniforms(key, week, seen.account[i], _DRAW_OFFERS)
    talks = out.conversations[i] > 0
    disputes = seen.dispute_open[i]
    if talks and latent.dispute_ground[i] and not disputes and u_raise < p.dispute_raised:
        out.dispute_raised[i] = True
        disputes = True
    if disputes:
        uploads = planned.offer_proof[i] and _uploads(reached, p.upload)
        out.dispute_settled[i] = uploads and u_settle < p.proof_upload
        return False
    if seen.on_plan[i] or seen.promise_open[i]:
        return False
    if talks and _settles(planned, seen, latent, p, i, u_less):
        out.settlement[i] = True
        out.settlement_kept_chance[i] = p.kept[out.channel[i]]
        return False
    if talks and latent.short[i] and planned.offer_plan[i]:
        taken = 0.0
        for channel in range(_CHANNELS):
            if reached[channel] and p.two_way[channel]:
                taken = max(taken, p.state_tone[SHORT, _tone(planned, i, channel, signal)])
        out.plan[i] = u_plan < p.plan_taken * taken
    return latent.able[i] and not out.plan[i]


@kernel_step
def _promise(i, planned, seen, latent, p, key, week, reached, signal, out):  # type: ignore[no-untyped-def]
    """A promise, and its chance of being kept: that of the surest channel that persuaded."""
    state = _state(latent, i)
    factor = np.exp(-p.persuasion_decline * seen.days_past_due[i] / _DAYS_PER_MONTH)
    if latent.reluctant[i]:
        factor *= p.reluctant_response
    for channel in range(_CHANNELS):
        if not reached[channel]:
            continue
        tone = _tone(planned, i, channel, signal)
        chance = p.persuades[channel] * factor * p.tone_persuasion[tone] * p.state_tone[state, tone]
        if planned.third_party[i] and p.by_person[channel]:
            chance *= p.third_party_pressure
        if uniforms(key, week, seen.account[i], channel)[2] < chance:
            out.promise[i] = True
            out.promise_kept_chance[i] = max(out.promise_kept_chance[i], np.float32(p.kept[channel]))


@kernel
def _answers(planned, seen, latent, p, key, week, signal, made, reached, out):  # type: ignore[no-untyped-def]
    """The week of every case; ``made`` and ``reached`` are scratch by channel."""
    for i in range(signal.shape[0]):
        made[:] = 0
        reached[:] = False
        out.channel[i] = NO_CHANNEL
        _attempt(i, planned, seen, latent, p, key, week, made, reached, out)
        _wear(i, planned, seen, latent, p, key, week, made, out)
        _trace(i, planned, seen, p, key, week, out)
        if out.contacts[i] == 0:
            continue
        if _reply(i, planned, seen, latent, p, key, week, reached, signal, out):
            _promise(i, planned, seen, latent, p, key, week, reached, signal, out)
