"""Fixes of deletions that also reach what belongs to others."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.diagnostic import Edit
from doctor.fix.work import NoFixError, Work
from doctor.shell.tree import Simple, Word

#: Torch's own folder in /tmp is named after the user, `torchinductor_NAME`.
_TORCH = regex(r"((?:/[\w.-]+)+/torchinductor_)\*(/\*)?")
_PATTERN = regex(r"(?P<folder>(?:/[\w.-]+)+)/(?P<name>[\w.*?-]*[*?][\w.*?-]*)")
_RM = regex(r"(?:sudo\s+)?rm(?:\s+-\w+|\s+--\w[\w-]*)*\s+")


def delete_own_only(work: Work) -> Iterator[Edit]:
    """`delete-own-only`: the folder that is one's own, or what `find -user` finds."""
    program = getattr(work.fact, "program", "")
    if program == "find":
        yield from _with_owner_test(work)
        return
    location = work.place("path")
    text = work.written(location)
    found = _TORCH.fullmatch(text)
    if found is not None and _stands_free(work, location.start.offset):
        rest = found[2] or ""
        yield Edit(location, f'"{found[1]}${{USER}}"{rest}')
    elif program == "rm":
        yield from _with_find(work, text)
    else:
        raise NoFixError(f"{program} can't be told to delete only what is one's own")


def _stands_free(work: Work, offset: int) -> bool:
    """Whether a word begins at an offset, outside of any quotes of its line and of heredocs."""
    line = work.source.text[work.line_start(offset) : offset]
    if line.count('"') % 2 or line.count("'") % 2:
        return False
    return any(word.span.start == offset for word in work.words())


def _with_owner_test(work: Work) -> Iterator[Edit]:
    """`find … -user "$USER" -delete`."""
    command = work.command()
    for word in command.words:
        if word.literal in ("-delete", "-exec", "-execdir", "-ok", "-print", "-print0"):
            start = work.stretch(word.span.start, word.span.start)
            yield Edit(start, '-user "$USER" ')
            return
    raise NoFixError("it is not clear where the test would go")


def _with_find(work: Work, pattern: str) -> Iterator[Edit]:
    """The whole command anew; or, of several targets, this one in a command of its own."""
    command = work.command()
    found = _PATTERN.fullmatch(pattern)
    targets = [word for word in command.words[1:] if not (word.literal or "").startswith("-")]
    own = [word for word in targets if _text(work, word) == pattern]
    if found is None or len(own) != 1 or _text(work, command.words[0]) != "rm":
        raise NoFixError("the pattern is not written there as a word of the command")
    if command.assignments or any(
        r.operator not in (">", "2>", "&>", ">&") for r in command.redirects
    ):
        raise NoFixError("the command is more than a plain deletion")
    finds = _finding(found["folder"], found["name"], _options(work, command))
    first, last = command.words[0].span.start, command.words[-1].span.end
    if len(targets) == 1:
        yield Edit(work.stretch(first, last), finds)
        return
    yield from _split(work, command, own[0], finds)


def _options(work: Work, command: Simple) -> str:
    """The options of the deletion, as they are written."""
    words = [_text(work, word) for word in command.words[1:]]
    return " ".join(word for word in words if word.startswith("-"))


def _finding(folder: str, name: str, options: str) -> str:
    """What deletes the user's own of what a pattern matches, as the pattern does it.

    The `/` lets a link to the folder be followed; a pattern's first `*` matches no hidden file.
    """
    visible = " ! -name '.*'" if name[0] in "*?" else ""
    rm = " ".join(filter(None, ["rm", options]))
    tests = f"-mindepth 1 -maxdepth 1 -name '{name}'{visible} -user \"$USER\""
    return f"find {folder}/ {tests} -exec {rm} {{}} +"


def _split(work: Work, command: Simple, word: Word, finds: str) -> Iterator[Edit]:
    start, end = command.span.start, command.span.end
    indent = work.source.text[work.line_start(start) : start]
    rest = work.source.text[end : work.line_end(end)].strip()
    if indent.strip() or rest.strip() or command.redirects:
        raise NoFixError("the command does not stand on a line of its own")
    before = len(work.source.text[: word.span.start].rstrip(" \t\\\r\n"))
    yield Edit(work.stretch(before, word.span.end), "")
    yield Edit(work.stretch(end, end), f"{work.newline}{indent}{finds}")


def _text(work: Work, word: Word) -> str:
    return work.source.text[word.span.start : word.span.end]
