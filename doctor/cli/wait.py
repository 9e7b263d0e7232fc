"""The command that waits for servers."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import completion, terminal
from doctor.cli.options import site_options
from doctor.cli.site import site_config

if TYPE_CHECKING:
    from doctor.config import Config
    from doctor.wait.server import Server, Sight, Watch

#: How long to wait between two looks, in seconds.
_INTERVAL = 0.5
#: How often something is said where no terminal shows the progress, in seconds.
_SPARSE = 60.0
_KILLED = (
    "A process that is killed says nothing: its memory may have run out, or somebody ended it. "
    "In a job, `sacct -j JOB -o JobID,State,ExitCode,MaxRSS` tells."
)


@click.command()
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65535),
    multiple=True,
    required=True,
    metavar="PORT",
    help="Where the server will answer; several times for several servers.",
)
@click.option(
    "--pid",
    "pids",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="PID",
    help="The process that was started; one for each port, or none.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="The server's log; one for each port, or none.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="HOST",
    help="The machine that the servers run on.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait at most.",
)
@site_options
def wait(
    ports: tuple[int, ...],
    pids: tuple[int, ...],
    logs: tuple[str, ...],
    host: str,
    timeout: float,
    **site: Any,
) -> int:  # fmt: skip
    """Wait until a server answers, or has died.

    The exit code is 0 as soon as all servers answer /health; that it is the server which was
    started, and not a stranger's on the same port, is looked at where --pid tells. It is 1 at once
    when one has died, with the cause from its log, and when the time is over.
    """
    from doctor.log.signatures import load
    from doctor.wait.server import Server, Watch

    for name, given in (("--pid", pids), ("--log", logs)):
        if given and len(given) != len(ports):
            raise click.UsageError(f"{len(ports)} ports need as many of {name}, or none")
    config = site_config(**site)
    signatures = load(config.kb)
    servers = [
        Server(port, host, pids[at] if pids else None, logs[at] if logs else None)
        for at, port in enumerate(ports)
    ]
    return _wait([Watch(server, signatures) for server in servers], timeout, config)


def _wait(watches: Sequence[Watch], timeout: float, config: Config) -> int:
    """Look at one server after the other until all are ready or one is not to come."""
    started = time.monotonic()
    said = _Said(started)
    waiting = list(watches)
    while True:
        for watch in list(waiting):
            sight = watch.look()
            if sight.state == "dead":
                said.end()
                return _tell_death(watch, sight, config)
            if sight.state == "ready":
                waiting.remove(watch)
                said.line(watch.server, "is ready")
            else:
                said.progress(watch.server, sight)
        if not waiting:
            return 0
        if time.monotonic() - started > timeout:
            said.end()
            for watch in waiting:
                said.line(watch.server, f"did not answer within {timeout:g} s")
            return 1
        time.sleep(_INTERVAL)


def _tell_death(watch: Watch, sight: Sight, config: Config) -> int:
    """Say that a server has died, and the cause from its log."""
    from doctor.report import Report, render

    found = watch.last_words(config.vllm_version)
    terminal.tell([f"vllm-doctor: port {watch.server.port}: {sight.words}."])
    if found is None:
        terminal.tell(["Its log may tell why: give it with --log."])
        return 1
    if not found.diagnostics:
        terminal.tell([f"{watch.server.log} does not tell why. {_KILLED}"])
        return 1
    report = Report(
        found.diagnostics,
        {found.source.filename: found.source},
        1,
        colour=terminal.colour(),
        width=terminal.width(),
        noun="log",
    )
    terminal.write(render(report, "text"), styled=True)
    return 1


class _Said:
    """What is said while we wait: one line that changes on a terminal, else few lines."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._last: dict[int, tuple[str, float]] = {}
        self._open = False

    def progress(self, server: Server, sight: Sight) -> None:
        """Say how far a server is, if that is news."""
        now = time.monotonic()
        words = sight.words or sight.progress.words
        if self._terminal:
            text = f"port {server.port}: {words} ({now - self._started:.0f} s)"
            print(f"\r\x1b[K{text[: terminal.width() - 1]}", end="", file=sys.stderr, flush=True)
            self._open = True
            return
        phase = sight.words or sight.progress.phase
        known, when = self._last.get(server.port, ("", 0.0))
        if phase != known or now - when > _SPARSE:
            self._last[server.port] = (phase, now)
            self.line(server, words)

    def line(self, server: Server, words: str) -> None:
        """Say something that stays."""
        self.end()
        seconds = time.monotonic() - self._started
        terminal.tell([f"vllm-doctor: port {server.port} {words} ({seconds:.0f} s)"])

    def end(self) -> None:
        """End the line that changes."""
        if self._open:
            print(file=sys.stderr, flush=True)
            self._open = False
