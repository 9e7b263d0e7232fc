"""bashlex's nodes, turned into the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from doctor.base.regex import regex
from doctor.shell.bashlex_parser import bashlex_parser
from doctor.shell.tables import Hidden, LoopHeader, Masked
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

_TOKEN = regex(r"\s*(\S{1,20})")


def statements(masked: Masked) -> tuple[Statement, ...]:
    """What is masked, as statements: most often one, and one ``Unparsed`` on any fault."""
    builder = _Builder(masked)
    if masked.last in masked.tables.simples and masked.mask.strip() == "x":
        return (Statement(builder.simple(masked.last)),)
    parser = bashlex_parser()  # here, because many a script needs no parser, and it takes long
    from bashlex import errors

    try:
        node = parser.parsesingle(masked.mask, expansionlimit=-1)
        if node.pos[1] > masked.last - masked.start:
            return builder.block(node)
        reason = _unexpected(masked, node.pos[1])
    except errors.ParsingError as error:
        # The position of an end of input is that of the first one which bashlex ever met.
        at_end = error.message == "unexpected EOF"
        reason = _unexpected(masked, len(masked.mask) if at_end else error.position)
    except Exception:  # whatever goes wrong in bashlex must not stop the rest of the script
        reason = "not understood by the grammar"
    end = masked.start + len(masked.mask.rstrip())
    start = end - len(masked.mask.strip())
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
        self.span = masked.span

    def offset(self, node: Any) -> int:
        """Where a node starts in the text."""
        return self.start + int(node.pos[0])

    def place(self, first: Any, last: Any) -> Span:
        """From the start of one reserved word to the end of another."""
        return self.span(self.start + first.pos[0], self.start + last.pos[1])

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
            return self.simple(self.offset(node))
        if node.kind == "pipeline":
            return self.pipeline(node)
        if node.kind == "function":
            return self.function(node)
        return self.compound(node)

    def simple(self, offset: int) -> Simple:
        assignments = list[Assignment]()
        arguments = list[Word | Assignment]()
        redirects = list[Redirect]()
        for part in self.tables.simples[offset]:
            if isinstance(part, int):
                redirects.append(self.tables.redirects[part])
            elif isinstance(part, Assignment) and not arguments:
                assignments.append(part)
            else:
                arguments.append(part)
        spans = [part.span for part in (*assignments, *arguments, *redirects)]
        span = Span(min(spans).start, max(spans).end)
        return Simple(span, tuple(assignments), tuple(arguments), tuple(redirects))

    def pipeline(self, node: Any) -> Pipeline:
        bangs = [part for part in node.parts if part.kind == "reservedword"]
        operators = tuple(part.pipe for part in node.parts if part.kind == "pipe")
        commands = tuple(
            self.command(part) for part in node.parts if part.kind not in ("reservedword", "pipe")
        )
        first = self.place(bangs[0], bangs[0]) if bangs else commands[0].span
        span = Span(first.start, commands[-1].span.end)
        return Pipeline(span, commands, operators, negated=len(bangs) % 2 == 1)

    def function(self, node: Any) -> Function:
        body = self.command(node.body)
        start = self.place(node.parts[0], node.parts[0]).start
        return Function(
            Span(start, body.span.end), self.tables.functions[self.offset(node.name)], body
        )

    def compound(self, node: Any) -> Compound:
        command = self.without_redirects(node)
        if not node.redirects:
            return command
        redirects = tuple(self.tables.redirects[self.offset(part)] for part in node.redirects)
        span = Span(command.span.start, redirects[-1].span.end)
        return replace(command, span=span, redirects=redirects)

    def without_redirects(self, node: Any) -> Compound:
        inside = node.list[0]
        if inside.kind == "reservedword":
            return self.brackets(node)
        parts = list(_flat(inside.parts))
        span = self.place(parts[0], parts[-1])
        if inside.kind == "if":
            return self.if_command(span, parts)
        if inside.kind == "for":
            return self.for_command(span, parts)
        return While(span, self.block(parts[1]), self.block(parts[3]), inside.kind == "until")

    def brackets(self, node: Any) -> Compound:
        """``( … )``, ``{ …; }`` or what stands hidden behind parentheses."""
        opener, body, closer = node.list
        hidden = self.tables.compounds.get(self.offset(node))
        if hidden is not None:
            return hidden
        kind = Group if opener.word == "{" else Subshell
        return kind(self.place(opener, closer), self.block(body))

    def if_command(self, span: Span, parts: list[Any]) -> If:
        arms, otherwise = list[IfArm](), None
        rest = iter(parts)
        for word in rest:
            if word.word in ("if", "elif"):
                condition, _then, body = next(rest), next(rest), next(rest)
                arms.append(IfArm(self.block(condition), self.block(body)))
            elif word.word == "else":
                otherwise = self.block(next(rest))
        return If(span, tuple(arms), otherwise)

    def for_command(self, span: Span, parts: list[Any]) -> For | ArithmeticFor:
        header, body = self.tables.headers[self.offset(parts[1])], self.block(parts[-2])
        if isinstance(header, LoopHeader):
            is_select = self.text.startswith("select", self.offset(parts[0]))
            return For(span, header.name, header.words, body, is_select)
        return ArithmeticFor(span, header.start, header.condition, header.step, body)


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
