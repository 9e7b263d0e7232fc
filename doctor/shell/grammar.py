"""bashlex's nodes, turned into the tree. Importing this module imports bashlex."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from bashlex import parser as bashlex
from bashlex.errors import ParsingError

from doctor.shell.tables import Hidden, Masked
from doctor.shell.tree import (
    AndOr,
    ArithmeticFor,
    Assignment,
    Block,
    Command,
    For,
    Function,
    Group,
    If,
    IfArm,
    Pipeline,
    Redirect,
    Simple,
    Span,
    Statement,
    Subshell,
    Unparsed,
    While,
    Word,
)

Compound: TypeAlias = If | While | For | ArithmeticFor | Group | Subshell | Hidden

_TOKEN = re.compile(r"\s*(\S{1,20})")


def statements(masked: Masked) -> tuple[Statement, ...]:
    """The statements on one logical line; a single ``Unparsed`` if bashlex refuses it."""
    try:
        node = bashlex.parsesingle(masked.mask, expansionlimit=-1)
        if node.pos[1] > masked.last - masked.start:
            return _Builder(masked).block(node)
        reason = _unexpected(masked, node.pos[1])
    except ParsingError as error:
        reason = _unexpected(masked, error.position)
    except Exception:  # whatever goes wrong in bashlex must not stop the rest of the script
        reason = "not understood by the grammar"
    end = masked.start + len(masked.mask.rstrip())
    start = masked.start + len(masked.mask) - len(masked.mask.lstrip())
    return (Statement(Unparsed(masked.span(start, end), reason)),)


def _unexpected(masked: Masked, position: int) -> str:
    end = masked.start + len(masked.mask)
    token = _TOKEN.match(masked.text, masked.start + position, end)
    return f"unexpected {token.group(1)}" if token else "the statement is incomplete"


class _Builder:
    """Builds the tree of one statement."""

    def __init__(self, masked: Masked) -> None:
        self.start = masked.start
        self.text = masked.text
        self.tables = masked.tables
        self.span_of = masked.span

    def offset(self, node: Any) -> int:
        """Where a node starts in the text."""
        return self.start + int(node.pos[0])

    def reserved_span(self, first: Any, last: Any) -> Span:
        """From one reserved word to another."""
        return self.span_of(self.start + first.pos[0], self.start + last.pos[1])

    def block(self, node: Any) -> Block:
        """A list, or the only command of one."""
        statements = list[Statement]()
        commands, operators = list[Command](), list[str]()
        for part in node.parts if node.kind == "list" else [node]:
            if part.kind != "operator":
                commands.append(self.command(part))
            elif part.op in ("&&", "||"):
                operators.append(part.op)
            else:
                statements.append(_statement(commands, operators, part.op == "&"))
                commands, operators = [], []
        if commands:
            statements.append(_statement(commands, operators, False))
        return tuple(statements)

    def command(self, node: Any) -> Command:
        if node.kind == "command":
            return self.simple(node)
        if node.kind == "pipeline":
            return self.pipeline(node)
        if node.kind == "function":
            return self.function(node)
        if node.kind == "compound":
            return self.compound(node)
        raise ValueError(f"unknown node {node.kind}")

    def simple(self, node: Any) -> Simple:
        assignments = list[Assignment]()
        arguments = list[Word | Assignment]()
        redirects = list[Redirect]()
        for part in node.parts:
            offset = self.offset(part)
            if part.kind == "redirect":
                redirects.append(self.tables.redirects[offset])
                continue
            word = self.tables.words[offset]
            if isinstance(word, Assignment) and not arguments:
                assignments.append(word)
            else:
                arguments.append(word)
        elements = [*assignments, *arguments, *redirects]
        span = Span(
            min(element.span.start for element in elements),
            max(element.span.end for element in elements),
        )
        return Simple(span, tuple(assignments), tuple(arguments), tuple(redirects))

    def pipeline(self, node: Any) -> Pipeline:
        commands = tuple(
            self.command(part) for part in node.parts if part.kind not in ("pipe", "reservedword")
        )
        operators = tuple(part.pipe for part in node.parts if part.kind == "pipe")
        bangs = [part for part in node.parts if part.kind == "reservedword"]
        start = commands[0].span.start
        if bangs:
            start = self.reserved_span(bangs[0], bangs[0]).start
        span = Span(start, commands[-1].span.end)
        return Pipeline(span, commands, operators, len(bangs) % 2 == 1)

    def function(self, node: Any) -> Function:
        body = self.command(node.body)
        start = self.span_of(self.offset(node), self.offset(node) + 1).start
        return Function(Span(start, body.span.end), self.name(node.name), body)

    def name(self, node: Any) -> str:
        word = self.tables.words[self.offset(node)]
        return (word.literal if isinstance(word, Word) else None) or ""

    def compound(self, node: Any) -> Compound:
        command = self.without_redirects(node)
        if not node.redirects:
            return command
        redirects = tuple(self.tables.redirects[self.offset(part)] for part in node.redirects)
        span = Span(command.span.start, redirects[-1].span.end)
        return replace(command, span=span, redirects=redirects)

    def without_redirects(self, node: Any) -> Compound:
        kind, parts = node.list[0].kind, node.list
        if kind == "reservedword":
            hidden = self.tables.compounds.get(self.offset(node))
            if hidden is not None:
                return hidden
            span = self.reserved_span(parts[0], parts[-1])
            body = self.block(parts[1])
            return Group(span, body) if parts[0].word == "{" else Subshell(span, body)
        parts = list(_flat(node.list[0].parts))
        span = self.reserved_span(parts[0], parts[-1])
        if kind == "if":
            return self.if_(span, parts)
        if kind == "for":
            return self.for_(span, parts)
        return While(span, self.block(parts[1]), self.block(parts[3]), kind == "until")

    def if_(self, span: Span, parts: list[Any]) -> If:
        arms, otherwise = list[IfArm](), None
        index = 0
        while parts[index].word in ("if", "elif"):
            # The word itself, its condition, `then`, its body.
            arms.append(IfArm(self.block(parts[index + 1]), self.block(parts[index + 3])))
            index += 4
        if parts[index].word == "else":
            otherwise = self.block(parts[index + 1])
        return If(span, tuple(arms), otherwise)

    def for_(self, span: Span, parts: list[Any]) -> For | ArithmeticFor:
        body = self.block(parts[-2])
        clauses = self.tables.clauses.get(self.offset(parts[1]))
        if clauses is not None:
            return ArithmeticFor(span, *clauses, body)
        words = None
        if parts[2].kind == "reservedword" and parts[2].word == "in":
            nodes = (part for part in parts[3:] if part.kind == "word")
            found = (self.tables.words[self.offset(part)] for part in nodes)
            words = tuple(word for word in found if isinstance(word, Word))
        name, select = self.name(parts[1]), self.text.startswith("select", self.offset(parts[0]))
        return For(span, name, words, body, select)


def _statement(commands: list[Command], operators: list[str], background: bool) -> Statement:
    if len(commands) == 1:
        return Statement(commands[0], background)
    span = Span(commands[0].span.start, commands[-1].span.end)
    return Statement(AndOr(span, tuple(commands), tuple(operators)), background)


def _flat(parts: Iterable[Any]) -> Iterator[Any]:
    """The parts of an ``if``, in which bashlex wraps each ``elif`` but the first in a list."""
    pending = list(reversed(list(parts)))
    while pending:
        part = pending.pop()
        if part.kind == "reservedword" and isinstance(part.word, list):
            pending.extend(reversed(part.word))
        else:
            yield part
