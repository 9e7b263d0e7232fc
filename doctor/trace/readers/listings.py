"""Listings: which processes of a node a command finds, and the kills that are handed them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.facts.commands import FoundBy
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.options import read_options
from doctor.values.value import Origin, Text, Unknown, Value
from doctor.vllm.program import recognise

#: Programs that list processes, and those that choose among the lines of a list.
_LISTS = frozenset("pgrep pidof ps lsof fuser nvidia-smi".split())
_CHOOSES = frozenset("grep egrep fgrep awk gawk mawk sed".split())
#: Options of pgrep, pkill and killall that narrow the choice to what a script may call its own.
NARROW = frozenset(
    "-g -G -P -s -t -F -y --group --pgroup --parent --session --terminal --pidfile --younger-than "
    "--ns".split()
)
LONG = frozenset(name.lstrip("-") for name in NARROW if name.startswith("--")) | frozenset(
    "euid uid user signal delimiter".split()
)
#: Options of ps that name the processes.
_BY_NUMBER = frozenset("-p --pid -q --ppid -s --sid -g -t --tty".split())
_PORT = regex(r"(?:-\w*i)?(?:tcp)?:?(\d{2,5})(?:/tcp)?", re.IGNORECASE)
_GPU_DEVICE = regex(r"/dev/nvidia")
#: A test of awk or sed for a line: ``/vllm/``.
_LINE_TEST = regex(r"(?<!\\)/((?:[^/\\]|\\.)+)/")
#: ``[v]llm``, which finds the server and not the search itself.
_BRACKETED = regex(r"\[(\w)\]")


class Listing(Record):
    """What some processes of a node are found by.

    ``by`` is ``name``, ``port``, ``gpu`` or ``user``; ``what`` is the pattern, the number or the
    user. ``selective`` tells that it surely is of this job.
    """

    by: FoundBy
    what: Value
    program: str
    selective: bool = False

    @property
    def pattern(self) -> str:
        return plain(self.what.display)


def plain(pattern: str) -> str:
    """A pattern without the brackets that keep it from finding itself."""
    return _BRACKETED.sub(r"\1", pattern)


class Listings(Record):
    """The programs of a script that list processes, and those that choose among them."""

    programs: tuple[Invocation, ...]
    servers: tuple[Invocation, ...]

    @classmethod
    def of(cls, invocations: Sequence[Invocation]) -> Listings:
        return cls(
            tuple(each for each in invocations if each.program in _LISTS | _CHOOSES),
            tuple(each for each in invocations if recognise(each.arguments) is not None),
        )

    def handed_to(self, kill: Invocation) -> Iterator[Listing]:
        """The listings whose processes a ``kill`` ends."""
        for origin in dict.fromkeys(sources(kill)):
            inside = [each for each in self.programs if is_within(each.origin, origin)]
            for each in inside:
                if each.program in _LISTS:
                    yield from self.found_by(each, inside)

    def found_by(self, listing: Invocation, beside: Sequence[Invocation]) -> Iterator[Listing]:
        """What a program finds; ``beside`` are the programs that may choose among its lines."""
        words = listing.arguments[1:]
        match listing.program:
            case "pgrep" | "pidof":
                letters = "dFGgPstuUO" if listing.program == "pgrep" else "o"
                options, patterns = read_options(words, letters, LONG)
                narrowed = any(name in NARROW for name, _ in options)
                for pattern in patterns[:1] if listing.program == "pgrep" else patterns:
                    yield Listing("name", pattern, listing.program, narrowed)
            case "ps":
                narrowed = any(word.display.partition("=")[0] in _BY_NUMBER for word in words)
                for pattern in _chosen(beside):
                    yield Listing("name", pattern, "ps", narrowed)
            case "lsof" | "fuser":
                yield from self.holders(listing)
            case "nvidia-smi" if not any("--query-gpu" in word.display for word in words):
                yield Listing("gpu", listing.arguments[0], "nvidia-smi")

    def holders(self, listing: Invocation) -> Iterator[Listing]:
        """The processes that hold a port, or a GPU; a port is one's own once a server has it."""
        served = any(server.order < listing.order for server in self.servers)
        for word in listing.arguments[1:]:
            port = _PORT.fullmatch(word.text or "")
            if port is not None:
                yield Listing("port", word.slice(*port.span(1)), listing.program, served)
            elif _GPU_DEVICE.match(word.display):
                yield Listing("gpu", word, listing.program)


def sources(kill: Invocation) -> Iterator[Origin]:
    """Where the commands stand whose output a ``kill``, or an ``rm``, has for its arguments."""
    unknowns = [p for word in kill.arguments[1:] for p in word.pieces if isinstance(p, Unknown)]
    for piece in unknowns:
        if piece.origin is not None:
            yield piece.origin
    if kill.context.feed is not None and any(map(_is_read, unknowns)):
        yield kill.context.feed


def _is_read(piece: Unknown) -> bool:
    """Whether it is what ``xargs``, ``parallel`` or ``read`` took from its input."""
    return piece.name in ("…", "{}") or (piece.since > 0 and piece.name[1:].isidentifier())


def is_within(origin: Origin, around: Origin) -> bool:
    """Whether one stretch of a script lies in another."""
    same = origin.source is around.source
    return same and around.start <= origin.start and origin.end <= around.end


def _chosen(beside: Sequence[Invocation]) -> Iterator[Value]:
    """The patterns by which lines are kept, not those by which they are left out."""
    for each in beside:
        if each.program.endswith("grep"):
            options, patterns = read_options(each.arguments[1:], "eABCm", frozenset())
            given = [value for name, value in options if name == "-e" and value is not None]
            if not any(name in ("-v", "--invert-match") for name, _ in options):
                yield from (given or patterns)[:1]
        elif each.program in _CHOOSES:
            yield from _line_tests(each.arguments[1:])


def _line_tests(words: Sequence[Value]) -> Iterator[Value]:
    for word in words:
        for piece in word.pieces:
            found = _LINE_TEST.match(piece.text.lstrip()) if isinstance(piece, Text) else None
            if found is not None:
                yield Value((Text(found[1], piece.origin),), word.assumes)
