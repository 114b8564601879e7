"""The commands of the dashboard: open it, and make the results that it opens on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

#: The variable that ``--public`` sets, and its largest upload in MB.
SWITCH, UPLOAD_MB = "ARREARS_PUBLIC", 1
#: Seconds that the server has to end its work; a kept run is never lost by a kill.
GRACE = 5.0
gallery_app = typer.Typer(
    no_args_is_help=True, help="Results that the dashboard opens on: make them anew, or see which are stale."
)


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(dashboard)
    app.add_typer(gallery_app, name="gallery")


def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for a classroom.")
    ] = "localhost",
    public: Annotated[
        bool, typer.Option("--public", help="Caps for each visitor, for a shared server.")
    ] = False,
    lessons: Annotated[
        Path | None,
        typer.Option(help="Folder with lessons of your own (YAML).", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Open the dashboard: a web page on this machine, until Ctrl-C."""
    page = Path(__file__).with_name("app.py")
    # all other settings stand in .streamlit/config.toml beside the page
    flags = ["--server.port", str(port), "--server.address", address]
    if public:
        flags += ["--server.maxUploadSize", str(UPLOAD_MB)]
    # the packages stand beside this one, wherever the command is started
    paths = [str(page.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)} | ({SWITCH: "1"} if public else {})
    if lessons is not None:
        environment["ARREARS_LESSONS"] = str(lessons.resolve())
    # what visitors upload is gone with the server, however that ends
    with TemporaryDirectory(prefix="arrears-") as folder:
        words = [sys.executable, "-m", "streamlit", "run", str(page), *flags]
        code = _served(words, {**environment, "TMPDIR": folder})
    raise typer.Exit(code)


def _served(words: list[str], environment: dict[str, str]) -> int:
    """The exit code of the server; it is told to end when this command is."""
    server = subprocess.Popen(words, env=environment)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
    try:
        server.wait(GRACE)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        server.kill()
        server.wait()
    return 0


@gallery_app.command()
def build(
    runs: Annotated[
        int | None, typer.Option(min=2, max=100, help="In place of the declared runs: few for a quick look.")
    ] = None,
) -> None:
    """Run every entry of scenarios/gallery and keep its result; some minutes."""
    from dashboard import gallery

    for name in gallery.build(runs):
        typer.echo(name)


@gallery_app.command()
def check() -> None:
    """Tell which shipped results would come out differently now; exit code 1 if any."""
    from dashboard import gallery

    found = gallery.stale()
    for name in found:
        typer.echo(name)
    raise typer.Exit(1 if found else 0)
