"""The configuration that a command's options ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.cli.outcome import tell_passed_over

if TYPE_CHECKING:
    from doctor.config import Config


def site_config(
    config_file: Path | None = None,
    no_config: bool = False,
    kb: tuple[str, ...] = (),
    rules: tuple[str, ...] = (),
    paths: Iterable[str] = (".",),
    **settings: object,
) -> Config:
    """The configuration in force for the paths, with what ``site_options`` and others say.

    ``settings`` are options that are keys of a configuration, too.
    """
    from doctor.config import Config, find, from_mapping

    if no_config:
        config = Config()
    else:
        config = find(paths, config_file)
        tell_passed_over(config)
    given = _settings({"kb": kb, "rules": rules, **settings})
    return config.overridden(from_mapping(given, Path.cwd()))


def _settings(options: Mapping[str, object]) -> dict[str, object]:
    """The options that were given, as keys and values; lists of rules may hold commas."""
    settings: dict[str, object] = {}
    for name, value in options.items():
        if isinstance(value, tuple):
            words = [str(each) for each in value]
            if name in ("select", "ignore"):
                words = [word.strip() for each in words for word in each.split(",")]
            value = words
        if value not in (None, "", []):
            settings[name.replace("_", "-")] = value
    return settings
