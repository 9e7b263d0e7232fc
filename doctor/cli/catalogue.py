"""The commands about what is known: rules, lessons and facts."""

from __future__ import annotations

from typing import Any

import click

from doctor.cli import completion, terminal
from doctor.cli.options import format_option, site_options
from doctor.cli.site import site_config


@click.command()
@click.argument("word", metavar="CODE|NAME|LESSON|FACT|LINE", shell_complete=completion.explained)
@site_options
def explain(
    word: str,
    **site: Any,
) -> int:
    """Explain a rule or a lesson, a kind of fact, or a line of a log.

    A rule: what it looks at, why, and what to do. A kind of fact, such as `step`: what a rule may
    ask of it. A line of a server's log, in quotes: what it means, and what to do.
    """
    from doctor.lessons.catalogue import catalogue
    from doctor.lessons.explain import explanation
    from doctor.report.markdown import plain, typeset
    from doctor.scan import Examiner

    config = site_config(**site)
    text = explanation(word, catalogue(config), Examiner(config).knowledge, config.kb)
    if terminal.is_terminal():
        terminal.write(typeset(text, terminal.width(), terminal.colour()), styled=True)
    else:
        terminal.write(plain(text))
    return 0


@click.group(invoke_without_command=True)
@format_option("text", "json")
@site_options
@click.pass_context
def rules(
    context: click.Context,
    /,
    format_name: str,
    **site: Any,
) -> int:
    """List the rules in force.

    A line for each rule: code, severity, name, lesson and, if it is your own, its file.
    """
    if context.invoked_subcommand is not None:
        return 0
    from doctor.lessons.catalogue import as_json, as_text, catalogue

    entries = catalogue(site_config(**site))
    terminal.write(as_json(entries) if format_name == "json" else as_text(entries))
    return 0


@rules.command("schema")
def rules_schema() -> int:
    """Print the JSON Schema of a rule file.

    An editor checks and completes a rule by it.
    """
    from doctor.rulebook.schema import lines

    terminal.write(lines())
    return 0


@click.group(invoke_without_command=True)
@format_option("text", "json")
@site_options
@click.pass_context
def kb(context: click.Context, /, format_name: str, **site: Any) -> int:
    """Show the facts in force, and where each stands."""
    if context.invoked_subcommand is not None:
        return 0
    from doctor.lessons.inventory import as_json, as_text
    from doctor.scan import Examiner

    knowledge = Examiner(site_config(**site)).knowledge
    terminal.write(as_json(knowledge) if format_name == "json" else as_text(knowledge))
    return 0


@kb.command("check")
@click.option(
    "--max-age",
    type=click.IntRange(min=0),
    default=90,
    show_default=True,
    metavar="DAYS",
    help="How old a list of bad nodes may be.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Also try each rule without each of its parts, and name those that no example needs.",
)
@click.option(
    "--claims",
    "with_claims",
    is_flag=True,
    help="Also list what the pages found of each claim of the documents that they come from.",
)
@site_options
def kb_check(max_age: int, strict: bool, with_claims: bool, **site: Any) -> int:
    """Check your knowledge and rules.

    Without any it checks what ships with vllm-doctor. Each sentence names a file and a line. The
    exit code is 1 if there is any, and 2 if a page or a rule can't be read.
    """
    from datetime import datetime

    from doctor.lessons.check import complaints
    from doctor.lessons.claims import claims, summary
    from doctor.rulebook import load
    from doctor.scan import Examiner

    config = site_config(**site)
    today = datetime.now().astimezone().date()
    knowledge, rulebook = Examiner(config).knowledge, load(config.rules)
    found = complaints(config, knowledge, rulebook, today, max_age, strict)
    if with_claims:
        told = list(claims(knowledge.pages))
        terminal.write([*map(str, told), summary(told)])
    terminal.write([str(each) for each in found] or ["All is well."])
    return int(bool(found))
