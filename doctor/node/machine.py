"""The probes of the machine's name and of its clock."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import time
from collections.abc import Iterator

from doctor.base.numbers import whole_number
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.world import Clock, HostName
from doctor.node.patience import answers
from doctor.node.probe import Probe, Situation
from doctor.node.server_folders import nodes_of_job

#: Of struct timex on 64-bit Linux: its size, where its status is, and "not synchronised" in it.
_TIMEX_SIZE, _STATUS, _UNSYNCHRONISED = 208, 40, 0x40


def _name(situation: Situation) -> Iterator[HostName]:
    name = socket.gethostname()
    several = nodes_of_job(situation.environment) > 1
    told = answers({name: lambda: _addresses(name)})
    if name not in told:
        hangs = f"{name} can't be resolved: the name service does not answer"
        reasons = {"resolves": hangs, "loopback": hangs}
        yield HostName(host=name, several_nodes=several, reasons=reasons)
        return
    addresses = told[name]
    yield HostName(
        host=name,
        resolves=bool(addresses),
        loopback=bool(addresses) and all(address.is_loopback for address in addresses),
        several_nodes=several,
    )


def _addresses(name: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _clock(situation: Situation) -> Iterator[Clock]:
    start = whole_number(situation.environment.get("SLURM_JOB_START_TIME", ""))
    behind = max(0.0, start - time.time()) if start is not None else None
    yield Clock(
        synchronised=_synchronised(),
        behind=behind,
        reasons={"synchronised": "the kernel doesn't tell whether the clock is synchronised"},
    )


def _synchronised() -> bool | UnknownType:
    """Whether the kernel holds the clock for right: a daemon of NTP or the host keeps it so."""
    if ctypes.sizeof(ctypes.c_long) != 8:
        return UNKNOWN
    timex = ctypes.create_string_buffer(_TIMEX_SIZE)  # zeroes: nothing is to be changed
    try:
        state = ctypes.CDLL(None).adjtimex(timex)
    except (OSError, AttributeError):
        return UNKNOWN
    status = int.from_bytes(timex.raw[_STATUS : _STATUS + 4], "little")
    return UNKNOWN if state < 0 else not status & _UNSYNCHRONISED


PROBES = (
    Probe("host-name", (HostName,), _name),
    Probe("clock", (Clock,), _clock),
)
