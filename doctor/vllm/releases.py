"""The candidate releases of a server: those that could run it.

What is pinned comes first; then everything on the line that only some releases accept is a
claim, and cuts the set. When one thing is judged, its own claim is left out of the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.arguments import Flag
from doctor.vllm.rows import Row, release_key
from doctor.vllm.server import Server
from doctor.vllm.tables import Tables

#: ``>=0.40`` and its like: the release from which on a specifier admits any.
_BOUND = regex(r"(?:>=?|~=|==)\s*([\d.]+)")


#: What keeps a specifier from admitting whatever comes.
_BOUNDED = regex(r"(?:^|,)\s*(?:==|~=|<)")


class Pin(Record):
    """The releases that something outside the line allows: an install, an image, a module.

    ``exact`` is the one release that it names, even if the tables don't know that one; ``beyond``
    the release that it names or begins with, where that is newer than all that the tables know.
    """

    words: str
    releases: int
    exact: str | None = None
    beyond: str | None = None


class Claim(Record):
    """One thing on the line, in words, and the releases that accept it.

    It is a ``flag``, or the ``attribute`` of the server that makes the claim.
    """

    words: str
    releases: int
    value: Value | None = None
    flag: Flag | None = None
    attribute: str = ""


class Candidates(Record):
    """The releases that could run a server, and why."""

    tables: Tables
    claims: tuple[Claim, ...] = ()
    pin: Pin | None = None

    @cached_property
    def strict(self) -> int:
        """The releases that everything allows; empty if something excludes something else."""
        return self.without(None)

    @cached_property
    def likely(self) -> int:
        """The releases to go by: the strict set, or what remains without the odd one out.

        A pin outranks what the line suggests. Where two things on the line exclude each other
        nothing is known, and every release remains.
        """
        if self.strict:
            return self.strict
        if self.pin:
            return self._base
        return self.without(self.odd_one) if self.odd_one else self.tables.every

    @property
    def _base(self) -> int:
        return self.pin.releases if self.pin else self.tables.every

    def without(self, claim: Claim | None) -> int:
        """The releases that all the evidence but one claim allows."""
        left = self._base
        for other in self.claims:
            if other is not claim:
                left &= other.releases
        return left

    @property
    def releases(self) -> tuple[str, ...]:
        """The candidates by their names, the oldest first."""
        return self.named(self.likely)

    def named(self, releases: int) -> tuple[str, ...]:
        """A set by names; the pinned release is named as it was written."""
        if releases and self.pin and self.pin.exact:
            return (self.pin.exact,)
        return self.tables.names(releases)

    @property
    def words(self) -> str:
        """The candidates as a person says them; ``no release`` if the line can't run."""
        if self.strict and self.pin and self.pin.exact:
            return f"vLLM {self.pin.exact}"
        return in_words(self.strict, self.tables)

    @property
    def complete(self) -> bool:
        """Whether what the tables don't name isn't there: not so in a release newer than all."""
        return not (self.pin and self.pin.beyond)

    @cached_property
    def odd_one(self) -> Claim | None:
        """The one claim without which some release could run the line."""
        if self.strict or self.pin:
            return None
        culprits = [claim for claim in self.claims if self.without(claim)]
        return culprits[0] if len(culprits) == 1 else None

    @cached_property
    def conflict(self) -> tuple[Claim, ...]:
        """The fewest claims that exclude one another.

        There are none where the pinned release refuses a single claim: that one is then to be
        judged by itself. Elsewhere ``odd_one`` tells whether one of them is to blame.
        """
        if self.strict or any(not self._base & claim.releases for claim in self.claims):
            return ()
        return self.decisive

    @cached_property
    def decisive(self) -> tuple[Claim, ...]:
        """The fewest claims that leave what all of them leave."""
        kept = list(self.claims)
        for claim in reversed(self.claims):  # flags, which come first, explain best
            rest = [other for other in kept if other is not claim]
            if _all_of(rest, self._base) == self.strict:
                kept = rest
        return tuple(kept)

    def others(self, claim: Claim | None) -> int:
        """The releases by which a claim is judged: the pinned ones, or what all else allows."""
        if self.pin:
            return self._base
        return self.without(claim) or self.likely

    def accepts(self, claim: Claim) -> bool | UnknownType:
        """Whether the releases that all else allows accept what this claim stands for."""
        if self.odd_one is None and any(claim is member for member in self.conflict):
            return UNKNOWN  # either it or the others
        return whether(self.others(claim), claim.releases)


def candidates(
    server: Server, tables: Tables, pin: Pin | None = None, more: Sequence[Claim] = ()
) -> Candidates:
    """The candidate releases of a server. ``more`` are claims of its model and its drafter."""
    return Candidates(tables, (*flag_claims(server), *_other_claims(server, tables), *more), pin)


def pinned(tables: Tables, words: str, version: str | None = None, specifier: str = "") -> Pin:
    """What ``vllm==0.12.0`` or ``vllm>=0.11,<0.13`` pins.

    A release that the tables don't hold behaves like the last one before it.
    """
    if version:
        beyond = version if _is_newer(version, tables) else None
        return Pin(words, tables.nearest(version), version, beyond)
    releases = within(tables, specifier)
    least = _BOUND.findall(specifier) if not releases else ()
    beyond = next((bound for bound in least if _is_newer(bound, tables)), None)
    return Pin(words, tables.newest if beyond else releases, None, beyond)


def only_release(tables: Tables, specifier: str) -> str | None:
    """The one release that a specifier with an upper bound allows: ``~=0.12.0`` means 0.12.0."""
    if not specifier or not _BOUNDED.search(specifier):
        return None
    names = tables.names(within(tables, specifier))
    return names[0] if len(names) == 1 else None


def _is_newer(release: str, tables: Tables) -> bool:
    return release_key(release) > release_key(tables.versions[-1])


def within(tables: Tables, specifier: str) -> int:
    """The releases that a PEP 440 specifier allows; of an unreadable one all."""
    from packaging.specifiers import SpecifierSet

    try:
        allowed = SpecifierSet(specifier)
        return sum(1 << at for at, version in enumerate(tables.versions) if version in allowed)
    except ValueError:  # no specifier, or one with thousands of digits
        return tables.every


def since(tables: Tables, release: str, words: str, value: Value | None = None) -> Claim:
    """A claim that needs ``release`` or a later one: ``openai/gpt-oss-120b``."""
    return Claim(words, tables.since(release), value)


def flag_claims(server: Server) -> list[Claim]:
    """What each flag that some release knows says about the release."""
    return [
        Claim(flag.spelling, flag.admits, flag.word, flag)
        for flag in server.arguments.flags
        if flag.admits
    ]


def _other_claims(server: Server, tables: Tables) -> Iterator[Claim]:
    """What parsers and speculation say. A plugin may bring any parser along."""
    plugin = server.tool_parser_plugin is not None or server.reasoning_parser_plugin is not None
    named: list[tuple[str, str, object, Mapping[str, Row]]] = [
        ("speculation_method", "the method", server.speculation.written, tables.methods)
    ]
    if not plugin:
        named.append(
            ("reasoning_parser", "the parser", server.reasoning_parser, tables.reasoning_parsers)
        )
    if not plugin and server.enable_auto_tool_choice is True:  # else nobody looks at the name
        named.append(
            ("tool_call_parser", "the parser", server.tool_call_parser, tables.tool_parsers)
        )
    for attribute, what, name, rows in named:
        if isinstance(name, str) and (row := rows.get(name)):
            value = server.value(attribute)
            yield Claim(f"{what} {name}", row.releases, value, attribute=attribute)
    for key in server.speculation.keys:
        if row := tables.keys.get(key):
            yield Claim(f"the key {key}", row.releases, server.value("speculative"))


def in_words(releases: int, tables: Tables) -> str:
    """A set of releases as a person says it: ``vLLM 0.10.2 to 0.12.0``."""
    if releases == tables.every:
        return "any release of vLLM"
    last = len(tables.versions) - 1
    runs = [_run(tables.versions, *run, last) for run in _runs(releases)]
    if not runs:
        return "no release"
    return f"vLLM {' and '.join(filter(None, (', '.join(runs[:-1]), runs[-1])))}"


def _run(versions: Sequence[str], first: int, end: int, last: int) -> str:
    if end == last:
        return versions[first] if first == last else f"{versions[first]} or later"
    if first == end:
        return versions[first]
    return f"up to {versions[end]}" if first == 0 else f"{versions[first]} to {versions[end]}"


def _runs(releases: int) -> list[tuple[int, int]]:
    """The stretches of a set: their first and their last index."""
    runs: list[tuple[int, int]] = []
    for at in range(releases.bit_length()):
        if not releases >> at & 1:
            continue
        if runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


def _all_of(claims: Sequence[Claim], base: int) -> int:
    for claim in claims:
        base &= claim.releases
    return base


def whether(releases: int, accepting: int) -> bool | UnknownType:
    """Whether all of the releases accept something: true, false, or unknown for some of them."""
    if not releases & ~accepting:
        return True
    return UNKNOWN if releases & accepting else False
