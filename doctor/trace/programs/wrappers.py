"""Wrappers: programs that start another program, taken off a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.base.regex import regex
from doctor.trace.programs.options import Unwrapped, Wrapper, after_dashes, read_options
from doctor.trace.programs.table import PROGRAMS, without_options
from doctor.values.value import Value

#: What people call a variable that holds options.
_OPTION_LIST = regex(r"ARG|OPT|FLAG|BIND|MOUNT|ENVS|EXTRA|:\+", re.IGNORECASE)
_LONGEST = max(len(words) for words, program in PROGRAMS.items() if program.wraps)


def unwrap(arguments: Sequence[Value]) -> Unwrapped | None:
    """The command line of a wrapper taken apart; None if it is no wrapper."""
    arguments = without_options(arguments)
    words = [_program(arguments) if arguments else None]
    words += [value.text for value in arguments[1:_LONGEST]]
    for count in range(min(_LONGEST, len(arguments)), 0, -1):
        key = tuple(word for word in words[:count] if word is not None)
        program = PROGRAMS.get(key) if len(key) == count else None
        if program is not None and program.wraps is not None:
            wrapper = program.wraps
            options, rest = _own_options(arguments[count:], wrapper)
            operands = tuple(rest[: wrapper.operands])
            inner = rest[wrapper.operands :]
            if wrapper.line:  # which may stand after the operand, too
                more, inner = read_options(inner, wrapper.short, wrapper.long)
                options += more
                lines = [v for name, v in options if name in wrapper.line and v is not None]
                inner = lines[-1:] or inner
            return Unwrapped(key, wrapper, tuple(options), operands, tuple(after_dashes(inner)))
    return None


def _own_options(
    arguments: Sequence[Value], wrapper: Wrapper
) -> tuple[list[tuple[str, Value | None]], list[Value]]:
    """A wrapper's options, lists of them that nobody knows included, and the words after them."""
    options, rest = read_options(arguments, wrapper.short, wrapper.long)
    while _is_option_list(rest, wrapper.operands):
        options.append(("…", rest[0]))
        more, rest = read_options(rest[1:], wrapper.short, wrapper.long)
        options += more
    return options, rest


def _is_option_list(words: Sequence[Value], operands: int) -> bool:
    """Whether the first word, ``$SRUN_ARGS``, stands for options and not for an operand."""
    if len(words) <= max(1, operands) or not words[0].many or words[0].prefix:
        return False
    name = words[0].display
    follows = words[1].prefix.startswith("-")
    return operands == 0 or follows or "@" in name or _OPTION_LIST.search(name) is not None


def _program(arguments: Sequence[Value]) -> str | None:
    """A program's name without its folder, known even where the folder is not.

    ``"$CONTAINER" exec IMAGE …`` is taken for Apptainer: no other program is called so.
    """
    name = arguments[0].shadow.rpartition("/")[2]
    runs = len(arguments) > 2 and arguments[1].text in ("exec", "run")
    return "apptainer" if runs and name and not name.strip("\0") else name or None


def is_wrapper(name: str) -> bool:
    """Whether a program of this name starts another one."""
    return any(words[0] == name and program.wraps for words, program in PROGRAMS.items())
