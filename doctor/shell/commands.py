"""Command lists: read token by token, masked for bashlex statement by statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from doctor.base.regex import regex
from doctor.shell.compounds import CompoundReader
from doctor.shell.mask import Mask
from doctor.shell.scanner import MAX_DEPTH, Notes, ScanError
from doctor.shell.tables import Clauses, Masked
from doctor.shell.tree import Block, Statement, Unparsed

Grammar: TypeAlias = Callable[[Masked], tuple[Statement, ...]]

# bashlex copies the rest of a pipeline for each of its commands.
MAX_PIPELINE = 1000

_AFTER_WORD = r"(?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)"
_RESERVED = regex(
    r"(?:if|then|elif|else|fi|while|until|do|done|for|select|case|esac|function|\[\[|[{}!])"
    + _AFTER_WORD
)
# Words before a command that change how it runs, not what it is.
_TIME = r"time(?=[ \t(])(?:[ \t]+-p(?=[ \t]))?(?:[ \t]+--(?=[ \t]))?(?![ \t]*(?:[;&|)\r\n#]|\Z))"
_BODY_OPENER = r"(?:[({]|(?:\[\[|while|until|if|for|select|case)[ \t])"
_COPROC = rf"coproc(?=[ \t])(?:[ \t]+[A-Za-z_]\w*(?=[ \t]+{_BODY_OPENER}))?"
_PREFIX = regex(f"{_TIME}|{_COPROC}", re.ASCII)
_SEPARATOR = regex(r"&&|\|\||\|&|;;&|;;|;&|[;&|]")
_CASE_TERMINATORS = frozenset({";;", ";&", ";;&"})
_PARENTHESES = regex(r"[ \t]*\([ \t]*\)")
_NAME = regex(r"[^ \t\r\n;&|()<>]+")
_FUNCTION = regex(r"[^ \t\r\n;&|()<>'\"`$\\=]+(?=[ \t]*\([ \t]*\))")
_CLOSERS = {"if": "fi", "while": "do", "until": "do", "{": "}"}


class Reader(CompoundReader):
    """Reads a text as shell commands, with a grammar for the masked statements."""

    def __init__(self, text: str, origin: Sequence[int], notes: Notes, grammar: Grammar) -> None:
        super().__init__(text, origin, notes)
        self.grammar = grammar

    def reader(self, text: str, origin: Sequence[int]) -> Reader:
        return Reader(text, origin, self.notes, self.grammar)

    def commands(self, at: int, closer: str) -> tuple[Block, int]:
        self.notes.enter()
        try:
            commands = _CommandList(self, at, closer)
            end = commands.read()
        finally:
            self.notes.depth -= 1
        if closer == ")" and end == len(self.text):
            raise ScanError("unterminated (")
        return tuple(commands.block), end

    def script(self) -> Block:
        commands = _CommandList(self, 0, "")
        try:
            commands.read()
        except ScanError as error:
            # What is nested in the statement counts no more: it is all unparsed.
            del self.notes.unparsed[commands.unparsed_before :]
            span = self.span(commands.mask.start, len(self.text))
            commands.add(Statement(Unparsed(span, str(error))))
        return tuple(commands.block)


@dataclass
class _Open:
    """A compound command that is open: what closes it, and how long its last pipeline is."""

    closer: str
    pipeline: int = 0


class _CommandList:
    """One list of commands, up to its ``closer``: ``)``, ``;;`` or the end of the text."""

    def __init__(self, reader: Reader, start: int, closer: str) -> None:
        self.reader = reader
        self.text = reader.text
        self.closer = closer
        self.block: list[Statement] = []
        self.pending_before = len(reader.pending)
        self.begin(start)

    def begin(self, start: int) -> None:
        """Start a statement."""
        self.mask = Mask(start)
        self.open = [_Open("")]
        self.after_compound = False
        self.unparsed_before = len(self.reader.notes.unparsed)
        self.continues = False  # a newline here doesn't end the statement

    def read(self) -> int:
        """Read all statements; return the offset of the closer."""
        while self.token():
            pass
        if len(self.reader.pending) > self.pending_before:
            self.reader.bodies_of_line(self.mask.at)
        self.finish()
        return self.mask.at

    def finish(self) -> None:
        """Have the statement read, if there is any."""
        mask, reader = self.mask, self.reader
        if mask.last is not None:
            masked = Masked(str(mask), mask.start, mask.last, self.text, reader.tables, reader.span)
            for statement in reader.grammar(masked):
                self.add(statement)

    def add(self, statement: Statement) -> None:
        self.block.append(statement)
        if isinstance(statement.command, Unparsed):
            self.reader.notes.unparsed.append(statement.command)

    # --- tokens

    def token(self) -> bool:
        """Mask the next token; false at the end of the list."""
        mask, reader = self.mask, self.reader
        mask.skip(reader.blanks(mask.at))
        char = self.text[mask.at : mask.at + 1]
        if not char:
            return False
        if char == "\n":
            self.newline()
        elif char == "#":
            mask.skip(reader.comment(mask.at))
        elif char == "(":
            self.open_parenthesis()
        elif char == ")":
            return self.close_parenthesis()
        elif self.after_compound and (end := reader.redirect(mask.at)) > mask.at:
            mask.hide(end, ">x")
        elif char in ";&|" and not self.text.startswith("&>", mask.at):
            return self.separator()
        else:
            return self.command()
        return True

    def may_end(self) -> bool:
        """Whether a separator here ends the statement."""
        return len(self.open) == 1 and not self.continues

    def newline(self) -> None:
        end = self.reader.newline(self.mask.at)
        if self.may_end():
            self.finish()
            self.begin(end)
            return
        self.mask.newline(end)
        self.after_compound = False
        if not self.continues:
            self.open[-1].pipeline = 0

    def separator(self) -> bool:
        operator = self.text[self.mask.at : self.reader.after(_SEPARATOR, self.mask.at)]
        if self.closer == ";;" and operator in _CASE_TERMINATORS:
            return False
        # A statement is read after its here-documents.
        is_whole = self.mask.last is not None and len(self.reader.pending) == self.pending_before
        if operator in (";", "&") and is_whole and self.may_end():
            if operator == "&":
                self.keep(operator)
            else:
                self.mask.skip(self.mask.at + 1)
            self.finish()
            self.begin(self.mask.at)
            return True
        if operator in ("|", "|&"):
            self.lengthen_pipeline()
        else:
            self.open[-1].pipeline = 0
        self.keep(operator, continues=operator not in (";", "&"))
        return True

    def lengthen_pipeline(self) -> None:
        self.open[-1].pipeline += 1
        if self.open[-1].pipeline > MAX_PIPELINE:
            raise ScanError("too long a pipeline")

    def open_parenthesis(self) -> None:
        if self.reader.is_arithmetic(self.mask.at):
            self.hide_compound(self.reader.arithmetic_command(self.mask.at))
        else:
            self.keep("(")
            self.push(")")

    def close_parenthesis(self) -> bool:
        if self.closer == ")" and all(compound.closer != ")" for compound in self.open):
            return False
        self.close(")")
        return True

    def command(self) -> bool:
        """A reserved word, the head of a function or a simple command."""
        at = self.mask.at
        if found := _PREFIX.match(self.text, at):
            self.mask.skip(found.end())
        elif found := _RESERVED.match(self.text, at):
            return self.reserved(found.group())
        elif found := _FUNCTION.match(self.text, at):
            self.function(found.group())
        elif (end := self.reader.simple(at)) > at:
            self.hide(end)
        else:
            self.keep(self.text[at])  # a redirection to nowhere: bashlex will object
        return True

    # --- writing the mask

    def keep(self, token: str, continues: bool = False) -> None:
        self.mask.keep(token)
        self.continues = continues
        self.after_compound = False

    def hide(self, end: int, closer: str = "") -> None:
        self.mask.hide(end, "x", closer)
        self.continues = self.after_compound = False

    def hide_compound(self, end: int) -> None:
        # Like a subshell it may be followed by redirections and reserved words, not by words.
        self.mask.hide(end, "(x", ")")
        self.continues, self.after_compound = False, True

    def push(self, closer: str) -> None:
        if len(self.open) + self.reader.notes.depth >= MAX_DEPTH:
            raise ScanError("nested too deeply")
        self.open.append(_Open(closer))

    def close(self, closer: str) -> None:
        self.keep(closer)
        self.after_compound = True
        if any(compound.closer == closer for compound in self.open):
            while self.open.pop().closer != closer:
                pass

    # --- reserved words

    def reserved(self, word: str) -> bool:
        """Mask a reserved word and what belongs to it; false if it ends the list."""
        innermost = self.open[-1]
        if word == "esac" and self.closer == ";;":
            return False
        if word == "case":
            self.hide_compound(self.reader.case(self.mask.at))
        elif word == "[[":
            self.hide_compound(self.reader.test(self.mask.at))
        elif word == "function":
            self.function_keyword()
        elif word in ("fi", "done", "}"):
            self.close(word)
        elif word == "do" and innermost.closer in ("do", "for"):
            if innermost.closer == "do":
                self.mask.end_condition()
            self.keep(word)
            innermost.closer = "done"
        elif word == "{" and innermost.closer == "for":
            self.keep(word)
            innermost.closer = "}"
        elif word in ("for", "select"):
            self.loop(word)
        else:
            self.keep(word)
            if word == "!":
                self.lengthen_pipeline()
            elif word in _CLOSERS:
                self.push(_CLOSERS[word])
        return True

    def loop(self, word: str) -> None:
        """``for`` or ``select`` up to where the body may begin."""
        self.keep("for".ljust(len(word)))
        self.push("for")
        self.mask.skip(self.reader.blanks(self.mask.at))
        header, end = self.reader.loop_header(self.mask.at)
        if isinstance(header, Clauses):
            self.mask.skip(self.mask.at + 1)  # `for((` is two words, `forx` would be one
        if header is not None:
            self.reader.tables.headers[self.mask.at] = header
            has_separator = self.text.startswith(";", self.reader.blanks(end))
            # bash wants none after clauses, bashlex wants one before `{`.
            self.hide(end, ";" if isinstance(header, Clauses) and not has_separator else "")

    def function_keyword(self) -> None:
        self.keep("function")
        self.mask.skip(self.reader.blanks(self.mask.at))
        name = _NAME.match(self.text, self.mask.at)
        if name:
            self.function(name.group())

    def function(self, name: str) -> None:
        """A function's name, with or without parentheses."""
        self.reader.tables.functions[self.mask.at] = name
        self.hide(self.mask.at + len(name))
        parentheses = _PARENTHESES.match(self.text, self.mask.at)
        if parentheses:
            self.keep(parentheses.group())
        self.continues = True
