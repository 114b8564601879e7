"""Options that several commands of this room share, beside :mod:`sim.cli.options`."""

from __future__ import annotations

from typing import Annotated

import typer

Keep = Annotated[bool, typer.Option("--keep", help="Replace the result that ships and that pages show.")]
