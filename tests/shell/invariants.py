"""What holds for the tree of any text."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from doctor.shell import parse, quoting
from doctor.shell.tree import (
    Arithmetic,
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Case,
    For,
    Group,
    HereDocument,
    If,
    Literal,
    Parameter,
    Redirect,
    Script,
    Span,
    Subshell,
    Substitution,
    Test,
    Unparsed,
    While,
    Word,
)

BRACKETS: dict[type, tuple[str | tuple[str, ...], str | tuple[str, ...]]] = {
    If: ("if", "fi"),
    Case: ("case", "esac"),
    Group: ("{", "}"),
    Subshell: ("(", ")"),
    Test: ("[[", "]]"),
    ArithmeticCommand: ("((", "))"),
    ArithmeticFor: ("for", ("done", "}")),
    For: (("for", "select"), ("done", "}")),
    While: (("while", "until"), "done"),
    Arithmetic: (("$((", "$["), ("))", "]")),
    Substitution: (("$(", "`", "<(", ">("), (")", "`")),
}


def check(text: str) -> Script:
    """Parse a text and check every node of its tree."""
    script = parse(text)
    unparsed = list[Unparsed]()
    _check(script.body, text, Span(0, len(text)), unparsed, exact=True)
    assert set(unparsed) <= set(script.unparsed)
    for comment in script.comments:
        source = text[comment.span.start : comment.span.end]
        # Between backticks it may be short of backslashes.
        assert source == comment.text or "`" in text
    return script


def _check(node: Any, text: str, within: Span, unparsed: list[Unparsed], exact: bool) -> None:
    """``exact`` is false where backticks hide backslashes from what the nodes say."""
    if isinstance(node, tuple) and not isinstance(node, Span):
        for part in node:
            _check(part, text, within, unparsed, exact)
    if not is_dataclass(node):
        return
    span: Span = getattr(node, "span", within)
    assert within.start <= span.start <= span.end <= within.end
    source = text[span.start : span.end]
    exact = exact and not (source.startswith("`") and "\\" in source)
    if exact:
        _check_source(node, source)
    if isinstance(node, Unparsed):
        unparsed.append(node)
    if isinstance(node, Word):
        _check_tiles(node, text)
    if isinstance(node, HereDocument):
        span = Span(0, len(text))  # its body is elsewhere
    for field in fields(node):
        _check(getattr(node, field.name), text, span, unparsed, exact)


def _check_tiles(word: Word, text: str) -> None:
    """The parts are the word, without a gap but for the backslashes between backticks."""
    at = word.span.start
    for part in word.parts:
        assert set(text[at : part.span.start]) <= {"\\"}
        at = part.span.end
    assert set(text[at : word.span.end]) <= {"\\"}


def _check_source(node: Any, source: str) -> None:
    """The node says what its source says."""
    if type(node) in BRACKETS and not getattr(node, "redirects", ()):
        opener, closer = BRACKETS[type(node)]
        assert source.startswith(opener)
        assert source.endswith(closer)
    match node:
        case Literal():
            values = _quoted_values(source) if node.quoted else _bare_values(source)
            # A here-document after `<<-` is short of tabs.
            assert node.text in values or _untabbed(node.text) in map(_untabbed, values)
        case Parameter():
            assert source.startswith("$")
            assert node.name in source
            assert node.operator in source
            assert f"[{node.subscript or ''}]" in source or node.subscript is None
        case Redirect():
            assert source.startswith((node.descriptor or "") + node.operator)
        case Assignment():
            assert source.startswith(node.name)
            assert ("+=" if node.append else "=") in source


def _bare_values(source: str) -> set[str]:
    return {source, ""} if source.startswith("\\") else {source}


def _untabbed(text: str) -> str:
    return text.replace("\t", "")


def _quoted_values(source: str) -> set[str]:
    """What a quoted source may stand for, depending on what quotes it."""
    contexts = (quoting.DOUBLE_QUOTES, quoting.BRACES_QUOTED, quoting.HERE_DOCUMENT)
    values = {source, *(context.value(source) for context in contexts)}
    if source.startswith("\\"):
        values.add(source[1:])
    if source.startswith("'"):
        values.add(source[1:-1])
    if source.startswith("$'"):
        values.add(quoting.decode_ansi_c(source[2:-1]))
    if source == "$":
        values.add("")
    return values
