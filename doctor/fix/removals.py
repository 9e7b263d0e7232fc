"""A plain `rm` of a pattern, written anew as a `find` that deletes only the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Edit
from doctor.fix.texts import Standing, standing
from doctor.fix.work import NoFixError, Work
from doctor.shell.tree import Word

#: A pattern that find reads as the shell does; `.*` would mean `..` to some shells.
_PATTERN = regex(r"(?P<folder>(?:/[\w.-]+)+)/(?P<name>(?!\.[*?])[\w.*?-]*[*?][\w.*?-]*)")
_OPTION = regex(r"-[rRfdv]+|--(?:recursive|force|dir|verbose|one-file-system|preserve-root)?")
_FORCED = regex(r"-[a-zA-Z]*f[a-zA-Z]*|--force")
_RECURSIVE = regex(r"-[a-zA-Z]*[rR][a-zA-Z]*|--recursive")
_TALKING = regex(r"-[a-zA-Z]*v[a-zA-Z]*|--verbose")
#: What makes a pattern mean something else, or nothing, to the shell.
_OTHER_PATTERNS = regex(
    r"\b(?:dotglob|failglob|globstar|nocaseglob|noglob|GLOBIGNORE)\b|\bset\s+-[a-zA-Z]*f"
    r"|\A#!.*(?:zsh|\s-\w*f)"
)


class Removal(Record):
    """A plain `rm`: its options, its targets, and of these the patterns that find is to match.

    The patterns are those that the rule speaks of, in one ``folder``.
    """

    place: Standing
    options: tuple[str, ...]
    targets: tuple[Word, ...]
    folder: str
    patterns: tuple[Word, ...]

    @property
    def is_harmless(self) -> bool:
        """Whether find surely ends and talks as `rm` does; without `-f` that wants a match."""
        return self.given(_FORCED) and not self.given(_TALKING)

    def given(self, option: re.Pattern[str]) -> bool:
        return any(map(option.fullmatch, self.options))


def removal(work: Work) -> Removal:
    """The command that deletes; raises `NoFixError` where find would not do the same."""
    place = standing(work)
    written = [(word, place.written(word)) for word in place.command.words]
    if written[0][1] != "rm" or not _is_plain(place):
        raise NoFixError("the command is more than a plain deletion")
    options = tuple(text for _, text in written[1:] if text.startswith("-"))
    if not all(map(_OPTION.fullmatch, options)) or _OTHER_PATTERNS.search(work.source.text):
        raise NoFixError("find would delete in another way")
    targets = tuple(word for word, text in written[1:] if not text.startswith("-"))
    pattern = _PATTERN.fullmatch(work.written(work.place("path")))
    folder = pattern["folder"] if pattern is not None else ""
    patterns = tuple(
        word for word in _judged(work, place, targets) if _lies_in(folder, word, place)
    )
    if not patterns:
        raise NoFixError("the pattern is not written there as a word of the command")
    found = Removal(place, options, targets, folder, patterns)
    if patterns != targets and not (found.given(_RECURSIVE) and _has_its_line(place)):
        raise NoFixError("the command does not stand on a line of its own")
    return found


def _is_plain(place: Standing) -> bool:
    """Whether a command is its words, with redirections behind them."""
    command = place.command
    last = command.words[-1].span.end
    behind = all(redirect.span.start >= last for redirect in command.redirects)
    return command.words == command.arguments and not command.assignments and behind


def _judged(work: Work, place: Standing, targets: Sequence[Word]) -> Iterator[Word]:
    """The targets that the rule speaks of."""
    places = {loc for fact in work.facts for loc in fact.evidence["path"].locations[:1]}
    yield from (word for word in targets if place.stretch(*word.span) in places)


def _lies_in(folder: str, word: Word, place: Standing) -> bool:
    found = _PATTERN.fullmatch(place.written(word))
    return found is not None and found["folder"] == folder


def _has_its_line(place: Standing) -> bool:
    work, text = place.work, place.work.source.text
    own = place.stretch(*place.command.span)
    start, end = own.start.offset, own.end.offset
    others = text[work.line_start(start) : start] + text[end : work.line_end(end)]
    return not others.strip() and not place.command.redirects and place.is_statement


def with_find(found: Removal) -> Iterator[Edit]:
    """The whole command anew; or, of several targets, these in a command of their own."""
    place, work = found.place, found.place.work
    words, finds = place.command.words, _finding(found)
    if found.patterns == found.targets:
        yield Edit(place.stretch(words[0].span.start, words[-1].span.end), finds)
        return
    for word in found.patterns:
        own = place.stretch(*word.span)
        before = len(work.source.text[: own.start.offset].rstrip(" \t\\\r\n"))
        yield Edit(work.stretch(before, own.end.offset), "")
    whole = place.stretch(*place.command.span)
    start, end = whole.start.offset, whole.end.offset
    indent = work.source.text[work.line_start(start) : start]
    yield Edit(work.stretch(end, end), f"{work.newline}{indent}{finds}")


def _finding(found: Removal) -> str:
    """What deletes the user's own of what the patterns match, as these do it.

    The `/` lets a link to the folder be followed; a pattern's first `*` matches no hidden file.
    """
    place = found.place
    quote = place.quotes[0]
    tests = []
    for word in found.patterns:
        name = place.written(word).rpartition("/")[2]
        matches = [] if name == "*" else [f"-name {quote}{name}{quote}"]
        visible = [f"! -name {quote}.*{quote}"] if name[0] in "*?" else []
        tests.append(" ".join(matches + visible))
    tests = list(dict.fromkeys(tests))
    names = tests[0] if len(tests) == 1 else f"\\( {' -o '.join(tests)} \\)"
    rm = " ".join(["rm", *found.options])
    depth = "-mindepth 1 -maxdepth 1"
    return f"find {found.folder}/ {depth} {names} {place.owner_test} -exec {rm} {{}} +"
