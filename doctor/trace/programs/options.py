"""Command lines of programs that start another program: their options, and what is within."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.record import Record
from doctor.values.value import Value


class Wrapper(Record):
    """How to read a wrapper's command line.

    ``short`` and ``long`` are the options that take a value, ``operands`` the words between
    the options and the inner command (a duration, a host, an image). ``detaches`` are options
    with which the inner command goes on in the background. ``text`` is true if what follows is
    a shell command line and not a list of words; ``line`` are options whose value is such a line,
    before the operands or after them. ``typed`` are values of options with which what follows is
    typed into a shell elsewhere.
    """

    short: str = ""
    long: frozenset[str] = frozenset()
    operands: int = 0
    detaches: frozenset[str] = frozenset()
    text: bool = False
    line: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()


class Unwrapped(Record):
    """A wrapper's command line taken apart.

    ``options`` are its options by name (``-n``, ``--name``) with their values in order;
    ``operands`` the words of its own; ``inner`` the words of the command within.
    """

    words: tuple[str, ...]
    wrapper: Wrapper
    options: tuple[tuple[str, Value | None], ...]
    operands: tuple[Value, ...]
    inner: tuple[Value, ...]

    def values(self, *names: str) -> list[Value]:
        """The values given to an option under any of its names."""
        return [value for name, value in self.options if name in names and value is not None]

    def given(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)

    @property
    def text(self) -> bool:
        """Whether a shell reads what is within as a line."""
        return self.wrapper.text or self.typed or self.given(*self.wrapper.line)

    @property
    def typed(self) -> bool:
        """Whether what is within are keys, typed into a shell that is there already."""
        said = {*self.words, *(value.text for _, value in self.options if value is not None)}
        return bool(self.wrapper.typed & said)

    @property
    def detached(self) -> bool:
        if self.typed:
            return True
        spellings = {name for name, _ in self.options} | set(self.words)
        return bool(self.wrapper.detaches & spellings)


def names(text: str) -> frozenset[str]:
    """The names in a text, one between two blanks."""
    return frozenset(text.split())


def after_dashes(inner: Sequence[Value]) -> Sequence[Value]:
    """The words after the ``--`` that ends the options, if there is one."""
    return inner[1:] if inner and inner[0].text == "--" else inner


def read_options(
    arguments: Sequence[Value], short: str, long: frozenset[str]
) -> tuple[list[tuple[str, Value | None]], list[Value]]:
    """Options up to the first other word, and the words from there on.

    ``short`` and ``long`` name the options that take a value; of clustered letters each counts.
    """
    options: list[tuple[str, Value | None]] = []
    rest = list(arguments)
    while rest:
        display = rest[0].display
        if not display.startswith("-") or display in ("-", "--"):
            break
        argument = rest.pop(0)
        if display.startswith("--"):
            name, equals, _ = display.partition("=")
            value = argument.slice(len(name) + 1) if equals else None
            if not equals and name[2:] in long and rest:
                value = rest.pop(0)
            options.append((name, value))
        elif display[1:] in long:
            options.append((f"-{display}", rest.pop(0) if rest else None))
        else:
            _read_letters(argument, short, options, rest)
    return options, rest


def _read_letters(
    argument: Value, short: str, options: list[tuple[str, Value | None]], rest: list[Value]
) -> None:
    letters = argument.display
    for index in range(1, len(letters)):
        name = f"-{letters[index]}"
        if letters[index] not in short:
            options.append((name, None))
            continue
        value = argument.slice(index + 1) if index + 1 < len(letters) else None
        if value is None and rest:
            value = rest.pop(0)
        options.append((name, value))
        return
    if len(letters) > 2:
        options.append((letters, None))
