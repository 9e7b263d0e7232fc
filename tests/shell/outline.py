"""A tree as one line of text, so that a test can say what it expects."""

from __future__ import annotations

from doctor.shell import parse
from doctor.shell.tree import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Block,
    Case,
    Command,
    For,
    Function,
    Group,
    HereDocument,
    If,
    Pipeline,
    Redirect,
    Simple,
    Span,
    Statement,
    Subshell,
    Test,
    Unparsed,
    While,
    Word,
)


def outline(text: str) -> str:
    """The commands of a script, compound commands in braces: ``if{a}then{b; c}``."""
    return _Outline(text).block(parse(text).body)


class _Outline:
    def __init__(self, text: str) -> None:
        self.text = text

    def source(self, span: Span) -> str:
        return " ".join(self.text[span.start : span.end].replace("\\\n", " ").split())

    def words(self, words: tuple[Word | Assignment, ...]) -> str:
        return " ".join(self.source(word.span) for word in words)

    def block(self, block: Block) -> str:
        return "; ".join(self.statement(statement) for statement in block)

    def statement(self, statement: Statement) -> str:
        return self.command(statement.command) + (" &" if statement.background else "")

    def command(self, command: Command) -> str:
        bare = self.bare(command)
        if isinstance(command, Simple | Pipeline | AndOr | Function | Unparsed):
            return bare
        return " ".join([bare, *(self.redirect(redirect) for redirect in command.redirects)])

    def redirect(self, redirect: Redirect) -> str:
        target = redirect.target
        if isinstance(target, HereDocument):
            body = self.text[target.body.span.start : target.body.span.end]
            return f"{redirect.operator}{target.delimiter}{body!r}"
        return f"{redirect.descriptor or ''}{redirect.operator}{self.source(target.span)}"

    def joined(self, commands: tuple[Command, ...], operators: tuple[str, ...]) -> str:
        pieces = [self.command(commands[0])]
        for operator, command in zip(operators, commands[1:], strict=True):
            pieces += [operator, self.command(command)]
        return " ".join(pieces)

    def bare(self, command: Command) -> str:
        match command:
            case Simple():
                words = [self.words((word,)) for word in (*command.assignments, *command.arguments)]
                return " ".join([*words, *map(self.redirect, command.redirects)])
            case Pipeline():
                bang = "! " if command.negated else ""
                return f"({bang}{self.joined(command.commands, command.operators)})"
            case AndOr():
                return f"({self.joined(command.commands, command.operators)})"
            case If():
                arms = "el".join(
                    f"if{{{self.block(arm.condition)}}}then{{{self.block(arm.body)}}}"
                    for arm in command.arms
                )
                otherwise = command.otherwise
                return arms + ("" if otherwise is None else f"else{{{self.block(otherwise)}}}")
            case While():
                word = "until" if command.until else "while"
                return f"{word}{{{self.block(command.condition)}}}do{{{self.block(command.body)}}}"
            case For():
                listed = "" if command.words is None else f" in {self.words(command.words)}"
                word = "select" if command.select else "for"
                return f"{word} {command.name}{listed}{{{self.block(command.body)}}}"
            case ArithmeticFor():
                clauses = (command.start, command.condition, command.step)
                listed = ";".join(self.source(clause.span) for clause in clauses)
                return f"for(({listed})){{{self.block(command.body)}}}"
            case Case():
                arms = " ".join(
                    "|".join(self.source(pattern.span) for pattern in arm.patterns)
                    + f"{{{self.block(arm.body)}}}{arm.terminator}"
                    for arm in command.arms
                )
                return f"case {self.source(command.subject.span)}[{arms}]"
            case Function():
                return f"{command.name}(){self.command(command.body)}"
            case Group():
                return f"{{{self.block(command.body)}}}"
            case Subshell():
                return f"({self.block(command.body)})"
            case Test():
                return f"[[{self.words(command.words)}]]"
            case ArithmeticCommand():
                return f"(({self.source(command.expression.span)}))"
            case Unparsed():
                return f"UNPARSED<{command.reason}>"
