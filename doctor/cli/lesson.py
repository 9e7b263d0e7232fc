"""`vllm-doctor new-lesson`: the answers to a few questions become a page and a rule."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doctor.base.errors import DoctorError
from doctor.cli import terminal
from doctor.cli.options import SEVERITIES, config_options
from doctor.cli.site import site_config

if TYPE_CHECKING:
    from doctor.config import Config

_SCRIPTS = ("bad", "good")


@click.command("new-lesson")
@click.option("--title", help="The lesson in a few words; page and rule are named after it.")
@click.option("--why", help="What went wrong, for whoever meets the rule.")
@click.option("--fact", help="The kind of fact that the rule looks at: launch, step, …")
@click.option("--when", help="When it speaks: {attribute: predicate, …}, as in a rule's file.")
@click.option("--message", help="What it says; {attribute} stands for a value.")
@click.option("--bad", help="A script on which it speaks.")
@click.option("--good", help="A script on which it is silent.")
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="How bad it is.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("lint"),
    show_default=True,
    help="Where the folders kb and rules lie, or will.",
)
@config_options
def new_lesson(
    folder: Path, severity: str, config_file: Path | None, no_config: bool, **given: str | None
) -> int:
    """Write a page and a rule for a new lesson.

    On a terminal what isn't given is asked for. The examples are tried; the exit code is 1 if one
    doesn't hold.
    """
    from datetime import datetime

    from doctor.config import Config
    from doctor.lessons.check import complaints
    from doctor.lessons.new import Lesson, remove, write
    from doctor.scan import Examiner

    config = site_config(config_file, no_config)
    rulebook = Examiner(config).rulebook
    answers = dict(_answers(given))
    today = datetime.now().astimezone().date()
    taken = {*rulebook.names, *_codes(folder / "rules")}
    page, rule = write(Lesson(**answers, severity=severity), folder, taken, today)
    new = Examiner(Config(kb=(page,), rules=(rule,)))
    try:
        found = complaints(new.config, new.knowledge, new.rulebook, today, days=0)
    except DoctorError:  # what no rule can hold must not spoil the folder
        remove(page, rule)
        raise
    terminal.write(_told(page, rule, [str(each) for each in found], config))
    return int(bool(found))


def _answers(given: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    """The answer to each question: given as an option, or asked for."""
    from doctor.lessons.new import QUESTIONS, check

    answers: dict[str, str] = {}
    for name in QUESTIONS:
        answer = given[name]
        if answer is None or (not answer and name != "why"):
            if sys.stdin is not None and sys.stdin.isatty():
                answer = _asked(name, answers)
            elif name == "why":
                answer = ""
            else:
                raise click.UsageError(f"--{name} is missing")
        try:
            check(name, answer, answers)
        except DoctorError as error:
            raise DoctorError(f"--{name}: {error.message}") from None
        answers[name] = answer
        yield name, answer


def _asked(name: str, answers: dict[str, str]) -> str:
    """The answer of the person at the terminal, asked for until it is right."""
    from doctor.lessons.new import QUESTIONS, check, hints

    terminal.write(["", *hints(name, answers)])
    while True:
        answer = _script(name) if name in _SCRIPTS else _line(QUESTIONS[name], name)
        try:
            check(name, answer, answers)
        except DoctorError as error:
            terminal.write([f"That can't be: {error.message}"])
        else:
            return str(answer)


def _line(question: str, name: str) -> str:
    may_be_empty = "" if name == "why" else None
    suffix = " " if question.endswith("?") else ": "
    answer: str = click.prompt(
        question, default=may_be_empty, show_default=False, prompt_suffix=suffix
    )
    return answer


def _script(name: str) -> str:
    """Lines up to the first empty one."""
    from doctor.lessons.new import QUESTIONS

    terminal.write([f"{QUESTIONS[name]}:"])
    lines: list[str] = []
    while True:
        line: str = click.prompt("", prompt_suffix="  ", default="", show_default=False)
        if not line and lines:
            return "\n".join(lines)
        lines += [line] if line else []


def _codes(folder: Path) -> Iterator[str]:
    """The codes in the names of the rules that lie there."""
    yield from (path.stem.partition("-")[0] for path in folder.rglob("*.y*ml"))


def _told(page: Path, rule: Path, found: list[str], config: Config) -> Iterator[str]:
    yield f"Wrote {page} and {rule}" + (":" if found else "; its examples hold.")
    yield from found
    names = {path.resolve() for path in (*config.kb, *config.rules)}
    if not {page.parent.resolve(), rule.parent.resolve()} <= names:
        yield f"Put both in force in {config.filename or '.vllm-doctor.toml'}:"
        for key, path in (("kb", page.parent), ("rules", rule.parent)):
            yield f'  {key} = ["{os.path.relpath(path, config.root)}"]'
    yield "Add what else you know to the page and to the examples; then: vllm-doctor kb check"
