"""Cases better left alone."""

from __future__ import annotations

from sim.collection.modules import Module, register_module


@register_module("leave_alone")
class LeaveAlone(Module):
    """A text alone where the effect of more, estimated against held-out cases, costs more than it brings."""

    spares = True
