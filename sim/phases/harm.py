"""What a week of collection does to people: attempts felt, numbers blocked, homes left, trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sim.collection import Latent, Outcome, Treatment
from sim.collection.names import APP, FIELD, HUMAN, MESSENGER, TONES, VIOLATION_KINDS
from sim.core.columns import F32, I32, U8, Bool
from sim.core.kernel import kernel, kernel_step
from sim.core.rng import uniforms

if TYPE_CHECKING:
    from sim.phases.state import State

_GENTLE, _HARD = TONES.index("gentle"), TONES.index("hard")
_QUIET = VIOLATION_KINDS.index("quiet_hours")
#: Bits of ``borrowers.blocked``.
PHONE: Final = 1
DIGITAL: Final = 2
#: Counts of one byte stop here.
MOST: Final = 250
_MOST_COMPLAINTS = 65_535


class Reach(NamedTuple):
    """Reach of each case's borrower before a week's attempts."""

    phone: F32
    digital: F32


class _Numbers(NamedTuple):
    """Numbers of the world; ``moving`` is 0 where the way is closed."""

    moving: float
    trust_gain: float
    trust_loss: float


class Contacts(NamedTuple):
    """What of a treatment borrowers feel."""

    attempts: U8
    tone: U8
    offer_plan: Bool
    offer_proof: Bool
    third_party: Bool


@kernel_step
def _good(case, made, outcome):  # type: ignore[no-untyped-def]
    """Whether a contact raises trust: a gentle one, or self-service with an offer.

    Self-service is app or messenger, as the most persuasive channel of contact, with an instalment plan
    or the upload of proof offered (assumption: this is what builds trust). The planned tone counts, also
    where a robot adapts it to what it hears (assumption).
    """
    service = outcome.channel[case] == APP or outcome.channel[case] == MESSENGER
    service = service and (made.offer_plan[case] or made.offer_proof[case])
    return outcome.contacts[case] > 0 and (service or made.tone[case] == _GENTLE)


@kernel_step
def _bad(case, made, violations, outcome):  # type: ignore[no-untyped-def]
    """Events (0 to 3) that cost trust: a hard contact, a third party, broken quiet hours."""
    events = np.uint8(outcome.contacts[case] > 0 and made.tone[case] == _HARD)
    by_person = False
    for part in range(made.attempts.shape[2]):
        by_person |= made.attempts[case, HUMAN, part] > 0 or made.attempts[case, FIELD, part] > 0
    events += made.third_party[case] and by_person
    events += violations[case, _QUIET] > 0
    return np.uint8(events)


@kernel
def _feel(b, k, borrower, made, violations, outcome, before, n, keys, week, draw, counts):  # type: ignore[no-untyped-def]
    """Counters, blocks, moves and trust of the borrowers of accounts ``k``.

    Reach is the chance that a number still leads to the borrower, so the part of it that attempts cost
    is the chance that the borrower has blocked it. ``counts``: numbers blocked, moves.
    """
    for case in range(k.shape[0]):
        i = borrower[k[case]]
        attempts = outcome.attempts[case]
        b.attempts_felt[i] += attempts
        b.collection_cost[i] += outcome.cost[case]
        if outcome.complaint[case]:
            b.complaints[i] = min(b.complaints[i] + 1, _MOST_COMPLAINTS)
        if attempts > 0:
            u_phone, u_digital, _, _ = uniforms(keys[0], week, i, draw)
            for bit, u, old, new in (
                (PHONE, u_phone, before.phone[case], b.phone_reach[i]),
                (DIGITAL, u_digital, before.digital[case], b.digital_reach[i]),
            ):
                if new < old and not b.blocked[i] & bit and u < 1.0 - new / old:
                    b.blocked[i] |= bit
                    b.blocks[i] = min(b.blocks[i] + 1, MOST)
                    counts[0] += 1
            hazard = n.moving * b.stress[i] * attempts
            if hazard > 0.0 and uniforms(keys[1], week, k[case], 0)[0] < -np.expm1(-hazard):
                counts[1] += not b.hiding[i]
                b.moved[i] = min(b.moved[i] + (not b.hiding[i]), MOST)
                b.hiding[i] = True
        b.trust[i] += n.trust_gain * np.uint8(_good(case, made, outcome)) * (1.0 - b.trust[i])
        b.trust[i] *= (1.0 - n.trust_loss) ** _bad(case, made, violations, outcome)


def feel(
    state: State, number: int, k: I32, before: Latent, made: Treatment, violations: I32, outcome: Outcome
) -> tuple[int, int]:
    """What one collector's week did to the borrowers of accounts ``k``, after their reach was written.

    Parameters
    ----------
    number, k:
        The collector, and the rows of its accounts.
    before:
        The borrowers before the week, whose reach it wore down.
    made, violations:
        The treatment as it was carried out, and its violations by case and kind.

    Returns
    -------
    tuple of int
        Numbers blocked; borrowers who moved or changed their number under pressure.
    """
    h = state.world.households
    moving = h.moving.value if state.spec.harm.pressure_to_moving else 0.0
    numbers = _Numbers(moving, h.trust_gain.value, h.trust_loss.value)
    keys = np.array([state.key("harm.blocks"), state.key("harm.moving")])
    counts = np.zeros(2, np.int64)
    contacts = Contacts(*(np.ascontiguousarray(getattr(made, name)) for name in Contacts._fields))
    reach = Reach(before.phone_reach, before.digital_reach)
    _feel(
        state.borrowers, k, state.accounts.borrower, contacts, violations, outcome, reach, numbers, keys,
        state.clock, number, counts,
    )  # fmt: skip
    return int(counts[0]), int(counts[1])
