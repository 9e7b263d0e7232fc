"""The commands about the configuration: show what is in force, begin one."""

from __future__ import annotations

from pathlib import Path

import click

from doctor.cli import completion, terminal
from doctor.cli.options import config_options, format_option
from doctor.cli.outcome import tell_passed_over


@click.command()
@click.argument("paths", nargs=-1, shell_complete=completion.files)
@format_option("text", "json")
@config_options
def config(
    paths: tuple[str, ...], format_name: str, config_file: Path | None, no_config: bool
) -> int:
    """Show the configuration in force, and which file says what.

    For a scan of the PATHS; without any, of the folder you are in.
    """
    from doctor.config.inforce import settings
    from doctor.config.layers import FILENAME, layers, shared_candidates
    from doctor.report.settings import render

    found = None if no_config else layers(paths or (".",), config_file)
    if found is not None:
        tell_passed_over(found.joined)
        if found.files or format_name == "json":
            terminal.write(render(found.joined.files, settings(found.files), format_name))
            return 0
    if format_name == "json":
        terminal.write(render((), (), format_name))
        return 0
    terminal.write(
        [
            "No file of configuration is in force. They are looked for in:",
            *(f"  {path}" for path in shared_candidates()),
            f"  {FILENAME}, or [tool.vllm-doctor] in pyproject.toml, in the nearest folder",
            "`vllm-doctor init` writes one.",
        ]
    )
    return 0


@click.command()
@click.option(
    "--for", "whom", type=click.Choice(("project", "user", "site")), default="project",
    show_default=True, help="Whose configuration it is: of the folder you are in, yours, or that "
    "of all users of this machine.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write over a configuration that is there.")
def init(whom: str, force: bool) -> int:
    """Write a commented configuration to start from.

    Where Slurm is there, it is asked for nodes, partitions and GPUs, and whether jobs share /tmp.
    """
    from doctor.cluster.site import look
    from doctor.lessons.init import write

    terminal.write(write(whom, look(), force))
    return 0
