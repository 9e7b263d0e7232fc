"""Programs that some rule speaks of: what ends processes by name, what reads a tmux pane."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from doctor.base.regex import regex
from doctor.facts.base import Evidence, Fact
from doctor.facts.commands import NamedKill, PaneCapture
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.options import read_options
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.listings import LONG, NARROW, Listing, Listings
from doctor.trace.readers.scene import Scene
from doctor.values.value import UnknownType, Value

#: Options of pkill and killall that take a value.
_VALUES = "gGPrstuUuFoyzn"
_OF_A_USER = frozenset({"-u", "-U", "--euid", "--uid", "--user"})
_SIGNAL = regex(r"-(\d+|[A-Z][A-Z0-9]+)")
#: How ``kill`` only asks whether a process is there, and how ``fuser`` kills.
_ASKS = ("-0", "-l", "-L")
_KILLS = regex(r"-\w*k\w*|--kill")
_OF_ONE_SERVER = regex(r"port|\d{4}|/|[-.]yaml")


def read(scene: Scene) -> Iterator[Fact]:
    """What ends processes that others may own, and what only captures a window's last lines."""
    listings = Listings.of(scene.invocations)
    for each in scene.invocations:
        find = partial(_of_one, each, scene.node_shared, listings)
        yield from scene.spared("what is killed", find)


def _of_one(
    invocation: Invocation, shared: bool | UnknownType, listings: Listings
) -> Iterator[Fact]:
    """The facts about one program; ``shared``: whether other jobs may run on its node."""
    program = invocation.arguments[0].display.rpartition("/")[2]
    if program == "tmux":
        yield from _pane(invocation)
    container = invocation.context.container
    if container is not None and is_a(container.engine, Trait.DAEMON):
        return
    if program in ("pkill", "killall"):
        yield from _by_name(invocation, program, shared)
    elif program == "kill" and not any(word.text in _ASKS for word in invocation.arguments):
        found = listings.handed_to(invocation)
        yield from (_fact(invocation, each, shared) for each in found)
    elif program == "fuser" and any(_KILLS.fullmatch(w.display) for w in invocation.arguments[1:]):
        found = listings.holders(invocation)
        yield from (_fact(invocation, each, shared) for each in found)
    elif program == "ray" and invocation.arguments[1:2] and invocation.arguments[1].text == "stop":
        listing = Listing("ray", invocation.arguments[1], "ray stop")
        yield _fact(invocation, listing, shared)


def _by_name(
    invocation: Invocation, program: str, shared: bool | UnknownType
) -> Iterator[NamedKill]:
    words = [w for w in invocation.arguments[1:] if not _SIGNAL.fullmatch(w.display)]
    letters = _VALUES if program == "pkill" else "sunyoZ"
    options, patterns = read_options(words, letters, LONG)
    patterns = [word for word in patterns if not word.display.startswith("-")]
    narrowed = any(name in NARROW for name, _ in options)
    if not patterns:
        users = [value for name, value in options if name in _OF_A_USER and value is not None]
        for user in users[:1]:
            yield _fact(invocation, Listing("user", user, program, narrowed), shared)
    for pattern in patterns if program == "killall" else patterns[:1]:
        yield _fact(invocation, Listing("name", pattern, program, narrowed), shared)


def _fact(invocation: Invocation, listing: Listing, shared: bool | UnknownType) -> NamedKill:
    of_one = listing.by == "name" and _is_of_one_server(listing.what)
    return NamedKill(
        location=invocation.origin.location,
        evidence={"pattern": _evidence(listing.what)},
        program=listing.program,
        by=listing.by,
        pattern=listing.pattern,
        selective=listing.selective or of_one,
        node_shared=shared,
    )


def _is_of_one_server(pattern: Value) -> bool:
    return pattern.text is None or _OF_ONE_SERVER.search(pattern.text) is not None


def _pane(invocation: Invocation) -> Iterator[PaneCapture]:
    words = invocation.arguments[1:]
    if not words or words[0].text not in ("capture-pane", "capturep"):
        return
    options, _ = read_options(words[1:], "bEStN", frozenset())
    names = {name for name, _ in options}
    yield PaneCapture(
        location=invocation.origin.location,
        evidence={"prints": _evidence(words[0])},
        prints="-p" in names,
        history="-S" in names or any(word.many for word in words),
    )


def _evidence(value: Value) -> Evidence:
    return Evidence((value.location,), value.assumes) if value.location else Evidence()
