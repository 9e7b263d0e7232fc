"""The options that several commands have, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from doctor.cli import completion

SEVERITIES = ("error", "warning", "info")

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]


def together(*options: Decorator[Any]) -> Decorator[Any]:
    """Several options as one, in the order in which the help lists them."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def format_option(*names: str, about: str = "How to show it.") -> Decorator[Any]:
    """The format of the output; the first of the names is the usual one."""
    return click.option(
        "--output-format", "--format", "format_name", type=click.Choice(names),
        default=names[0], show_default=True, help=about,
    )  # fmt: skip


def fail_on_option(default: str, about: str) -> Decorator[Any]:
    """From which severity on the exit code is 1."""
    return click.option(
        "--fail-on", type=click.Choice((*SEVERITIES, "never")), default=default,
        show_default=True, help=about,
    )  # fmt: skip


def show_option(about: str) -> Decorator[Any]:
    """From which severity on a diagnostic is shown."""
    return click.option(
        "--show", type=click.Choice(SEVERITIES), default="warning", show_default=True, help=about,
    )  # fmt: skip


def output_options(*formats: str, show: str) -> Decorator[Any]:
    """How a report is written, and where: the fields of an ``Output``."""
    return together(
        format_option(*formats, about="How to show what was found."),
        click.option(
            "-o", "--output-file", type=Path, metavar="FILE", shell_complete=completion.files,
            help="Where to write it, in place of the standard output.",
        ),
        show_option(show),
        click.option("-q", "--quiet", is_flag=True, help="Print what was found, and no summary."),
    )  # fmt: skip


def vllm_version_option(about: str = "The release of vLLM that will run.") -> Decorator[Any]:
    """The release that is meant where nothing else says which."""
    return click.option("--vllm-version", metavar="RELEASE", help=about)


def timeout_option(about: str, name: str = "--timeout", default: float = 10.0) -> Decorator[Any]:
    """How many seconds something may take."""
    return click.option(
        name, type=click.FloatRange(min=0.1, max=3600), default=default, show_default=True,
        metavar="SECONDS", help=about,
    )  # fmt: skip


config_options = together(
    click.option(
        "--config", "config_file", type=Path, metavar="FILE", shell_complete=completion.files,
        envvar="VLLM_DOCTOR_CONFIG", show_envvar=True,
        help="The configuration, in place of the one in the nearest folder.",
    ),
    click.option("--no-config", is_flag=True, help="Use no configuration."),
)  # fmt: skip

#: Which configuration, knowledge and rules are in force: what ``site_config`` takes.
site_options = together(
    config_options,
    click.option(
        "--kb", multiple=True, metavar="PATH", shell_complete=completion.files,
        help="A document, or a folder of them, with your own lessons.",
    ),
    click.option(
        "--rules", multiple=True, metavar="FOLDER", shell_complete=completion.files,
        help="A folder with your own rules.",
    ),
)  # fmt: skip

#: What is held back because it was found before; the first is a key of a configuration, too.
baseline_options = together(
    click.option(
        "--baseline", metavar="FILE", shell_complete=completion.files,
        help="Hold back what this file says was found before: only what is new is told.",
    ),
    click.option(
        "--update-baseline", is_flag=True,
        help="Write what is found now into the baseline, and tell nothing of it.",
    ),
)  # fmt: skip

rule_options = together(
    click.option(
        "--select", multiple=True, metavar="RULES", shell_complete=completion.rules,
        help="Only these rules: codes, beginnings of codes (VD2) or names, with commas.",
    ),
    click.option(
        "--ignore", multiple=True, metavar="RULES", shell_complete=completion.rules,
        help="Not these rules, nor those that the configuration ignores.",
    ),
)  # fmt: skip

#: Which files are meant; the first four are keys of a configuration, too.
file_options = together(
    click.option(
        "--exclude", multiple=True, metavar="PATTERN",
        help="What to leave alone, as in a .gitignore, in place of what the configuration says.",
    ),
    click.option(
        "--extend-exclude", multiple=True, metavar="PATTERN", help="What to leave alone as well.",
    ),
    click.option(
        "--force-exclude/--no-force-exclude", default=None,
        help="Leave alone what is excluded or git-ignored even if it is named, as hooks do.",
    ),
    click.option(
        "--respect-gitignore/--no-respect-gitignore", default=None,
        help="Whether to leave alone what git ignores; by default it is.",
    ),
    click.option(
        "--changed", is_flag=False, flag_value="HEAD", metavar="[REVISION]",
        help="Of the PATHS only what git says has changed since the branch left this revision, "
        "or since the last commit.",
    ),
    click.option("--show-files", is_flag=True, help="List the scripts that are meant, and stop."),
    click.option(
        "--stdin-filename", default="<stdin>", metavar="NAME",
        help="What to call the script that `-` reads from the standard input.",
    ),
)  # fmt: skip

check_options = together(
    click.option(
        "--select", multiple=True, metavar="CHECKS", shell_complete=completion.checks,
        help="Only these checks.",
    ),
    click.option(
        "--ignore", multiple=True, metavar="CHECKS", shell_complete=completion.checks,
        help="Not these checks.",
    ),
)  # fmt: skip
