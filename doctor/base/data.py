"""Where the rules and the knowledge that ship with the tool lie."""

from __future__ import annotations

from pathlib import Path

from doctor.base.errors import DoctorError


def data_folder(name: str, package: Path = Path(__file__).parents[1]) -> Path:
    """The folder ``rules`` or ``kb``: inside an installed wheel, or in a checkout next to it."""
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise DoctorError(f"the folder {name!r} that ships with vllm-doctor is missing: reinstall it")
