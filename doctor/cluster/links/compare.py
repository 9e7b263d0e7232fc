"""Facts about what lies between nodes, from their reports on themselves and each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Literal, TypeVar, cast

from doctor.base.unknown import UNKNOWN
from doctor.facts.node.base import NodeFact
from doctor.facts.node.links import (
    LINK_FACTS,
    PeerConnection,
    PeerDifference,
    PeerInterface,
    PeerName,
    PeerProxy,
)
from doctor.node.probe import Gap
from doctor.slurm.hostlist import fold

Portraits = Mapping[str, Mapping[str, Any]]
_Key = TypeVar("_Key", bound=Hashable)

#: How far clocks may be apart, in seconds.
_APART = 1.0


def compare(portraits: Portraits, silent: Mapping[str, str]) -> Iterator[NodeFact | Gap]:
    """The facts; ``silent`` are the nodes that reported nothing, and why."""
    yield from _names(portraits)
    yield from _interfaces(portraits)
    yield from _connections(portraits)
    yield from _differences(portraits)
    yield from _proxies(portraits)
    for node, why in silent.items():
        yield from (Gap(kind, f"{node}: {why}") for kind in LINK_FACTS)


def _grouped(items: Iterable[tuple[_Key, str]]) -> Iterator[tuple[_Key, str]]:
    """Each key once, with the names that have it, folded."""
    names: dict[_Key, set[str]] = {}
    for key, name in items:
        names.setdefault(key, set()).add(name)
    yield from ((key, fold(named)) for key, named in names.items())


# --- names ---------------------------------------------------------------------------------------


def _names(portraits: Portraits) -> Iterator[PeerName]:
    looked_up = (
        ((_resolves(addresses), _loops(node, peer, addresses), peer), node)
        for node, told in portraits.items()
        for peer, addresses in told["names"].items()
    )
    by_peer = (((*key[:2], at), key[2]) for key, at in _grouped(looked_up))
    for (resolves, loopback, at), peers in _grouped(by_peer):
        yield PeerName(
            at=at,
            peer=peers,
            resolves=UNKNOWN if resolves is None else resolves,
            loopback=UNKNOWN if resolves is None else loopback,
            reasons=dict.fromkeys(("resolves", "loopback"), "the resolver doesn't answer"),
        )


def _resolves(addresses: list[str] | None) -> bool | None:
    return None if addresses is None else bool(addresses)


def _loops(node: str, peer: str, addresses: list[str] | None) -> bool:
    """Whether another node's name leads back to who looks it up."""
    loops = all(ip_address(each.partition("%")[0]).is_loopback for each in addresses or ())
    return bool(addresses) and loops and node != peer


# --- interfaces ----------------------------------------------------------------------------------


def _interfaces(portraits: Portraits) -> Iterator[PeerInterface | Gap]:
    chosen = [
        ((variable, value, _chosen(variable, value, told["interfaces"])), node)
        for node, told in portraits.items()
        for variable, value in told["variables"].items()
    ]
    if not chosen:
        reason = "no variable chooses the interfaces"
        yield Gap(PeerInterface, reason, applies=False)
    every = {v: {key[2] for key, _ in chosen if key[0] == v} for v in {key[0] for key, _ in chosen}}
    for (variable, value, names), at in _grouped(chosen):
        yield PeerInterface(
            at=at,
            variable=variable,
            value=value,
            fits=bool(names),
            chosen=", ".join(names) or "nothing",
            differs=len(every[variable]) > 1,
        )


def _chosen(variable: str, value: str, interfaces: Mapping[str, Any]) -> tuple[str, ...]:
    """The interfaces that are up and that the value chooses."""
    matches: Callable[[str], bool]
    words = tuple(word for word in value.lstrip("^=").split(",") if word)
    if variable == "VLLM_HOST_IP":
        matches = lambda name: value in interfaces[name]["addresses"]  # noqa: E731
    elif variable == "GLOO_SOCKET_IFNAME" or value.startswith("="):
        matches = lambda name: name in words  # noqa: E731
    elif value.startswith("^"):
        matches = lambda name: not name.startswith(words) and name != "lo"  # noqa: E731
    else:
        matches = lambda name: name.startswith(words)  # noqa: E731
    return tuple(sorted(name for name in interfaces if interfaces[name]["up"] and matches(name)))


# --- connections ---------------------------------------------------------------------------------


def _connections(portraits: Portraits) -> Iterator[PeerConnection]:
    tried = [
        ((node, peer, problem), port)
        for node, told in portraits.items()
        for peer, ports in told["connections"].items()
        for port, problem in ports.items()
        if not (problem and int(port) in portraits.get(peer, {}).get("taken", ()))
    ]
    ports: dict[tuple[str, str, str], list[str]] = {}
    for key, port in tried:
        ports.setdefault(key, []).append(port)
    from_nodes = (
        ((peer, problem, ", ".join(found)), node) for (node, peer, problem), found in ports.items()
    )
    to_peers = (((key[1], key[2], at), key[0]) for key, at in _grouped(from_nodes))
    for (problem, named, at), peers in _grouped(to_peers):
        yield PeerConnection(at=at, peer=peers, ports=named, works=not problem, problem=problem)


# --- what should be the same ---------------------------------------------------------------------

_Aspect = Literal["driver", "vllm", "python", "clock", "file-system"]
_WORDS: Mapping[_Aspect, str] = {"driver": "the driver", "vllm": "vLLM", "python": "Python"}


def _differences(portraits: Portraits) -> Iterator[PeerDifference]:
    for aspect, what in _WORDS.items():
        told = {node: each[aspect] for node, each in portraits.items()}
        if any(told.values()):
            yield _difference(aspect, what, {n: v or "none" for n, v in told.items()})
    clocks = {n: c for n, each in portraits.items() if (c := each["clock"]) is not None}
    off = {node: f"{-clock:+.1f} s" for node, clock in clocks.items() if abs(clock) > _APART}
    yield PeerDifference(
        aspect="clock",
        what="the clock, against the first node's",
        differs=bool(off),
        values=_values(off),
    )
    for path in sorted({path for each in portraits.values() for path in each["folders"]}):
        yield _folder(path, {n: each["folders"].get(path) for n, each in portraits.items()})


def _folder(path: str, lies: Mapping[str, Mapping[str, Any] | None]) -> PeerDifference:
    """Whether a folder is one and the same everywhere: of local disks, each is another."""
    what = f"the file system of {path}"
    if None in lies.values():
        missing = fold(node for node, each in lies.items() if each is None)
        return PeerDifference(
            aspect="file-system",
            what=what,
            differs=UNKNOWN,
            reasons={"differs": f"on {missing} it doesn't answer, or is another folder"},
        )
    shared = {n: cast("Mapping[str, Any]", each) for n, each in lies.items()}
    words = {
        n: f"{each['type']} {each['source']}" if each["network"] is not False else "its own disk"
        for n, each in shared.items()
    }
    return _difference("file-system", what, words)


def _difference(aspect: _Aspect, what: str, values: Mapping[str, str]) -> PeerDifference:
    differs = len(set(values.values())) > 1
    return PeerDifference(aspect=aspect, what=what, differs=differs, values=_values(values))


def _values(values: Mapping[str, str]) -> str:
    return "; ".join(
        f"{at}: {value}" for value, at in _grouped((v, node) for node, v in values.items())
    )


def _proxies(portraits: Portraits) -> Iterator[PeerProxy]:
    found = (
        ((variable, fold(hosts)), node)
        for node, told in portraits.items()
        for variable, hosts in told["proxies"].items()
        if hosts
    )
    facts = [
        PeerProxy(at=at, variable=variable, hosts=hosts)
        for (variable, hosts), at in _grouped(found)
    ]
    yield from facts or [PeerProxy(at=fold(portraits), variable=None)]
