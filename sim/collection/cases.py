"""What a collector may observe of the accounts placed with it, and the staff it has."""

from __future__ import annotations

from typing import NamedTuple

from sim.core.columns import F32, I16, I32, I64, U8, Bool


class Cases(NamedTuple):
    """Observable columns of the placed accounts, equally long; strategies only read them.

    Nothing latent is here: whether a borrower is able, willing, hiding or forgetful is known to the
    funnel alone. ``account`` is the row of the account in the model and its random slot, so a case's
    draws stay the same whichever other cases are placed.
    """

    account: I32
    #: Whole debt and the part that is past due, fen.
    balance: I64
    arrears: I64
    days_past_due: I16
    #: Number of a stage, see ``names.STAGES``.
    stage: U8
    product: U8
    lender: I16
    #: 0 young (under 40), 1 middle (40 to 59), 2 old.
    age_group: U8
    has_app: Bool
    #: 999: never.
    weeks_since_contact: I16
    #: Attempts on all channels since placement.
    attempts_made: I32
    broken_promises: U8
    promise_open: Bool
    on_plan: Bool
    dispute_open: Bool
    #: Score in 0..1 from lateness, history and utilisation: the chance of not paying.
    risk: F32
    weeks_since_payment: I16


class Capacity(NamedTuple):
    """What a collector's staff can do in a week."""

    dials: int
    visits: int
