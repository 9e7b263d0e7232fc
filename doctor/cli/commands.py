"""The commands by name. Each is imported when it is asked for: a run needs one of them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import click

#: The module of `doctor.cli` in which each command stands, under its own name with `_` for `-`.
_MODULES = {
    "scan": "scan",
    "trace": "trace",
    "config": "configuration",
    "init": "configuration",
    "node": "node",
    "cluster": "cluster",
    "register": "register",
    "log": "log",
    "wait": "wait",
    "explain": "catalogue",
    "rules": "catalogue",
    "kb": "catalogue",
    "new-lesson": "lesson",
    "completion": "completion",
    "node-meet": "peer",
    "node-reduce": "peer",
}


class Commands(click.Group):
    """The group of all commands, each with the options that every command has."""

    def __init__(self, *given: Any, everywhere: Iterable[click.Option] = (), **more: Any) -> None:
        super().__init__(*given, **more)
        self._everywhere = tuple(everywhere)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _MODULES and cmd_name not in self.commands:
            module = import_module(f"doctor.cli.{_MODULES[cmd_name]}")
            command: click.Command = getattr(module, cmd_name.replace("-", "_"))
            command.params += self._everywhere
            self.add_command(command, cmd_name)
        return self.commands.get(cmd_name)
