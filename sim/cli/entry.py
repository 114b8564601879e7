"""Start and end of the command line: exit codes, interruptions, messages on standard error.

0 done; 1 a fault of the program; 2 the input is wrong; 3 stopped half-way.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

_MOUNTED: set[str] = set()
DONE, OUR_FAULT, BAD_INPUT, STOPPED = range(4)


def main(arguments: Sequence[str] | None = None, rooms: Sequence[str] = ()) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments:
        Words after the command's name; none: those of this process.
    rooms:
        Modules of higher floors whose ``mount(app)`` adds commands.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run(arguments, rooms)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # the reader, such as head, has seen enough; nothing more can be written, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    finally:
        signal.signal(signal.SIGTERM, before)


def mount(app: object, room: str) -> None:
    """Add a room's commands, once for each process."""
    if room not in _MOUNTED:
        import_module(room).mount(app)
        _MOUNTED.add(room)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A request to end is handled as Ctrl-C is, so that finished runs are kept."""
    raise KeyboardInterrupt


def _run(arguments: Sequence[str] | None, rooms: Sequence[str]) -> int:
    try:
        import typer
        from typer.exceptions import TyperException

        from sim.cli.app import app
        from sim.cli.options import GIVEN
        from sim.core.errors import SpecError, StoppedError

        for room in rooms:
            mount(app, room)
    except KeyboardInterrupt:
        return _say("stopped", STOPPED)
    words = list(sys.argv[1:] if arguments is None else arguments)
    GIVEN.set(tuple(words))
    try:
        result = app(words, prog_name="arrears", standalone_mode=False)
        return result if isinstance(result, int) else DONE
    except SpecError as error:
        return _say(str(error), BAD_INPUT)
    except StoppedError as error:
        return _say(_with_resume(str(error), words), STOPPED)
    except (KeyboardInterrupt, typer.Abort):
        return _say("stopped before anything was finished", STOPPED)
    except SystemExit:
        raise BrokenPipeError from None  # the only thing the command library still exits for here
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, TyperException) or hasattr(error, "format_message"):
            return _say(_option_message(error), BAD_INPUT)
        return _our_fault(error)


def _say(message: str, code: int) -> int:
    print(f"arrears: {' '.join(message.split())}", file=sys.stderr)
    return code


def _with_resume(message: str, words: list[str]) -> str:
    if "nothing" in message and "--out" not in words and words[:1] == ["compare"]:
        return f"{message.partition(';')[0]}; nothing was kept: with --out DIR the same command would go on"
    return message


def _option_message(error: Exception) -> str:
    """The message about a wrong option, with the command that explains the right ones."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "arrears"
    return f"{str(text).rstrip('.')}; see '{path} --help'"


def _our_fault(error: Exception) -> int:
    if os.environ.get("ARREARS_DEBUG"):
        import traceback

        traceback.print_exception(error)
        return OUR_FAULT
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _say(
        f"this is a fault of the program, not of your input ({what[:300]}); please report it with the output "
        "of the same command under ARREARS_DEBUG=1",
        OUR_FAULT,
    )
