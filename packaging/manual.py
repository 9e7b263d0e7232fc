"""The man page, made of the commands' own help: `python packaging/manual.py > vllm-doctor.1`.

The wheel brings it, made by hatch_build.py, so that `man vllm-doctor` works where it is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import click

from doctor.cli.app import app

_NAME = "vllm-doctor"
_ENDS = """\
0: nothing was found. 1: something was found. 2: what was asked for could not be done, or not all
of it. 128 and the signal's number: a signal ended it.
"""
_FILES = """\
.vllm-doctor.toml, or [tool.vllm-doctor] in pyproject.toml, configures a project; `vllm-doctor
config` shows what is in force, `vllm-doctor init` writes one to start from.
"""


def page(version: str) -> str:
    """The page of a version, in the language of `man`."""
    lines = [f'.TH VLLM-DOCTOR 1 "" "{_NAME} {version}" "User Commands"']
    lines += [".SH NAME", rf"{_escaped(_NAME)} \- {_escaped(app.get_short_help_str(200))}"]
    context = click.Context(app, info_name=_NAME, **app.context_settings)
    lines += [".SH SYNOPSIS", *_usage(context), ".SH OPTIONS", *_options(context)]
    lines += [".SH COMMANDS", *_commands(app, context)]
    lines += [".SH EXIT STATUS", *_paragraphs(_ENDS), ".SH FILES", *_paragraphs(_FILES)]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        own = click.Context(command, info_name=name, parent=context)
        yield f'.SS "{_escaped(own.command_path)}"'
        yield from _usage(own)
        yield from _paragraphs(command.help or "")
        yield from _options(own)
        if isinstance(command, click.Group):
            yield from _commands(command, own)


def _usage(context: click.Context) -> Iterator[str]:
    words = " ".join(context.command.collect_usage_pieces(context))
    yield ".PP"
    yield rf"\fB{_escaped(context.command_path)}\fR {_escaped(words)}"


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", rf"\fB{_escaped(record[0])}\fR", _escaped(record[1]) or r"\&")


def _paragraphs(text: str) -> Iterator[str]:
    for each in dedent(text).strip().split("\n\n"):
        yield ".PP"
        yield _escaped(" ".join(each.split()))


#: How the language writes characters of its own.
_SPECIAL = {"\\": r"\e", "-": r"\-", "`": r"\(ga", "'": r"\(aq"}


def _escaped(text: str) -> str:
    """Text as itself: no character of it is one of the language."""
    shown = "".join(_SPECIAL.get(c, c if c.isascii() else rf"\[u{ord(c):04X}]") for c in text)
    return rf"\&{shown}" if shown.startswith(".") else shown


if __name__ == "__main__":
    from importlib.metadata import version

    print(page(version("vllm-slurm-doctor")), end="")
