"""The front door: the command ``arrears``, and the public names of ``import arrears``.

``import arrears`` and ``import sim`` give the same names. They are loaded when they are first used,
so that the command line answers at once.
"""

from __future__ import annotations

from typing import Any

#: Modules that mount commands of their own on the application.
ROOMS = ("calibration.commands", "dashboard.commands")


def main() -> None:
    """Run the command line and leave with its exit code."""
    from sim.cli.entry import main as entry

    raise SystemExit(entry(rooms=ROOMS))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'arrears' has no attribute {name!r}")
    import sim

    return getattr(sim, name)


def __dir__() -> list[str]:
    import sim

    return sorted({"main", *dir(sim)})


if __name__ == "__main__":
    main()
