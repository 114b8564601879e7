"""A check of each contact against the rules before it is made."""

from __future__ import annotations

from sim.collection.modules import Module, register_module


@register_module("compliance_guard")
class ComplianceGuard(Module):
    """Nobody breaks a rule of contact, under whatever pressure; every case worked costs a check."""

    checks_contacts = True
