"""The tree of a shell script: what every later stage sees instead of bashlex's nodes.

A ``Span`` is a pair of offsets into the text that was parsed, the end exclusive. The text of
a node is always ``text[span.start:span.end]``. All nodes are frozen; a ``Block`` is a tuple of
statements in the order in which they are written.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from doctor.base.record import Record


class Span(NamedTuple):
    """Offsets into the parsed text; ``end`` is exclusive."""

    start: int
    end: int


# --- words ---------------------------------------------------------------------------------


class Literal(Record):
    """Text that stands for itself. ``text`` is what remains after quote removal.

    ``quoted`` text keeps its blanks and globs; unquoted text may hold globs, braces and, at
    the start of a word, a tilde. Every quoted stretch, escape and bare stretch is a part of
    its own, so ``span`` (which includes the quotes) always covers exactly one kind of quoting.

    The spans of a word's parts tile the word. So an expansion cuts a double-quoted stretch,
    whose quotes go with the literals at its ends: ``"$a b"`` is ``"``, ``$a`` and `` b"``, the
    first with an empty text. Empty too are the ``$`` of ``$"…"`` and, unquoted, a backslash
    that joins two lines. What is read as if between double quotes is quoted: here-documents
    and arithmetic.
    """

    span: Span
    text: str
    quoted: bool = False


class Parameter(Record):
    """``$name``, ``${name}``, ``${name:-word}`` and every other parameter expansion.

    ``name`` is a variable, a positional number or one of ``@*#?$!-``. ``subscript`` is the text
    between the brackets of an array reference, or None. ``operator`` is what follows: empty,
    or one of ``:- - := = :? ? :+ + # ## % %% / // /# /% : ^ ^^ , ,, ~ ~~ @ *``; ``argument`` is
    the word after it (for ``/``, pattern and replacement with the slash between; for ``:``,
    offset and length), None where there is no operator. ``length`` is true for ``${#name}``,
    ``indirect`` for ``${!name}`` and, with the operator ``*`` or ``@``, for the names that
    begin like this. What reads like no expansion, as ``${{ x }}``, is a literal.
    """

    span: Span
    name: str
    subscript: str | None = None
    operator: str = ""
    argument: Word | None = None
    quoted: bool = False
    length: bool = False
    indirect: bool = False


class Substitution(Record):
    """``$(…)``, backticks, ``<(…)`` or ``>(…)``: ``opener`` is one of ``$( ` <( >(``."""

    span: Span
    opener: str
    body: Block
    quoted: bool = False


class Arithmetic(Record):
    """``$((…))`` or ``$[…]``; ``expression`` is the word between the brackets."""

    span: Span
    expression: Word
    quoted: bool = False


Part: TypeAlias = "Literal | Parameter | Substitution | Arithmetic"


class Word(Record):
    """A word as the shell reads it, before expansion."""

    span: Span
    parts: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """The word's text if nothing in it is expanded, else None."""
        texts = [part.text for part in self.parts if isinstance(part, Literal)]
        return "".join(texts) if len(texts) == len(self.parts) else None


class Element(Record):
    """An element of an array value; ``key`` is the text between brackets in ``[key]=value``."""

    span: Span
    key: Word | None
    value: Word


class Array(Record):
    """``( … )`` on the right of an assignment."""

    span: Span
    elements: tuple[Element, ...]


class Assignment(Record):
    """``name=value``, ``name+=value``, ``name[subscript]=value`` or ``name=( … )``.

    Also used for such words after ``export``, ``declare``, ``local``, ``readonly`` and
    ``typeset``. An empty value is a word without parts.
    """

    span: Span
    name: str
    value: Word | Array
    subscript: str | None = None
    append: bool = False


class HereDocument(Record):
    """The body of a here-document.

    ``span`` is the delimiter word, ``body`` the lines (without the closing delimiter) as a
    word whose span lies elsewhere in the text. If ``quoted``, the body is one quoted literal;
    otherwise it holds expansions. With ``strip_tabs`` (``<<-``) leading tabs are removed from
    the literals' text.
    """

    span: Span
    delimiter: str
    body: Word
    quoted: bool = False
    strip_tabs: bool = False


class Redirect(Record):
    """A redirection. ``operator`` is one of ``< > >> >| <> <& >& &> &>> << <<- <<<``.

    ``descriptor`` is the number or ``{name}`` before it, or None. ``target`` is a word (for
    ``>&`` and ``<&`` it may be a number or ``-``) or a here-document.
    """

    span: Span
    operator: str
    descriptor: str | None
    target: Word | HereDocument


# --- commands ------------------------------------------------------------------------------


class Simple(Record):
    """A simple command. ``words`` is empty where there are only assignments or redirections.

    After ``export``, ``declare``, ``local``, ``readonly`` and ``typeset``, words of the form
    ``name=value`` stand in ``arguments`` as ``Assignment`` and not as ``Word``.
    """

    span: Span
    assignments: tuple[Assignment, ...]
    arguments: tuple[Word | Assignment, ...]
    redirects: tuple[Redirect, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        """The arguments that are plain words."""
        return tuple(word for word in self.arguments if isinstance(word, Word))


class Test(Record):
    """``[[ … ]]``: its words in order, operators and parentheses being words too."""

    span: Span
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


class ArithmeticCommand(Record):
    """``(( … ))``."""

    span: Span
    expression: Word
    redirects: tuple[Redirect, ...] = ()


class Pipeline(Record):
    """Commands joined by ``|`` or ``|&``; also one command with ``!`` before it.

    ``operators[i]`` stands between ``commands[i]`` and ``commands[i + 1]``.
    """

    span: Span
    commands: tuple[Command, ...]
    operators: tuple[str, ...] = ()
    negated: bool = False


class AndOr(Record):
    """Commands joined by ``&&`` and ``||``, which bind alike and to the left."""

    span: Span
    commands: tuple[Command, ...]
    operators: tuple[str, ...]


class IfArm(Record):
    """``if``/``elif`` condition and what follows ``then``."""

    condition: Block
    body: Block


class If(Record):
    span: Span
    arms: tuple[IfArm, ...]
    otherwise: Block | None = None
    redirects: tuple[Redirect, ...] = ()


class While(Record):
    """``while`` or, with ``until``, ``until``."""

    span: Span
    condition: Block
    body: Block
    until: bool = False
    redirects: tuple[Redirect, ...] = ()


class For(Record):
    """``for name in words`` or ``select``; ``words`` is None for ``for name`` over ``"$@"``."""

    span: Span
    name: str
    words: tuple[Word, ...] | None
    body: Block
    select: bool = False
    redirects: tuple[Redirect, ...] = ()


class ArithmeticFor(Record):
    """``for ((start; condition; step))``; each clause is a word, empty if left out."""

    span: Span
    start: Word
    condition: Word
    step: Word
    body: Block
    redirects: tuple[Redirect, ...] = ()


class CaseArm(Record):
    """One arm of a ``case``; ``terminator`` is ``;;``, ``;&``, ``;;&`` or empty at the end."""

    span: Span
    patterns: tuple[Word, ...]
    body: Block
    terminator: str = ";;"


class Case(Record):
    span: Span
    subject: Word
    arms: tuple[CaseArm, ...]
    redirects: tuple[Redirect, ...] = ()


class Function(Record):
    """A function's definition; redirections after it belong to its body."""

    span: Span
    name: str
    body: Command


class Group(Record):
    """``{ …; }``."""

    span: Span
    body: Block
    redirects: tuple[Redirect, ...] = ()


class Subshell(Record):
    """``( … )``."""

    span: Span
    body: Block
    redirects: tuple[Redirect, ...] = ()


class Unparsed(Record):
    """A statement that could not be read. ``reason`` says why in a few words."""

    span: Span
    reason: str


Command: TypeAlias = (
    "Simple | Test | ArithmeticCommand | Pipeline | AndOr | If | While | For | ArithmeticFor"
    " | Case | Function | Group | Subshell | Unparsed"
)


class Statement(Record):
    """A command of a list; ``background`` if ``&`` ends it."""

    command: Command
    background: bool = False


Block: TypeAlias = tuple[Statement, ...]


class Comment(Record):
    """A comment from its ``#`` to the end of the line; ``text`` includes the ``#``."""

    span: Span
    text: str


class Script(Record):
    """A parsed script. ``unparsed`` lists the statements that could not be read."""

    text: str
    body: Block
    comments: tuple[Comment, ...]
    unparsed: tuple[Unparsed, ...]
