"""`find`: its expression as a tree, and what is sure of a file when one of its actions is reached.

`find /tmp -name a -print -o -delete` deletes what is *not* called ``a``: an action is guarded by
the tests that have held before it, and by no others. After find(1) of findutils 4.9, "OPERATORS".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from doctor.base.record import Record
from doctor.values.value import Value

#: Longer expressions, and deeper ones, are not read.
MAX_WORDS = 200
MAX_DEPTH = 20
_LINKS = ("-H", "-L", "-P")
_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_PRINTS = frozenset({"-print", "-print0", "-ls", "-printf", "-fprint", "-fprint0", "-fls"})
#: What acts on files or on the search, beside programs that are run.
_ACTS = _PRINTS | {"-fprintf", "-delete", "-prune", "-quit"}
_OPTIONS = frozenset(
    "-d -daystart -depth -follow -ignore_readdir_race -maxdepth -mindepth -mount "
    "-noignore_readdir_race -noleaf -nowarn -regextype -warn -xdev".split()
)
_ALWAYS_TRUE = _PRINTS | _OPTIONS | {"-true", "-prune"}
_WITH_VALUE = frozenset(
    "-amin -anewer -atime -cmin -cnewer -context -ctime -fls -fprint -fprint0 -fstype -gid -group "
    "-ilname -iname -inum -ipath -iregex -iwholename -links -lname -maxdepth -mindepth -mmin "
    "-mtime -name -newer -path -perm -printf -regex -regextype -samefile -size -type -uid -used "
    "-user -wholename -xtype".split()
)
_AND, _OR, _NOT = ("-a", "-and"), ("-o", "-or"), ("!", "-not")


class Primary(Record):
    """A test, an option or an action: its words, and its place among those of the command.

    ``name`` is empty where nobody knows what it is: ``$FILTER``.
    """

    at: int
    name: str
    words: tuple[Value, ...]

    @property
    def value(self) -> Value | None:
        """What a test asks for: the pattern of ``-name``."""
        return self.words[1] if len(self.words) > 1 else None

    @property
    def word(self) -> str:
        """The text of what a test asks for, empty where that is not known."""
        return (self.value.text or "") if self.value is not None else ""

    @property
    def acts(self) -> bool:
        """Whether it does something with the file, or with the search."""
        return self.name in _ACTS or self.name in _RUNS

    @property
    def runs(self) -> str | None:
        """The program that it starts for the file, if it starts one."""
        value = self.value
        if self.name not in _RUNS or value is None:
            return None
        return value.display.rpartition("/")[2]

    @property
    def outcomes(self) -> tuple[bool, bool]:
        """Whether it may be true, and whether it may be false."""
        if self.name == "-quit":
            return False, False
        at_the_end = self.name in _RUNS and self.words[-1].text == "+"
        return self.name != "-false", self.name not in _ALWAYS_TRUE and not at_the_end


class Combined(Record):
    """Expressions joined by an operator: ``and``, ``or``, ``list`` (the comma), or one ``not``."""

    operator: str
    parts: tuple[Expression, ...]


Expression: TypeAlias = "Primary | Combined"
#: The primaries that surely held, or None where nothing gets there.
Held: TypeAlias = "frozenset[Primary] | None"


class Search(Record):
    """A `find` command: where it searches, and what it does with each file."""

    links: tuple[str, ...]
    folders: tuple[Value, ...]
    expression: Expression

    def reached(self) -> list[tuple[Primary, Held]]:
        """Every primary with those that surely held when it is asked."""
        reached: list[tuple[Primary, Held]] = []
        _walk(self.expression, frozenset(), reached)
        return reached


def read(arguments: Sequence[Value]) -> Search | None:
    """The command whose words these are, without `find` itself; None where it can't be read."""
    if len(arguments) > MAX_WORDS:
        return None
    start = 0
    while start < len(arguments) and arguments[start].text in _LINKS:
        start += 1
    end = start
    while end < len(arguments) and not _begins_expression(arguments[end], end > start):
        end += 1
    reader = _Reader(arguments, end)
    expression = reader.whole(0)
    if expression is None or reader.at < len(arguments):
        return None
    links = tuple(value.display for value in arguments[:start])
    return Search(links, tuple(arguments[start:end]), expression)


def _begins_expression(word: Value, after_folder: bool) -> bool:
    """Whether the folders end before a word; ``$TESTS`` behind a folder may be anything."""
    unknown = after_folder and word.many and not word.prefix
    return unknown or word.display.startswith(("-", "(", "!"))


class _Reader:
    """A reader of one expression by recursive descent; each method gives None for no expression."""

    def __init__(self, words: Sequence[Value], at: int) -> None:
        self.words = words
        self.at = at

    def next(self, *expected: str) -> bool:
        """Whether the next word is one of these, which is then read."""
        found = self.at < len(self.words) and self.words[self.at].text in expected
        self.at += found
        return found

    def whole(self, depth: int) -> Expression | None:
        parts = [self.alternatives(depth)]
        while self.next(","):
            parts.append(self.alternatives(depth))
        return _combined("list", parts)

    def alternatives(self, depth: int) -> Expression | None:
        parts = [self.conjunction(depth)]
        while self.next(*_OR):
            parts.append(self.conjunction(depth))
        return _combined("or", parts)

    def conjunction(self, depth: int) -> Expression | None:
        parts = [self.negation(depth)]
        while parts[-1] is not None and self.at < len(self.words) and not self._ends():
            self.next(*_AND)
            parts.append(self.negation(depth))
        return _combined("and", parts)

    def _ends(self) -> bool:
        return self.words[self.at].text in (",", ")", *_OR)

    def negation(self, depth: int) -> Expression | None:
        negated = False
        while self.next(*_NOT):
            negated = not negated
        part = self.group(depth)
        return Combined("not", (part,)) if negated and part is not None else part

    def group(self, depth: int) -> Expression | None:
        if not self.next("("):
            return self.primary()
        inside = self.whole(depth + 1) if depth < MAX_DEPTH else None
        return inside if self.next(")") else None

    def primary(self) -> Primary | None:
        if self.at == len(self.words):
            return None
        start, name = self.at, self.words[self.at].text or ""
        self.at += 1
        if name in _RUNS:
            while self.at < len(self.words) and not self._ends_program():
                self.at += 1
            self.at += 1
        elif name in _WITH_VALUE or name.startswith("-newer"):
            self.at += 1
        elif name == "-fprintf":
            self.at += 2
        if self.at > len(self.words):
            return None
        return Primary(start, name, tuple(self.words[start : self.at]))

    def _ends_program(self) -> bool:
        word, before = self.words[self.at].text, self.words[self.at - 1].text
        return word == ";" or (word == "+" and before == "{}")


def _combined(operator: str, parts: Sequence[Expression | None]) -> Expression | None:
    read = tuple(part for part in parts if part is not None)
    if len(read) < len(parts):
        return None
    return read[0] if len(read) == 1 else Combined(operator, read)


def _walk(
    expression: Expression, held: Held, reached: list[tuple[Primary, Held]]
) -> tuple[Held, Held]:
    """What surely held after an expression that was true, and after one that was false."""
    if isinstance(expression, Primary):
        reached.append((expression, held))
        may_hold, may_fail = expression.outcomes
        true = held | {expression} if may_hold and held is not None else None
        return true, held if may_fail else None
    if expression.operator == "not":
        true, false = _walk(expression.parts[0], held, reached)
        return false, true
    others: Held = None
    for part in expression.parts:
        true, false = _walk(part, held, reached)
        if expression.operator == "and":
            held, others = true, _common(others, false)
        elif expression.operator == "or":
            held, others = false, _common(others, true)
        else:
            last, held = (true, false), _common(true, false)
    if expression.operator == "list":
        return last
    return (held, others) if expression.operator == "and" else (others, held)


def _common(one: Held, other: Held) -> Held:
    if one is None or other is None:
        return other if one is None else one
    return one & other
