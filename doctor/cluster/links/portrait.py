"""What a node tells of itself as a peer of others, in plain values that fit into JSON."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from doctor.node.folder import look
from doctor.node.patience import answers
from doctor.node.probe import Situation
from doctor.node.server_folders import wanted
from doctor.node.surroundings import installed

#: The folders that all nodes of a server read, by what they hold.
_SHARED = ("compiled-code", "models")
_VARIABLES = ("NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "VLLM_HOST_IP")


def portrait(peers: Sequence[str], situation: Situation) -> dict[str, Any]:
    """This node as the others should know it."""
    environment = situation.environment
    vllm, driver, python = installed(environment)
    return {
        "names": _names(peers),
        "interfaces": _interfaces(),
        "variables": {name: environment[name] for name in _VARIABLES if environment.get(name)},
        "vllm": vllm,
        "driver": driver,
        "python": python or f"{sys.version_info.major}.{sys.version_info.minor}",
        "folders": _folders(environment),
        "proxies": _proxies(peers),
    }


def _names(peers: Sequence[str]) -> dict[str, list[str] | None]:
    """The addresses of each peer's name, none if it has none; None if nobody answers."""
    found = answers({peer: partial(_addresses, peer) for peer in peers}, seconds=3.0)
    return {peer: found.get(peer) for peer in peers}


def _addresses(name: str) -> list[str]:
    try:
        told = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return []
    return sorted({str(each[4][0]) for each in told})


def _interfaces() -> dict[str, dict[str, Any]]:
    import psutil

    states = psutil.net_if_stats()
    return {
        name: {
            "up": name in states and states[name].isup,
            "addresses": [
                a.address.partition("%")[0]
                for a in addresses
                if a.family in (socket.AF_INET, socket.AF_INET6)
            ],
        }
        for name, addresses in psutil.net_if_addrs().items()
    }


def _folders(environment: Mapping[str, str]) -> dict[str, dict[str, Any] | None]:
    """Of each folder the file system that it lies on; None if it doesn't answer."""
    paths = [each.path for each in wanted(environment) if each.holds in _SHARED]
    seen = look(paths)
    sources = _sources()
    return {
        path: {
            "type": seen[path].mount.type,
            "network": seen[path].mount.on_network,
            "source": sources.get(seen[path].mount.point, ""),
        }
        if path in seen
        else None
        for path in paths
    }


def _sources() -> dict[str, str]:
    """What is mounted where: `nas:/home`."""
    lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    return {point: source for source, point, *_ in map(str.split, lines)}


def _proxies(peers: Sequence[str]) -> dict[str, list[str]]:
    """The peers that requests reach through a proxy, by the variable that names it."""
    from urllib.request import getproxies, proxy_bypass  # which on Linux ask the environment alone

    proxies = getproxies()
    return {
        f"{kind}_proxy": [peer for peer in peers if not proxy_bypass(peer)]
        for kind in ("http", "https")
        if kind in proxies
    }
