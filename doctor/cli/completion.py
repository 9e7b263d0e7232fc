"""Completion by the shell: the names that it offers, and the command that switches it on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from doctor.base.errors import DoctorError
from doctor.cli import terminal

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SHELLS = {
    "bash": ('eval "$(vllm-doctor completion bash)"', "~/.bashrc"),
    "zsh": ('eval "$(vllm-doctor completion zsh)"', "~/.zshrc"),
    "fish": ("vllm-doctor completion fish | source", "~/.config/fish/config.fish"),
}


@click.command()
@click.argument("shell", type=click.Choice(tuple(_SHELLS)), required=False)
@click.pass_context
def completion(context: click.Context, shell: str | None) -> int:
    """Print what makes a shell complete commands, options, rules and lessons.

    Without a SHELL: which line switches it on, and where that goes.
    """
    if shell is None:
        for name, (line, file) in _SHELLS.items():
            terminal.write([f"{name}: put this into {file}", f"  {line}"])
        return 0
    from click.shell_completion import get_completion_class

    root = context.find_root()
    made = get_completion_class(shell)
    if made is None:
        raise DoctorError(f"click knows no completion for {shell}")
    name = "vllm-doctor"
    source = made(root.command, {}, name, "_VLLM_DOCTOR_COMPLETE").source()
    terminal.write(source.splitlines())
    return 0


def files(context: click.Context, _: click.Parameter, word: str) -> list[CompletionItem]:
    """Files and folders, as the shell knows them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word, type="file")]


def rules(context: click.Context, _: click.Parameter, word: str) -> list[CompletionItem]:
    """The rules about scripts by code and name; of a list with commas its last word."""
    return _listed(word, "script")


def checks(context: click.Context, _: click.Parameter, word: str) -> list[CompletionItem]:
    """The checks of a node, likewise."""
    return _listed(word, "node")


def explained(context: click.Context, _: click.Parameter, word: str) -> list[CompletionItem]:
    """What `explain` knows by a word: rules, lessons and kinds of facts."""
    from click.shell_completion import CompletionItem

    known = [*_rules(None), *_lessons()]
    return [CompletionItem(value, help=about) for value, about in known if value.startswith(word)]


def _listed(word: str, about: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    before, comma, begin = word.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{value}", help=known_as)
        for value, known_as in _rules(about)
        if value.startswith(begin)
    ]


def _rules(about: str | None) -> Iterator[tuple[str, str]]:
    """Each rule's code, with its name, and then each name; none if they can't be read."""
    from doctor.config import find
    from doctor.rulebook import load

    with suppress(DoctorError):
        known = load(find().rules, about).rules
        yield from ((rule.code, rule.name) for rule in known)
        yield from ((rule.name, rule.code) for rule in known)


def _lessons() -> Iterator[tuple[str, str]]:
    from doctor.config import find
    from doctor.rulebook.vocabulary import kinds
    from doctor.scan import Examiner

    with suppress(DoctorError):
        yield from ((page.id, page.title) for page in Examiner(find()).knowledge.pages)
    yield from ((kind, "a kind of fact") for kind in kinds())
