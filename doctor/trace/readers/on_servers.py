"""The readers that tell of servers; imported only for scripts that may start one."""

from __future__ import annotations

from doctor.trace.readers import (
    caches,
    flags,
    inner_ports,
    launch,
    missing_gpus,
    ports,
    required,
    shared_caches,
    shared_gpus,
    sockets,
    unexported,
    variables,
)
from doctor.trace.readers.scene import Reader

READERS: tuple[tuple[str, Reader], ...] = (
    ("the releases", required.read),
    ("the servers", launch.read),
    ("the flags", flags.read),
    ("the variables", variables.read),
    ("the variables that are kept", unexported.read),
    ("the caches", caches.folders),
    ("the sockets", sockets.read),
    ("the shared caches", shared_caches.shared),
    ("the shared ports", ports.shared),
    ("the inner ports", inner_ports.shared),
    ("the shared GPUs", shared_gpus.shared),
    ("the missing GPUs", missing_gpus.read),
)
