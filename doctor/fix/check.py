"""What fixes did to a script, looked at before they are kept.

A fixed script must read as well as before, have no fault that it hadn't, and start the same
programs with the same words, but for those that the fixes promised to change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from doctor.base.record import Record
from doctor.diagnostic import Edit, Location
from doctor.fix.offer import Examined, Offer
from doctor.rulebook.actions import ACTIONS
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.values.value import Origin, Value

#: More calls than these are not compared one by one.
MAX_CALLS = 5_000
#: Programs that fixes start beside those of the script.
_ADDED = frozenset({"mkdir", "find", "wait", "tee"})


def fault(before: Examined, after: Examined, made: Sequence[Offer]) -> str | None:
    """Why the fixes that were ``made`` must not be kept, in a few words; None if they may be."""
    if len(after.traced.script.unparsed) > len(before.traced.script.unparsed):
        return "a part of the script could not be read any more"
    if len(after.failures) > len(before.failures):
        return "vllm-doctor itself fails on what would become of the script"
    gained = _codes(after) - _codes(before)
    if gained:
        return f"the script would gain {', '.join(sorted(gained))}"
    idle = [code for code in _made(made) if _weight(after, code) >= _weight(before, code)]
    if idle:
        return f"{', '.join(idle)} would stay"
    if surprise := _surprise(before, after, made):
        return surprise
    return _refusal_of_bash(before.text, after.text)


def _codes(examined: Examined) -> Counter[str]:
    return Counter(offer.diagnostic.code for offer in examined.offers)


def _made(offers: Sequence[Offer]) -> list[str]:
    return sorted({offer.diagnostic.code for offer in offers})


def _weight(examined: Examined, code: str) -> int:
    """How much a rule has to say: for how many facts it speaks, and how severely."""
    return sum(
        len(offer.verdict.facts) * (1 + offer.diagnostic.severity.rank)
        for offer in examined.offers
        if offer.diagnostic.code == code
    )


# --- the programs that are started -----------------------------------------------------------


class _Call(Record):
    """A program as it is started: its words, unknowns by their names."""

    words: tuple[str, ...]

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]


def _surprise(before: Examined, after: Examined, made: Sequence[Offer]) -> str | None:
    """A call that changed though no fix promised it."""
    old, new = _invocations(before), _invocations(after)
    was, now = [_call(i) for i in old], [_call(i) for i in new]
    if was == now:
        return None
    if len(was) > MAX_CALLS or len(now) > MAX_CALLS:
        return "the script starts too many programs to compare them"
    if _empty_words(now) > _empty_words(was):
        return "a program would be given an empty word"
    added = _ADDED.union(*(_written(offer) for offer in made))
    everywhere = [e for offer in made if _is_everywhere(offer) for e in _edits(offer)]
    edits = [edit for offer in made for edit in _edits(offer)]
    promised = {fact.location for offer in made for fact in offer.verdict.facts}
    promised |= {place for offer in made for place in _members(offer)}
    joined = {place for offer in made if _joins(offer) for place in _members(offer)}
    cut = not (before.traced.walk.complete and after.traced.walk.complete)
    for tag, i, j, k, m in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        at_end = j == len(was) and m == len(now)
        if tag == "equal" or (cut and at_end and tag != "replace"):
            continue  # one walk that was cut short went on further than the other
        changed, more = old[i:j], now[k:m]
        if changed and _follow(changed, more, everywhere, added):
            continue
        if changed and all(_may_change(each, promised) for each in changed):
            if any(
                _is_cut(one, other, edits, before.text)
                for one, other in zip(changed, more, strict=False)
                if not _may_change(one, joined)
            ):
                return "a function would hand on other words than it is given"
            continue
        if not changed and all(each.program in added for each in more):
            continue
        first = was[i] if i < j else now[k]
        return f"`{' '.join(first.words)[:60]}` would change, which the fix is not for"
    return None


def _is_cut(was: Invocation, new: _Call, edits: Sequence[Edit], text: str) -> bool:
    """Whether a call lost a word that no edit took, or got others than those that edits wrote.

    A function that hands on `$1 $2 $3` loses what an edit pushes behind these, and gets what it
    pulls forward. By its text is not known what an edit concerns if variables stand in that.
    """
    old = _call(was)
    if old.program != new.program:
        return False
    concerned = [edit for edit in edits if _concerns(edit, was)] or edits
    written = [edit.content for edit in concerned]
    replaced = [text[e.location.start.offset : e.location.end.offset] for e in concerned]
    gone, come = Counter(old.words) - Counter(new.words), Counter(new.words) - Counter(old.words)
    texts = [text for text in (*replaced, *written) if text]
    if any("$" in text or "`" in text for text in texts):
        return False
    plain = (word for word in (*gone, *come) if " " not in word)
    if not all(any(_shares(word, text) for text in texts) for word in plain):
        return True
    whole = "\n".join(new.words)
    additions = [[word.strip("\"'\\") for word in text.split()] for text in written]
    return any(
        any(word in come for word in words) and not all(word in whole for word in words)
        for words in additions
    )


def _concerns(edit: Edit, invocation: Invocation) -> bool:
    """Whether an edit touches a command, or what one of its words was made of."""
    made_of = (piece.origin for word in invocation.arguments for piece in word.pieces)
    origins = (invocation.origin, *(origin for origin in made_of if origin is not None))
    return any(_touches(edit.location, origin) for origin in origins)


def _shares(one: str, other: str) -> bool:
    """Whether a text stands in another one, and not as a part of a number there."""
    return any(
        re.search(rf"(?<![\d.]){re.escape(inner)}(?!\d)", outer)
        for inner, outer in ((one, other), (other, one))
    )


def _follow(
    old: Sequence[Invocation], new: Iterable[_Call], edits: Sequence[Edit], added: frozenset[str]
) -> bool:
    """Whether calls differ only in words that hold edited text, programs that are added aside."""
    rest = iter(new)
    for invocation in old:
        for call in rest:
            if _differs_in_edits(invocation, call, edits):
                break
            if call.program not in added:
                return False
        else:
            return False
    return all(call.program in added for call in rest)


def _differs_in_edits(invocation: Invocation, call: _Call, edits: Sequence[Edit]) -> bool:
    words = invocation.arguments
    return len(words) == len(call.words) and all(
        word.display == text or _is_edited(word, edits)
        for word, text in zip(words, call.words, strict=True)
    )


def _is_edited(word: Value, edits: Sequence[Edit]) -> bool:
    """Whether edits touch what a word was made of; of what is derived nobody knows the place."""
    return any(
        piece.origin is None or any(_touches(edit.location, piece.origin) for edit in edits)
        for piece in word.pieces
    )


def _touches(edit: Location, origin: Origin) -> bool:
    same = edit.filename == origin.source.filename
    return same and edit.start.offset <= origin.end and origin.start <= edit.end.offset


def _empty_words(calls: Sequence[_Call]) -> int:
    return sum(call.words.count("") for call in calls)


def _invocations(examined: Examined) -> list[Invocation]:
    return [each for each in examined.traced.walk.invocations if each.arguments]


def _call(invocation: Invocation) -> _Call:
    return _Call(tuple(word.display for word in invocation.arguments))


def _may_change(invocation: Invocation, promised: set[Location]) -> bool:
    place = invocation.origin.location
    word = invocation.arguments[0].location
    program = invocation.arguments[0].display.rpartition("/")[2]
    inside = any(_holds(place, promise) for promise in promised)
    return inside or word in promised or is_a(program, Trait.PRINTS)


def _holds(outer: Location, inner: Location) -> bool:
    """Whether a stretch is a part of another: of a command with a text for another shell in it."""
    start, end = outer.start.offset, outer.end.offset
    same = outer.filename == inner.filename
    return same and start <= inner.start.offset and inner.end.offset <= end


def _members(offer: Offer) -> Iterator[Location]:
    """The commands that a fact about several of them is about."""
    for fact in offer.verdict.facts:
        for name in ("servers", "commands"):
            if name in fact.evidence:
                yield from fact.evidence[name].locations


def _written(offer: Offer) -> list[str]:
    """The words of a line that a fix writes, its programs among them."""
    return (
        str(offer.verdict.repair.operands.get("text", "")).split() if offer.verdict.repair else []
    )


def _is_everywhere(offer: Offer) -> bool:
    repair = offer.verdict.repair
    return repair is not None and ACTIONS[repair.action].everywhere


def _joins(offer: Offer) -> bool:
    repair = offer.verdict.repair
    return repair is not None and ACTIONS[repair.action].joins


def _edits(offer: Offer) -> tuple[Edit, ...]:
    return offer.diagnostic.fix.edits if offer.diagnostic.fix else ()


# --- bash ------------------------------------------------------------------------------------


def _refusal_of_bash(before: str, after: str) -> str | None:
    """What bash has against the script that it had not before; `-n` reads it and runs nothing."""
    bash = shutil.which("bash")
    if bash is None or not _accepts(bash, before) or _accepts(bash, after):
        return None
    return "bash would not read the script any more"


def _accepts(bash: str, text: str) -> bool:
    kept = {name: value for name, value in os.environ.items() if name not in ("BASH_ENV", "ENV")}
    result = subprocess.run(
        [bash, "--norc", "--noprofile", "-n", "/dev/stdin"],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        env=kept,
        check=False,
    )
    return result.returncode == 0
