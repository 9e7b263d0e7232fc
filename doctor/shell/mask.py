"""The mask: a command list as bashlex can read it.

Every word becomes a letter and blanks, every redirection ``>`` and a letter, every compound
command that bashlex doesn't know a small subshell, every comment and here-document blanks.
What remains is the grammar: reserved words, operators, newlines. All keeps its place, so the
offset of a node in the mask finds in the tables what stands there in the script.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from doctor.shell.compounds import CompoundReader
from doctor.shell.scanner import MAX_DEPTH, Notes, ScanError
from doctor.shell.tables import Grammar, Masked
from doctor.shell.tree import Block, Literal, Span, Statement, Unparsed, Word

# bashlex copies a pipeline's rest for each of its commands.
MAX_PIPELINE = 1000

_AFTER_WORD = r"(?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)"
_RESERVED = re.compile(
    r"(?:if|then|elif|else|fi|while|until|do|done|for|select|case|esac|function|\[\[|[{}!])"
    + _AFTER_WORD
)
_BODY_OPENER = r"(?:[({]|(?:\[\[|while|until|if|for|select|case)[ \t])"
# Words before a command that change how it runs, not what it is.
_TIME = r"time(?=[ \t])(?:[ \t]+-p(?=[ \t]))?(?:[ \t]+--(?=[ \t]))?(?![ \t]*(?:[;&|)\r\n#]|\Z))"
_COPROC = rf"coproc(?=[ \t])(?:[ \t]+[A-Za-z_]\w*(?=[ \t]+{_BODY_OPENER}))?"
_PREFIX = re.compile(f"{_TIME}|{_COPROC}", re.ASCII)
_SEPARATOR = re.compile(r"&&|\|\||\|&|;;&|;;|;&|[;&|]")
_NAME = re.compile(r"[^ \t\r\n;&|()<>]+")
_FOR_IN = re.compile(r"(?:[ \t\r\n]|\\\r?\n)*in(?=[ \t\r\n;]|\\\r?\n|\Z)")
_FUNCTION_PARENTHESES = re.compile(r"[ \t]*\([ \t]*\)")
_DECLARATIONS = frozenset({"export", "declare", "local", "readonly", "typeset"})

_CLOSER = {"if": "fi", "while": "do", "until": "do", "{": "}"}


class _Position(Enum):
    """What may stand here in a simple command."""

    START = auto()  # reserved words, assignments, the command's name
    PREFIX = auto()  # after an assignment or a redirection: no reserved word any more
    DECLARATION = auto()  # arguments, of which those with `=` are assignments
    ARGUMENTS = auto()


@dataclass
class _Open:
    """A compound command that is open: what closes it, and the pipes of its last pipeline."""

    closer: str
    pipes: int = 0


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
            region = _Region(self, at, closer)
            region.read()
            if not self.text.startswith(closer, region.at) and closer != ";;":
                raise ScanError(f"no {closer} where a list of commands should end")
            return tuple(region.block), region.at
        finally:
            self.notes.depth -= 1

    def script(self) -> Block:
        region = _Region(self, 0, "")
        known = len(self.notes.unparsed)
        try:
            region.read()
        except ScanError as error:
            del self.notes.unparsed[known:]
            end = self.span(len(self.text), len(self.text)).start
            start = self.span(region.start, region.start).start
            region.add(Statement(Unparsed(Span(start, end), str(error))))
        return tuple(region.block)


class _Region:
    """One command list: masks its statements and has the grammar read each."""

    def __init__(self, reader: Reader, start: int, closer: str) -> None:
        self.reader = reader
        self.text = reader.text
        self.closer = closer
        self.at = start
        self.block: list[Statement] = []
        self.here_documents_before = len(reader.pending)
        self.begin(start)

    def begin(self, start: int) -> None:
        """Start a new statement."""
        self.start = self.last = start
        self.pieces: list[str] = []
        self.open = [_Open("")]
        self.position = _Position.START
        self.unfinished = False  # a newline here doesn't end the statement

    def read(self) -> None:
        """Read up to what closes the list, and stop at it."""
        while self.token():
            pass
        if len(self.reader.pending) > self.here_documents_before:
            # The list ends on the line of its here-document: its body is yet to come.
            self.reader.bodies_of_line(self.at)
        self.finish()

    def finish(self) -> None:
        """Have the statement read."""
        mask = "".join(self.pieces)
        if not mask.isspace() and mask:
            reader = self.reader
            masked = Masked(mask, self.text, self.start, self.last, reader.tables, reader.span)
            for statement in reader.grammar(masked):
                self.add(statement)

    def add(self, statement: Statement) -> None:
        self.block.append(statement)
        if isinstance(statement.command, Unparsed):
            self.reader.notes.unparsed.append(statement.command)

    # --- the mask, piece by piece

    def skip(self, end: int) -> None:
        """Blanks up to ``end``."""
        self.pieces.append(" " * (end - self.at))
        self.at = end

    def keep(self, token: str) -> None:
        """A token that bashlex is to see."""
        self.last = self.at
        self.unfinished = False
        self.pieces.append(token)
        self.at += len(token)

    def hide(self, end: int, opener: str = "w", closer: str = "") -> None:
        """A stand-in as long as the text up to ``end``."""
        self.keep(opener + " " * (end - self.at - len(opener) - len(closer)) + closer)

    def push(self, closer: str) -> None:
        if len(self.open) + self.reader.notes.depth >= MAX_DEPTH:
            raise ScanError("nested too deeply")
        self.open.append(_Open(closer))

    def pop(self, closer: str) -> None:
        if any(compound.closer == closer for compound in self.open):
            while self.open.pop().closer != closer:
                pass

    # --- tokens

    def token(self) -> bool:
        """Mask the next token; false at the end of the list."""
        reader = self.reader
        end = reader.blanks(self.at)
        if end > self.at:
            self.skip(end)
        char = self.text[self.at : self.at + 1]
        if not char:
            return False
        if char == "\n":
            self.newline()
        elif char == "#":
            self.skip(reader.comment(self.at))
        elif char in "<>&{0123456789" and (end := reader.redirect(self.at)) > self.at:
            self.hide(end, ">w")
            if self.position is _Position.START:
                self.position = _Position.PREFIX
        elif char in ";&|":
            return self.separator()
        elif char == "(":
            self.open_parenthesis()
        elif char == ")":
            return self.close_parenthesis()
        else:
            return self.word()
        return True

    def newline(self) -> None:
        end = self.reader.newline(self.at)
        if len(self.open) == 1 and not self.unfinished:
            self.finish()
            self.at = end
            self.begin(end)
            return
        self.pieces.append("\n")
        self.at += 1
        self.skip(end)
        self.position = _Position.START
        if not self.unfinished:
            self.open[-1].pipes = 0

    def separator(self) -> bool:
        found = _SEPARATOR.match(self.text, self.at)
        operator = found.group() if found else ""
        if self.closer == ";;" and operator in (";;", ";&", ";;&"):
            return False
        self.keep(operator)
        self.position = _Position.START
        self.unfinished = operator not in (";", "&")
        innermost = self.open[-1]
        innermost.pipes = innermost.pipes + 1 if operator in ("|", "|&") else 0
        if innermost.pipes > MAX_PIPELINE:
            raise ScanError("too long a pipeline")
        return True

    def open_parenthesis(self) -> None:
        end = None
        if self.position is _Position.START:
            end = self.reader.arithmetic_command(self.at)
        if end is not None:
            self.hide_compound(end)
            return
        self.keep("(")
        self.push(")")
        self.position = _Position.START

    def close_parenthesis(self) -> bool:
        is_open = any(compound.closer == ")" for compound in self.open)
        if self.closer == ")" and not is_open:
            return False
        self.keep(")")
        self.pop(")")
        self.position = _Position.START
        return True

    def hide_compound(self, end: int) -> None:
        # Like a subshell it may be followed by redirections and reserved words, not by words.
        self.hide(end, "(w", ")")
        self.position = _Position.START

    def word(self) -> bool:
        if self.position is _Position.START:
            prefix = _PREFIX.match(self.text, self.at)
            if prefix:
                self.skip(prefix.end())
                return True
            reserved = _RESERVED.match(self.text, self.at)
            if reserved:
                return self.reserved(reserved.group())
        if self.position is not _Position.ARGUMENTS and self.assignment():
            return True
        word, end = self.reader.word(self.at)
        if end == self.at:
            self.keep(self.text[end])  # a redirection to nowhere: bashlex will object
            return True
        self.reader.tables.words[self.at] = word
        self.hide(end)
        if self.position is _Position.START and self.function_parentheses():
            return True
        if self.position in (_Position.START, _Position.PREFIX):
            declares = word.literal in _DECLARATIONS
            self.position = _Position.DECLARATION if declares else _Position.ARGUMENTS
        return True

    def assignment(self) -> bool:
        found = self.reader.assignment(self.at)
        if found is None:
            return False
        self.reader.tables.words[self.at], end = found
        self.hide(end)
        if self.position is _Position.START:
            self.position = _Position.PREFIX
        return True

    def function_parentheses(self) -> bool:
        found = _FUNCTION_PARENTHESES.match(self.text, self.at)
        if found is None:
            return False
        self.keep(found.group())
        self.unfinished = True
        return True

    # --- reserved words

    def reserved(self, word: str) -> bool:
        """Mask what a reserved word begins; false if it ends the list."""
        if word == "esac" and self.closer == ";;":
            return False
        innermost = self.open[-1]
        if word == "case":
            self.hide_compound(self.reader.case(self.at))
        elif word == "[[":
            self.hide_compound(self.reader.test(self.at))
        elif word == "function":
            self.function()
        elif word in ("for", "select"):
            self.for_header(word)
        elif word == "do" and innermost.closer in ("do", "for"):
            if innermost.closer == "do":
                self.end_condition()
            innermost.closer = "done"
            self.keep(word)
        elif word == "{" and innermost.closer == "for":
            innermost.closer = "}"
            self.keep(word)
        else:
            self.keep(word)
            if word in _CLOSER:
                self.push(_CLOSER[word])
            elif word == "!":
                innermost.pipes += 1
            else:
                self.pop(word)
        return True

    def end_condition(self) -> None:
        """Put ``;`` for the newline that ends the condition of a loop.

        bashlex wants a list there, and takes one command and a newline for less than that.
        """
        newline, index = 0, len(self.pieces) - 1
        while index and (self.pieces[index].isspace() or not self.pieces[index]):
            if self.pieces[index] == "\n":
                newline = index
            index -= 1
        if newline and self.pieces[index] not in (";", "&"):
            self.pieces[newline] = ";"

    def function(self) -> None:
        """``function name``, with or without parentheses."""
        self.keep("function")
        self.skip(self.reader.blanks(self.at))
        if self.name() and not self.function_parentheses():
            self.unfinished = True

    def name(self) -> bool:
        """A word that is only a name."""
        found = _NAME.match(self.text, self.at)
        if found is None:
            return False
        span = self.reader.span(self.at, found.end())
        self.reader.tables.words[self.at] = Word(span, (Literal(span, found.group()),))
        self.hide(found.end())
        return True

    def for_header(self, word: str) -> None:
        """``for`` or ``select`` up to ``in``, or all of ``for ((…))``."""
        self.keep("for".ljust(len(word)))
        self.push("for")
        self.skip(self.reader.blanks(self.at))
        end = self.reader.for_clauses(self.at)
        if end is not None:
            semicolon_follows = self.text.startswith(";", self.reader.blanks(end))
            self.hide(end, "w", "" if semicolon_follows else ";")
        elif self.name():
            found = _FOR_IN.match(self.text, self.at)
            if found:
                self.skip(found.end() - len("in"))
                self.keep("in")
                self.position = _Position.ARGUMENTS
