"""A debt record that lender, collector and borrower share and nobody can change unseen."""

from __future__ import annotations

from sim.collection.modules import Module, register_module


@register_module("shared_ledger")
class SharedLedger(Module):
    """Disputes about facts (amount, payment, identity) end at once, others remain; each record costs."""

    shared_record = True
