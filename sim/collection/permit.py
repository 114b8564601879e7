"""What the rules leave of a treatment, and which rules people break all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.collection.cases import Cases
from sim.collection.names import (
    APP,
    CHANNELS,
    DAY_PART_HOURS,
    DAY_PARTS,
    FIELD,
    HUMAN,
    MESSENGER,
    ROBOT,
    TEXT,
    VIOLATION_KINDS,
)
from sim.collection.own_rules import count_own, permit_own
from sim.collection.ration import trim
from sim.collection.treatment import Treatment
from sim.core.columns import I16, I32, Bool
from sim.core.errors import SpecError
from sim.core.kernel import kernel, kernel_step
from sim.core.remember import remembered
from sim.core.rng import stream, uniforms
from sim.spec.rules import RuleSet

_CHANNELS = len(CHANNELS)
_PARTS = len(DAY_PARTS)
_DAYS = 7
_NO_LIMIT = 2**30
# first draw number of each kind of decision; a cell of attempts takes at most 64 draws of four
_DRAWS_CELL = 64
_DRAW_CAP = 4096
_DRAW_THIRD_PARTY = 8192
# pauses of a case
_CALLS_PAUSED, _ALL_PAUSED = 1, 2


class Permission(NamedTuple):
    """What is left of a treatment under the rules."""

    treatment: Treatment
    #: Attempts that were planned and are not made.
    blocked: int
    #: Violations in this treatment by case and kind, a column for each of ``names.VIOLATION_KINDS``.
    violations: I32


class Limits(NamedTuple):
    """A rule set as plain values."""

    day: int
    week: int
    closed: Bool
    messages: int
    pause_days: int
    call_pause_days: int
    visits_barred: bool
    visits_after_offer: bool
    third_party_barred: bool
    plan_required: bool


@remembered
def limits_of(rules: RuleSet) -> Limits:
    """Plain values of the rules of contact; a rule that is absent does not bind.

    A day part is closed when at least half of its hours are quiet (assumption: in a part with fewer
    quiet hours the same attempts are made in its other hours).
    """
    third, visits, plan = rules.third_party_contact, rules.field_visits, rules.plan_offer_required
    messages = rules.electronic_messages_per_week
    return Limits(
        day=_NO_LIMIT if rules.attempts_per_day is None else rules.attempts_per_day.value,
        week=_NO_LIMIT if rules.attempts_per_week is None else rules.attempts_per_week.value,
        closed=_closed_parts(rules),
        messages=_NO_LIMIT if messages is None else messages.value,
        pause_days=0 if rules.pause_after_contact_days is None else rules.pause_after_contact_days.value,
        call_pause_days=0 if rules.call_pause_days is None else rules.call_pause_days.value,
        visits_barred=visits is not None and not visits.value,
        visits_after_offer=rules.forbearance_required is not None and rules.forbearance_required.value,
        third_party_barred=third is not None and not third.value,
        plan_required=plan is not None and plan.value,
    )


class _Seen(NamedTuple):
    """What the rules look at in each case, besides the treatment."""

    account: I32
    weeks_since_contact: I16
    already: I32  # dials made by others this week
    offered: Bool  # a plan, in an earlier week


def permit(
    treatment: Treatment,
    cases: Cases,
    rules: RuleSet,
    attempts_this_week: I32 | None = None,
    plan_offered: Bool | None = None,
    *,
    over_cap_rate: float,
    seed: int,
    week: int,
) -> Permission:
    """Strike out what the rules forbid; people under pressure do some of it all the same.

    Forbidden visits, attempts in quiet hours or within the pause after a contact, and dials above the
    caps are dropped, not moved. The caps count the dials of people and robots to one number together;
    people's come first and robots use what is left. A cap on electronic messages leaves texts first, then
    messenger, then the app. Where a plan must be offered before a visit, visits wait for an offer made in
    an earlier week. Rules from outside the package come last. Each forbidden attempt of a person (calls and
    visits), and each forbidden contact with a third party, is made with chance ``over_cap_rate``;
    machines never break a rule.

    Parameters
    ----------
    treatment, cases:
        The plan and its cases; neither is changed.
    rules:
        The rule set in force.
    attempts_this_week:
        Dials already made to each case's number this week, by others; None: none.
    plan_offered:
        Whether a plan was offered to each case in an earlier week; None: to none.
    over_cap_rate:
        Share (0..1) of forbidden human attempts that are made.
    seed, week:
        Key of the draws (stream ``over_cap``, slot = account row). A higher rate adds violations and
        takes none away.

    Raises
    ------
    SpecError
        If the rate is not a share.
    """
    left, blocked = restrict(
        treatment, cases, rules, attempts_this_week, plan_offered,
        over_cap_rate=over_cap_rate, seed=seed, week=week,
    )  # fmt: skip
    counts = count_violations(left, cases, rules, attempts_this_week, plan_offered)
    return Permission(left, blocked, counts)


def restrict(
    treatment: Treatment,
    cases: Cases,
    rules: RuleSet,
    attempts_this_week: I32 | None = None,
    plan_offered: Bool | None = None,
    *,
    over_cap_rate: float,
    seed: int,
    week: int,
) -> tuple[Treatment, int]:
    """What :func:`permit` leaves of a treatment and how many attempts it drops, without the violations."""
    if not 0 <= over_cap_rate <= 1:
        raise SpecError("permit", "over_cap_rate", f"{over_cap_rate:g} is not a share", "0 to 1")
    limits = limits_of(rules)
    attempts, third_party = treatment.attempts.copy(), treatment.third_party.copy()
    offer_plan = treatment.offer_plan.copy() if limits.plan_required else treatment.offer_plan
    seen = _seen(cases, attempts_this_week, plan_offered)
    blocked = _restrict(
        attempts, third_party, offer_plan, seen, limits, over_cap_rate, stream(seed, "over_cap"), week
    )
    left = replace(treatment, attempts=attempts, third_party=third_party, offer_plan=offer_plan)
    if rules.own:
        permitted, left = (
            left,
            permit_own(left, cases, rules, over_cap_rate=over_cap_rate, seed=seed, week=week),
        )
        blocked += int(permitted.attempts.sum(dtype=np.int64) - left.attempts.sum(dtype=np.int64))
    return left, int(blocked)


def count_violations(
    treatment: Treatment,
    cases: Cases,
    rules: RuleSet,
    attempts_this_week: I32 | None = None,
    plan_offered: Bool | None = None,
) -> I32:
    """Violations in a treatment as it is carried out, by case and kind (``names.VIOLATION_KINDS``).

    Each attempt counts once for each rule it breaks; a third party contacted counts once a case, and
    only where a person makes an attempt. Call it again after :func:`~sim.collection.ration.ration`:
    an attempt for which there was no staff broke no rule.
    """
    limits = limits_of(rules)
    counts = np.zeros((cases.account.shape[0], len(VIOLATION_KINDS)), np.int32)
    if _binds(limits):
        seen = _seen(cases, attempts_this_week, plan_offered)
        attempts = np.ascontiguousarray(treatment.attempts)
        _count(attempts, np.ascontiguousarray(treatment.third_party), seen, limits, counts)
    if rules.own:
        counts[:, VIOLATION_KINDS.index("own")] = count_own(treatment, cases, rules)
    return counts


@remembered
def _binds(limits: Limits) -> bool:
    """Whether any rule that can be broken is there."""
    barred = limits.visits_barred or limits.third_party_barred or bool(limits.closed.any())
    barred |= limits.visits_after_offer
    paused = limits.pause_days > 0 or limits.call_pause_days > 0
    return barred or min(limits.day, limits.week) < _NO_LIMIT or paused


def _seen(cases: Cases, attempts_this_week: I32 | None, plan_offered: Bool | None) -> _Seen:
    n = cases.account.shape[0]
    return _Seen(
        np.ascontiguousarray(cases.account, np.int32),
        np.ascontiguousarray(cases.weeks_since_contact, np.int16),
        np.zeros(n, np.int32) if attempts_this_week is None else np.array(attempts_this_week, np.int32),
        np.zeros(n, np.bool_) if plan_offered is None else np.array(plan_offered, np.bool_),
    )


def _closed_parts(rules: RuleSet) -> Bool:
    closed = np.zeros(_PARTS, np.bool_)
    if rules.quiet_start_hour is None or rules.quiet_end_hour is None:
        return closed
    start, end = rules.quiet_start_hour.value, rules.quiet_end_hour.value
    # 0 to 24 is the whole day; equal hours are no quiet time at all
    length = end - start if end >= start else end - start + 24
    for part, (first, after) in enumerate(DAY_PART_HOURS):
        quiet = sum((hour - start) % 24 < length for hour in range(first, after))
        closed[part] = 2 * quiet >= after - first
    return closed


@kernel_step
def _pause(since, limits):  # type: ignore[no-untyped-def]
    """Whether a case is within a pause of calls or of everything, in whole weeks and so that it is never
    cut short.

    A contact on the last day of a week and an attempt on the first day of a later one are as near as
    two weeks' attempts can be.
    """
    nearest = _DAYS * np.int64(since) - (_DAYS - 1)
    if limits.pause_days > 0 and nearest < limits.pause_days:
        return _ALL_PAUSED
    if limits.call_pause_days > 0 and nearest < limits.call_pause_days:
        return _CALLS_PAUSED
    return 0


@kernel_step
def _thinned(count, rate, key, week, slot, first):  # type: ignore[no-untyped-def]
    """How many of ``count`` forbidden attempts are made: one uniform each."""
    made = np.int64(0)
    for block in range((count + 3) // 4):
        a, b, c, d = uniforms(key, week, slot, first + block)
        left = count - 4 * block
        made += a < rate
        made += left > 1 and b < rate
        made += left > 2 and c < rate
        made += left > 3 and d < rate
    return made


@kernel_step
def _dials(attempts, i, channel):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for part in range(_PARTS):
        total += np.int64(attempts[i, channel, part])
    return total


@kernel_step
def _calls(channel):  # type: ignore[no-untyped-def]
    return channel in (HUMAN, ROBOT)


@kernel_step
def _close(attempts, i, paused, offered, limits, rate, key, week, slot):  # type: ignore[no-untyped-def]
    """Visits, quiet hours and the pause of one case; returns the attempts dropped."""
    dropped = np.int64(0)
    for channel in range(_CHANNELS):
        barred = paused == _ALL_PAUSED or (paused == _CALLS_PAUSED and _calls(channel))
        if channel == FIELD:
            barred |= limits.visits_barred or (limits.visits_after_offer and not offered)
        for part in range(_PARTS):
            planned = np.int64(attempts[i, channel, part])
            if planned > 0 and (barred or limits.closed[part]):
                made: np.int64 = np.int64(0)
                if channel in (HUMAN, FIELD):
                    first = (channel * _PARTS + part) * _DRAWS_CELL
                    made = _thinned(planned, rate, key, week, slot, first)
                attempts[i, channel, part] = made
                dropped += planned - made
    return dropped


@kernel_step
def _cap(attempts, i, already, limits, rate, key, week, slot):  # type: ignore[no-untyped-def]
    """The caps on dials of one case; returns the attempts dropped."""
    human, robot = _dials(attempts, i, HUMAN), _dials(attempts, i, ROBOT)
    allowed = max(0, min(_DAYS * limits.day, limits.week) - already)
    if human + robot <= allowed:
        return 0
    lawful = min(human, allowed)
    made = lawful + _thinned(human - lawful, rate, key, week, slot, _DRAW_CAP)
    by_robot = min(robot, allowed - lawful)
    trim(attempts, i, HUMAN, made)
    trim(attempts, i, ROBOT, by_robot)
    return human + robot - made - by_robot


@kernel_step
def _cap_messages(attempts, i, most):  # type: ignore[no-untyped-def]
    """The cap on electronic messages of one case; returns the attempts dropped."""
    dropped = 0
    for channel in (TEXT, MESSENGER, APP):
        planned = _dials(attempts, i, channel)
        kept = min(planned, most)
        if kept < planned:
            trim(attempts, i, channel, kept)
        most -= kept
        dropped += planned - kept
    return dropped


@kernel
def _restrict(attempts, third_party, offer_plan, seen, limits, rate, key, week):  # type: ignore[no-untyped-def]
    """All rules on all cases, in place; returns the attempts dropped."""
    blocked = 0
    closes = limits.visits_barred or limits.visits_after_offer
    for part in range(_PARTS):
        closes |= limits.closed[part]
    caps = min(limits.day, limits.week) < _NO_LIMIT
    for i in range(seen.account.shape[0]):
        account, offered = seen.account[i], seen.offered[i]
        paused = _pause(seen.weeks_since_contact[i], limits)
        if closes or paused > 0:
            blocked += _close(attempts, i, paused, offered, limits, rate, key, week, account)
        if limits.messages < _NO_LIMIT:
            blocked += _cap_messages(attempts, i, limits.messages)
        if caps:
            blocked += _cap(attempts, i, seen.already[i], limits, rate, key, week, account)
        if third_party[i] and limits.third_party_barred:
            third_party[i] = _thinned(1, rate, key, week, account, _DRAW_THIRD_PARTY) > 0
        if limits.plan_required and not offer_plan[i]:
            for channel in range(_CHANNELS):
                offer_plan[i] |= _dials(attempts, i, channel) > 0
    return blocked


@kernel
def _count(attempts, third_party, seen, limits, counts):  # type: ignore[no-untyped-def]
    """Fill ``counts`` with the violations of each case; columns as in ``VIOLATION_KINDS``."""
    for i in range(attempts.shape[0]):
        total = np.int64(0)
        quiet = np.int64(0)
        for channel in range(_CHANNELS):
            for part in range(_PARTS):
                made = np.int64(attempts[i, channel, part])
                total += made
                if limits.closed[part]:
                    quiet += made
        if total == 0:
            continue
        human, visits = _dials(attempts, i, HUMAN), _dials(attempts, i, FIELD)
        dials = human + _dials(attempts, i, ROBOT)
        already, paused = seen.already[i], _pause(seen.weeks_since_contact[i], limits)
        # dials made by others before are theirs to answer for
        counts[i, 0] = min(dials, max(0, dials + already - _DAYS * limits.day))
        counts[i, 1] = min(dials, max(0, dials + already - limits.week))
        counts[i, 2] = quiet
        counts[i, 3] = limits.third_party_barred and third_party[i] and human + visits > 0
        counts[i, 4] = visits if limits.visits_barred else 0
        counts[i, 5] = total if paused == _ALL_PAUSED else (dials if paused == _CALLS_PAUSED else 0)
        counts[i, 6] = visits if limits.visits_after_offer and not seen.offered[i] else 0
