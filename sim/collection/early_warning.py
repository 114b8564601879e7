"""Early warning: predict who will miss the next due date, and act before."""

from __future__ import annotations

from sim.collection.modules import Module, register_module


@register_module("early_warning")
class EarlyWarning(Module):
    """Predictions from own, bureau and wallet data steer new credit and reminders before the due date."""

    warns = True
    before_due = True
    sources = ("bureau", "wallet")
