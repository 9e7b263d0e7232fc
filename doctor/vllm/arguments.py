"""From argument words to flags, as vLLM's own parser reads them.

Some words are unknown, and an unknown word may be a flag, its value, or many of both. What is
said here is what holds all the same: after a flag that needs a value comes its value, a word
that begins with ``-`` is a flag, and where a word may hide flags the line is ``open``: a flag
that isn't seen may yet be given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Unknown, Value
from doctor.vllm.numerals import number_problem
from doctor.vllm.refused import Refusal, refused
from doctor.vllm.rows import Row
from doctor.vllm.spelling import NEGATABLE, Spelling, normal, resolve
from doctor.vllm.tables import Tables

_NEGATIVE = regex(r"-\d+|-\d*\.\d+")
_LIST_NAME = regex(r"[@*]|arg|opt|flag|extra|param", re.IGNORECASE)
_BOOLEAN = frozenset({"true", "false", "1", "0", "yes", "no"})
#: What is wrong with a value after a flag that is true or false.
NO_VALUE = "it takes no value"
#: Flags that are true or false, and the releases, without the second, in which they take a value.
_ONCE_VALUED: Mapping[str, tuple[str, str]] = {
    "--enable-chunked-prefill": ("0.6.0", NEGATABLE),
    "--multi-step-stream-outputs": ("0.6.0", NEGATABLE),
    "--guided-decoding-disable-additional-properties": ("0.11.0", "0.12.0"),
    "--guided-decoding-disable-any-whitespace": ("0.11.0", "0.12.0"),
    "--guided-decoding-disable-fallback": ("0.11.0", "0.12.0"),
}
#: From here on ``-O`` is ``--optimization-level``; before it was ``--compilation-config``.
_LEVELS = "0.12.0"


class Flag(Record):
    """A flag of the line.

    ``name`` is its full name (the spelling, where no release knows it), ``row`` what the tables
    say of it, ``word`` the word that names it, ``values`` the words that are its value,
    ``keys`` the dotted keys of ``--config.key value``, ``admits`` the releases that accept this
    spelling. ``problem`` says what is wrong with its value, ``wrong_in`` in which releases,
    ``may_change`` whether a release that the tables don't know may take it, ``unless_plugin`` in
    which releases a plug-in may.
    """

    name: str
    spelling: str
    row: Row | None
    word: Value
    values: tuple[Value, ...] = ()
    keys: tuple[str, ...] = ()
    negated: bool = False
    ambiguous: bool = False
    admits: int = 0
    problem: str | None = None
    wrong_in: int = 0
    may_change: bool = False
    unless_plugin: int = 0

    @property
    def value(self) -> Value | None:
        """Its value, the last one if it takes several."""
        return self.values[-1] if self.values else None


class Arguments(Record):
    """The line: its flags in order, its positional words, and whether more may be given.

    ``doubtful`` is true where a word that was taken for a flag's value may be positional.
    """

    flags: tuple[Flag, ...] = ()
    positional: tuple[Value, ...] = ()
    open: bool = False
    doubtful: bool = False

    def all(self, *names: str) -> list[Flag]:
        """The flags of these names, in the order in which they are given."""
        return [flag for flag in self.flags if flag.name in names]

    def last(self, *names: str) -> Flag | None:
        """The flag that counts: the last one of these names."""
        given = self.all(*names)
        return given[-1] if given else None


def read_arguments(words: Sequence[Value], tables: Tables, *, positional: bool) -> Arguments:
    """The arguments of a server; ``positional`` tells whether a model may stand without flag."""
    reader = _Reader(words, tables, positional)
    while reader.at < len(words):
        reader.step()
    return Arguments(tuple(reader.flags), tuple(reader.loose), reader.open, reader.doubtful)


def may_be_several(value: Value) -> bool:
    """Whether a word stands for a list of arguments: ``"$@"``, ``$EXTRA_ARGS``.

    An unquoted ``$PORT`` may expand to several words, too, but nobody means it to.
    """
    return value.many and len(value.pieces) == 1 and bool(_LIST_NAME.search(value.display))


class _Reader:
    def __init__(self, words: Sequence[Value], tables: Tables, positional: bool) -> None:
        self.words = words
        self.tables = tables
        self.positional = positional
        self.at = 0
        self.flags: list[Flag] = []
        self.loose: list[Value] = []
        self.open = False
        self.doubtful = False

    def step(self) -> None:
        word = self.words[self.at]
        self.at += 1
        if word.text == "--":
            self.loose += self.words[self.at :]
            self.at = len(self.words)
        elif not word.pieces or isinstance(word.pieces[0], Unknown):
            self.unknown_word(word)
        elif self.is_flag(word):
            self.flag(word)
        else:
            self.loose.append(word)

    def unknown_word(self, word: Value) -> None:
        """A word that begins with an unknown: the model if one is wanted, else perhaps flags."""
        wanted = self.positional and not self.loose
        if not word.pieces or (wanted and not may_be_several(word)) or _is_path(word):
            self.loose.append(word)
        else:
            self.open = True
            self.take_loose()

    def is_flag(self, word: Value) -> bool:
        start = word.prefix
        if not start.startswith("-") or len(word.display) < 2 or _NEGATIVE.fullmatch(start):
            return False
        option = start.partition("=")[0]
        return " " not in option or normal(option) in self.tables.spellings

    def flag(self, word: Value) -> None:
        equals = word.shadow.find("=")
        name_word = word if equals < 0 else word.slice(0, equals)
        explicit = None if equals < 0 else word.slice(equals + 1)
        option = name_word.text
        if option is None:  # --$FLAG, --$NAME=8
            self.open = True
            if explicit is None:
                self.take_loose()
        elif option.startswith("-O"):
            self.optimization(word, option, explicit)
        elif "." in option:
            self.dotted(word, name_word, option, explicit)
        else:
            self.plain(name_word, option, explicit)

    def plain(self, word: Value, option: str, explicit: Value | None) -> None:
        found = resolve(normal(option), self.tables.spellings)
        if found.row is None and not option.startswith("--") and explicit is None:
            short = self.tables.spellings.get(option[:2])
            if short and short.row and not short.row.switch:  # -qfp8
                found, explicit, word = short, word.slice(2), word.slice(0, 2)
                option = option[:2]
        if found.row is None:
            self.unknown_flag(word, option, explicit, found)
        elif found.row.switch:
            self.switch(word, option, explicit, found)
        else:
            self.valued(word, option, explicit, found, found.row)

    def unknown_flag(
        self, word: Value, option: str, explicit: Value | None, found: Spelling
    ) -> None:
        values = self.take_loose() if explicit is None else [explicit]
        self.add(option, word, values, found)

    def switch(self, word: Value, option: str, explicit: Value | None, found: Spelling) -> None:
        """A flag without a value, though some people give it one.

        The server's module takes a loose word for the model's tag, which it then ignores.
        """
        loose = explicit is None and self.next_text().lower() in _BOOLEAN
        if loose:
            explicit = self.words[self.at]
            self.at += 1
        if explicit is None:
            self.add(option, word, [], found)
            return
        if found.row and (valued := self.once_valued(found.row.name)):
            found = Spelling(found.row, found.admits & valued, found.negated)
        refused = self.positional or not loose
        self.add(option, word, [explicit], found, NO_VALUE if refused else None)

    def valued(
        self, word: Value, option: str, explicit: Value | None, found: Spelling, row: Row
    ) -> None:
        many, optional = row.kind == "list", row.kind == "optional_value"
        values = [] if explicit is None else [explicit]
        while explicit is None and (many or not values) and self.next_is_value():
            values.append(self.words[self.at])
            self.at += 1
            if may_be_several(values[-1]):
                self.open = True
        if len(values) > 1:
            self.doubtful = True
        last = values[-1] if values else None
        missing = last is None and not optional
        problem = "its value is missing" if missing else number_problem(row.kind, last, row.name)
        refusal = refused(row, (), last, self.tables) if last is not None and not problem else None
        self.add(option, word, values, found, problem, refusal=refusal)

    def dotted(self, word: Value, name: Value, option: str, explicit: Value | None) -> None:
        """``--config.key value``: one entry of a JSON value."""
        head, *keys = normal(option).split(".")
        found = resolve(head, self.tables.spellings)
        if explicit is None and self.at < len(self.words):
            explicit = self.words[self.at]
            self.at += 1
        problem = "its value is missing" if explicit is None else None
        values = [] if explicit is None else [explicit]
        refusal = None
        if found.row is not None and explicit is not None:
            refusal = refused(found.row, tuple(keys), explicit, self.tables)
        self.add(option, name, values, found, problem, tuple(keys), refusal)

    def optimization(self, word: Value, option: str, explicit: Value | None) -> None:
        """``-O3``, ``-O 3``, and up to 0.11.2 ``-O '{…}'`` and ``-O.key=value``."""
        config = self.tables.spellings.get("--compilation-config", Spelling(None))
        as_json = Spelling(config.row, config.admits & self.tables.before(_LEVELS))
        if option.startswith("-O."):
            keys = tuple(option[3:].split("."))
            if explicit is None and self.at < len(self.words):
                explicit = self.words[self.at]
                self.at += 1
            self.add(option, word, [explicit] if explicit else [], as_json, keys=keys)
            return
        if option != "-O":
            explicit = word.slice(2)
        elif explicit is None and self.next_is_value():
            explicit = self.words[self.at]
            self.at += 1
        level = self.tables.spellings.get("--optimization-level", Spelling(None))
        is_level = explicit is None or explicit.text in ("0", "1", "2", "3")
        either = Spelling(level.row, config.admits | level.admits)
        values = [] if explicit is None else [explicit]
        self.add("-O", word, values, either if is_level else as_json)

    def next_text(self) -> str:
        return (self.words[self.at].text or "") if self.at < len(self.words) else ""

    def next_is_value(self) -> bool:
        return self.at < len(self.words) and not self.is_flag(self.words[self.at])

    def take_loose(self) -> list[Value]:
        """The word that may be the value of a flag that isn't known."""
        if not self.next_is_value():
            return []
        self.doubtful = True
        self.at += 1
        return [self.words[self.at - 1]]

    def once_valued(self, name: str) -> int:
        """The releases in which a flag that is true or false takes a value."""
        if name not in _ONCE_VALUED:
            return 0
        first, end = _ONCE_VALUED[name]
        return self.tables.since(first) & self.tables.before(end)

    def add(
        self,
        option: str,
        word: Value,
        values: Sequence[Value],
        found: Spelling,
        problem: str | None = None,
        keys: tuple[str, ...] = (),
        refusal: Refusal | None = None,
    ) -> None:
        name = found.row.name if found.row else normal(option).partition(".")[0]
        if name == "--config":
            self.open = True
        wrong_in = 0
        if problem:
            wrong_in = self.tables.every & ~(self.once_valued(name) if values else 0)
        elif refusal is not None:
            problem, wrong_in = refusal.reason, refusal.releases
        self.flags.append(
            Flag(
                name=name,
                spelling=option,
                row=found.row,
                word=word,
                values=tuple(values),
                keys=keys,
                negated=found.negated,
                ambiguous=found.ambiguous,
                admits=found.admits,
                problem=problem,
                wrong_in=wrong_in,
                may_change=refusal is not None,
                unless_plugin=refusal.unless_plugin if refusal is not None else 0,
            )
        )


def _is_path(word: Value) -> bool:
    """``$ROOT/model`` is one word, and no flag."""
    return "/" in word.shadow
