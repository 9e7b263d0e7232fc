"""Nodes that meet: each listens on ports, and the first and the others connect to each other.

A connection says who it is and asks for the time, so that clocks are compared by the way.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

#: Ray's head, torch's rendezvous, vLLM's master for several nodes, its data parallel processes.
PORTS = (6379, 29500, 29501, 29550)
#: How long one connection may take, and how long before a refused one is tried again.
_CONNECTING, _AGAIN = 1.5, 0.1
_LATE = "no answer: dropped on the way, or nobody has come to listen"


def chosen_port(job: str) -> int:
    """A high port that all nodes of a job agree on, as NCCL and Gloo take them."""
    return 33000 + (int(job) if job.isdecimal() else 0) % 20000


@dataclass
class Meeting:
    """What this node finds out while it meets the others.

    ``problems`` are, of each peer and port, why no connection came about; empty if one did.
    ``taken`` are the ports on which somebody else listens here.
    """

    node: str
    problems: dict[str, dict[str, str]] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)
    clock: float | None = None
    _visitors: set[str] = field(default_factory=set)

    def hold(
        self,
        peers: Mapping[str, str],
        visitors: Sequence[str],
        ports: Sequence[int],
        seconds: float,
    ) -> dict[str, Any]:
        """Meet until all have met, or for so many seconds; ``peers`` are names and addresses."""
        deadline = time.monotonic() + seconds
        self._listen(ports, deadline)
        threads = [
            threading.Thread(target=self._visit, args=(peer, address, port, deadline), daemon=True)
            for peer, address in peers.items()
            for port in ports
        ]
        for peer in peers:
            self.problems[peer] = {str(port): _LATE for port in ports}
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        while not self._visitors.issuperset(visitors) and time.monotonic() < deadline:
            time.sleep(0.05)
        return {"connections": self.problems, "taken": sorted(self.taken), "clock": self.clock}

    def _listen(self, ports: Sequence[int], deadline: float) -> None:
        for port in ports:
            try:
                server = socket.create_server(("", port), backlog=256)
            except OSError:
                self.taken.append(port)
                continue
            threading.Thread(target=self._welcome, args=(server, deadline), daemon=True).start()

    def _welcome(self, server: socket.socket, deadline: float) -> None:
        while time.monotonic() < deadline:
            with suppress(OSError), server.accept()[0] as connection:
                connection.settimeout(_CONNECTING)
                self._visitors.add(connection.recv(256).decode(errors="replace").strip())
                connection.sendall(f"{time.time()}\n".encode())

    def _visit(self, peer: str, address: str, port: int, deadline: float) -> None:
        while time.monotonic() < deadline:
            try:
                self._greet(address, port)
            except OSError as error:
                timeout = isinstance(error, TimeoutError)
                self.problems[peer][str(port)] = _LATE if timeout else str(error.strerror or error)
                time.sleep(_AGAIN)
            else:
                self.problems[peer][str(port)] = ""
                return

    def _greet(self, address: str, port: int) -> None:
        with socket.create_connection((address, port), _CONNECTING) as connection:
            before = time.time()
            connection.sendall(f"{self.node}\n".encode())
            told = connection.recv(256).decode(errors="replace")
            after = time.time()
        with suppress(ValueError):  # it is somebody else who listens there
            self.clock = float(told) - (before + after) / 2
