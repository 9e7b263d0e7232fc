"""Reading the options of sbatch, salloc and srun as getopt_long does.

Slurm's programs stop at the first word that is no option (getopt's ``+``), so that what is
read also says where the script or the inner command begins. A word may be unknown: one that
may hold options (``"$@"``, ``$EXTRA``) leaves the reading open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from doctor.base.record import Record
from doctor.slurm.table import (
    PER_COMPONENT,
    Takes,
    find_letter,
    find_long,
    is_ambiguous,
    nearest,
)

if TYPE_CHECKING:
    from doctor.values.value import Value


class Option(Record):
    """An option that is given: its full long name, its value, and the word that names it.

    One that Slurm doesn't know has its name as written, and ``known`` is false: it may be a
    plugin's. ``value`` is None where none is given; ``word`` is None for one that comes from
    the environment.
    """

    name: str
    value: Value | None
    word: Value | None = None
    short: bool = False
    known: bool = True


class Refusal(Record):
    """Why Slurm's program would refuse a word: it knows no such option, it needs a value, ….

    ``meant`` is the option that a misspelt one is like. ``sure`` is false where a plugin may
    have an option of that name, or the word may be the value of one.
    """

    word: Value
    problem: str
    meant: str | None = None
    sure: bool = True


class Given(Record):
    """The options that one component of a job or step is given, the last of a name counting.

    ``rest`` is the index of the first word that is no option: the script or the inner command
    (None if there is none). ``open`` is true if an unknown word may hold further options.
    ``refusals`` are the words that Slurm's program would refuse.
    """

    program: str
    options: tuple[Option, ...] = ()
    rest: int | None = None
    open: bool = False
    refusals: tuple[Refusal, ...] = ()

    @property
    def problem(self) -> str | None:
        """Why Slurm's program would refuse the words."""
        return self.refusals[0].problem if self.refusals else None

    def last(self, *names: str) -> Option | None:
        """The last option of any of these names."""
        return next((option for option in reversed(self.options) if option.name in names), None)


def read_options(words: Sequence[Value], program: str) -> Given:
    """The options among ``words`` where nothing else may stand, as in a script's header.

    sbatch refuses a script with other words there; here they are passed over, for they may
    be the values of a plugin's options.
    """
    reader = _Reader(words, program)
    while reader.read():
        reader.skip()
    return reader.given()


def read_components(words: Sequence[Value], program: str) -> tuple[Given, ...]:
    """The options of each component of a command line; ``:`` stands between components."""
    components = [_read_component(words, program, 0)]
    while (colon := _colon(words, components[-1])) is not None:
        components.append(_read_component(words, program, colon + 1))
    return tuple(components)


def _read_component(words: Sequence[Value], program: str, start: int) -> Given:
    reader = _Reader(words, program, start)
    reader.read()
    reader.take_last_unknown_for_command()
    return reader.given()


def combine(
    script: Sequence[Given] = (),
    line: Sequence[Given] = (),
) -> tuple[Given, ...]:
    """What each component of a job is given, all in all.

    The command line outranks the script's header. Options that are
    not of one component only, such as ``--exclude``, go on to the components that follow. If
    the command line has fewer components than the script, its last one counts for the rest.
    """
    combined: list[Given] = []
    carried: tuple[Option, ...] = ()
    for index in range(max(len(script), len(line), 1)):
        header = script[index] if index < len(script) else Given("sbatch")
        command = line[min(index, len(line) - 1)] if line else replace(header, options=())
        options = (*carried, *header.options, *command.options)
        open_ = header.open or command.open
        refusals = (*header.refusals, *command.refusals)
        combined.append(replace(command, options=options, open=open_, refusals=refusals))
        carried = tuple(option for option in options if option.name not in PER_COMPONENT)
    return tuple(combined)


def _colon(words: Sequence[Value], component: Given) -> int | None:
    """Where the ``:`` after a component stands; only srun has a command before it."""
    if component.rest is None:
        return None
    places = range(component.rest, len(words)) if component.program == "srun" else (component.rest,)
    return next((place for place in places if words[place].text == ":"), None)


class _Reader:
    """One run of getopt_long over words, some of them perhaps unknown."""

    def __init__(self, words: Sequence[Value], program: str, start: int = 0) -> None:
        self.words = words
        self.program = program
        self.at = start
        self.options: list[Option] = []
        self.unknown: list[int] = []
        self.rest: int | None = None
        self.refusals: list[Refusal] = []

    def given(self) -> Given:
        options, is_open = tuple(self.options), bool(self.unknown)
        return Given(self.program, options, self.rest, is_open, tuple(self.refusals))

    def read(self) -> bool:
        """Read options up to a word that is none; false if there is no such word."""
        while self.at < len(self.words):
            word = self.words[self.at]
            if word.text == "--":
                self.rest = self.at + 1 if self.at + 1 < len(self.words) else None
                return self.rest is not None
            if not word.prefix.startswith("-") or word.text == "-":
                if not _may_be_options(word):
                    self.rest = self.at
                    return True
                self.unknown.append(self.at)
            elif word.prefix.startswith("--"):
                self._read_long(word)
            else:
                self._read_letters(word)
            self.at += 1
        return False

    def skip(self) -> None:
        """Pass over a word that ought not to be there."""
        word, before = self.words[self.at], self.options[-1:]
        valued = any(self._may_take(option, self.words[self.at - 1]) for option in before)
        self._refuse(word, f"{word.display} is not an option", sure=not valued)
        self.at += 1
        self.rest = None

    def take_last_unknown_for_command(self) -> None:
        """``sbatch --gres=gpu:8 $SCRIPT``: something must be run, and nothing else is left."""
        wraps = any(option.name == "wrap" for option in self.options)
        last = len(self.words) - 1
        if self.rest is not None or self.program == "salloc" or wraps:
            return
        if self.unknown[-1:] == [last] and _may_be_command(self.words[last]):
            self.rest = self.unknown.pop()

    def _read_long(self, word: Value) -> None:
        written, equals, _ = word.prefix[2:].partition("=")
        if not equals and word.text is None:
            self.unknown.append(self.at)
            return
        value = word.slice(len(written) + 3) if equals else None
        spec = find_long(self.program, written)
        if spec is None:
            self._refuse_name(word, written)
            self.options.append(Option(written, value, word, known=False))
            return
        if spec.takes is Takes.NONE and equals:
            self._refuse(word, f"--{spec.name} takes no value")
        if spec.takes is Takes.REQUIRED and value is None:
            value = self._next_word(f"--{spec.name}")
        self.options.append(Option(spec.name, value, word))

    def _read_letters(self, word: Value) -> None:
        """A word such as ``-N2``, ``-HN2`` or ``-x=gpu01`` (whose value begins with ``=``)."""
        for place in count(1):
            if place >= len(word.prefix):
                if word.text is None:
                    self.unknown.append(self.at)
                return
            letter = word.prefix[place]
            spec = find_letter(self.program, letter)
            if spec is None:
                self._refuse(word, f"-{letter} is not an option of {self.program}")
                return
            if spec.takes is Takes.NONE:
                self.options.append(Option(spec.name, None, word, short=True))
                continue
            attached = len(word.display) > place + 1
            value = word.slice(place + 1) if attached else None
            if value is None and spec.takes is Takes.REQUIRED:
                value = self._next_word(f"-{letter}")
            self.options.append(Option(spec.name, value, word, short=True))
            return

    def _next_word(self, option: str) -> Value | None:
        if self.at + 1 >= len(self.words):
            self._refuse(self.words[self.at], f"{option} needs a value")
            return None
        self.at += 1
        return self.words[self.at]

    def _refuse(
        self, word: Value, problem: str, meant: str | None = None, sure: bool = True
    ) -> None:
        self.refusals.append(Refusal(word, problem, meant, sure and not self.unknown))

    def _refuse_name(self, word: Value, written: str) -> None:
        """An option of no release; one that is like none that is known may be a plugin's."""
        several = is_ambiguous(self.program, written)
        near = None if several else nearest(self.program, written)
        problem = f"--{written} is not an option of {self.program}, or an ambiguous one"
        self._refuse(word, problem, near and f"--{near}", several or near is not None)

    def _may_take(self, option: Option, word: Value) -> bool:
        """Whether the word behind an option may be its value, in some release or by a plugin."""
        if option.word is not word or option.value is not None:
            return False
        spec = find_long(self.program, option.name)
        return spec is None or spec.takes is Takes.OPTIONAL


def _may_be_options(word: Value) -> bool:
    """Whether a word is unknown and may be any number of options."""
    return word.many and not word.prefix


def _may_be_command(word: Value) -> bool:
    """Whether an unknown word may be one command: ``$@``, ``$*`` and whole arrays are lists."""
    return not word.prefix and "@" not in word.display and "*" not in word.display
