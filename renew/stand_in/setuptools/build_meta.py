"""A back end that takes an archive's metadata from the file in it, and runs nothing."""

from __future__ import annotations

import shutil
from pathlib import Path


def get_requires_for_build_wheel(config_settings: object = None) -> list[str]:
    """Nothing is built, so nothing is needed."""
    return []


def prepare_metadata_for_build_wheel(folder: str, config_settings: object = None) -> str:
    """Give pip the metadata that it asks every archive for."""
    header = Path("PKG-INFO").read_text(encoding="utf-8").partition("\n\n")[0]
    fields = dict(line.split(": ", 1) for line in header.splitlines() if ": " in line)
    made = f"{fields['Name']}-{fields['Version']}.dist-info"
    Path(folder, made).mkdir()
    shutil.copy("PKG-INFO", Path(folder, made, "METADATA"))
    return made
