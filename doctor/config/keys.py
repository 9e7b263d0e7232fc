"""The keys of a configuration, and how the value of each is read.

A reader returns the value as ``Config`` holds it, or raises a ``ValueError`` that says what the
value must be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError, nearest

_SEVERITIES = ("error", "warning", "info", "off")


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _paths(value: object) -> tuple[Path, ...]:
    return tuple(Path(text) for text in _strings(value))


def _per_file_ignores(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError('must be a table, such as {"tests/*" = ["VD201"]}')
    try:
        return {pattern: _strings(words) for pattern, words in value.items()}
    except ValueError:
        raise ValueError("must give a list of codes or names for each pattern") from None


def _severities(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be a table, such as {VD201 = "error"}')
    for rule, severity in value.items():
        if severity not in _SEVERITIES:
            hint = nearest(severity, list(_SEVERITIES)) if isinstance(severity, str) else ""
            raise ValueError(
                f"of {rule} must be one of {', '.join(_SEVERITIES)}, not {severity!r}{hint}"
            )
    return dict(value)


def _bad_nodes(value: object) -> tuple[str, ...]:
    hostlists = _strings(value)
    if hostlists:
        from doctor.knowledge.nodes import expand

        try:
            expand(" ".join(hostlists))
        except DoctorError as error:
            raise ValueError(f"has a hostlist that can't be read: {error}") from None
    return hostlists


def _vllm_version(value: object) -> str:
    from packaging.version import InvalidVersion, Version

    if not isinstance(value, str):
        raise ValueError('must be a quoted release, such as "0.11.2"')
    try:
        return str(Version(value))
    except InvalidVersion:
        raise ValueError(f'must be a release, such as "0.11.2", not {value!r}') from None


def _shared_folders(value: object) -> tuple[str, ...]:
    folders = _strings(value)
    for folder in folders:
        if not folder.startswith("/"):
            raise ValueError(f"must be absolute paths, not {folder!r}")
    return tuple(os.path.normpath(folder) for folder in folders)


def _gpu_types(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
        raise ValueError('must be a table of partitions and types, such as {gpu = "h100"}')
    return dict(value)


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("must be the path of a folder")
    return Path(value)


def _file(value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError("must be the path of a file")
    return Path(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _required_version(value: object) -> str:
    from importlib.metadata import version

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if not isinstance(value, str):
        raise ValueError('must be a string, such as ">=0.3,<0.5"')
    try:
        wanted = SpecifierSet(value)
    except InvalidSpecifier:
        raise ValueError(f'must be versions, such as ">=0.3,<0.5", not {value!r}') from None
    own = version("vllm-slurm-doctor")
    if not wanted.contains(own, prereleases=True):
        raise ValueError(f"is {value}, but this is vllm-doctor {own}")
    return value


READERS: Mapping[str, Callable[[object], Any]] = {
    "select": _strings,
    "ignore": _strings,
    "exclude": _strings,
    "extend-exclude": _strings,
    "force-exclude": _flag,
    "respect-gitignore": _flag,
    "per-file-ignores": _per_file_ignores,
    "severity": _severities,
    "bad-nodes": _bad_nodes,
    "vllm-version": _vllm_version,
    "shared-folders": _shared_folders,
    "gpu-types": _gpu_types,
    "slurm": _flag,
    "register": _folder,
    "baseline": _file,
    "kb": _paths,
    "rules": _paths,
    "extend": _file,
    "required-version": _required_version,
}
KEYS = list(READERS)
