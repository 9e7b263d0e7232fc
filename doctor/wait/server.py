"""A server that was started, looked at: is it ready, does it live, what does its log say?"""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from typing import Literal

import psutil

from doctor.base.record import Record
from doctor.log.examine import Examined, told
from doctor.log.follow import Growing
from doctor.log.signature import Signature
from doctor.wait.owner import Owner, owner
from doctor.wait.progress import Progress, progress

#: How long one question to a server may take, in seconds.
_PATIENCE = 5.0
#: A log that tells of a fault and then nothing for so long is that of a server that has ended.
_QUIET = 20.0


class Server(Record):
    """Where a server will answer, the process that was started, and its log."""

    port: int
    host: str = "127.0.0.1"
    pid: int | None = None
    log: str | None = None


class Sight(Record):
    """What was seen of a server; ``words`` say why it is not ready, or who else answers."""

    state: Literal["ready", "waiting", "dead"]
    words: str = ""
    progress: Progress = Progress()


class Watch:
    """Looks at one server again and again."""

    def __init__(self, server: Server, signatures: Sequence[Signature]) -> None:
        self.server = server
        self._log = Growing(server.log, signatures) if server.log else None
        self._grew = time.monotonic()
        self._process = _process(server.pid)

    def look(self) -> Sight:
        """What can be seen of the server now."""
        if self._log is not None and self._log.read():
            self._grew = time.monotonic()
        if self.server.pid is not None and not self._lives():
            return Sight("dead", f"the process {self.server.pid} has ended")
        if self.server.pid is None and self._has_failed():
            return Sight("dead", "its log tells that it has failed")
        where = progress(self._log.tail) if self._log else Progress()
        if not answers(self.server.host, self.server.port):
            return Sight("waiting", "", where)
        seen = self._owner()
        if seen.whose == "stranger":
            return Sight("waiting", f"{seen.words} answers there, not this server", where)
        if seen.whose == "shared":
            return Sight("dead", f"{seen.words} listens there too: either may get a request")
        return Sight("ready")

    def last_words(self, release: str | None) -> Examined | None:
        """What the log tells of the last server that wrote it; None without a log."""
        if self._log is None:
            return None
        self._log.read(to_the_end=True)
        account = self._log.account
        return told(self._log.path, account, release, account.last_run)

    def _lives(self) -> bool:
        try:
            process = self._process
            return bool(
                process and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False

    def _has_failed(self) -> bool:
        found = self.last_words(None)
        if found is None or found.verdict.healthy:
            return False
        quiet = time.monotonic() - self._grew > _QUIET
        return bool(found.verdict.wrappers) or quiet

    def _owner(self) -> Owner:
        if self._process is None or self.server.host not in ("127.0.0.1", "localhost", "::1"):
            return Owner("nobody")
        return owner(self.server.port, self._process)


def answers(host: str, port: int) -> bool:
    """Whether a server answers /health with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return None if pid is None else psutil.Process(pid)
    except psutil.Error:
        return None
