"""The files of a release that count, read from its archive without unpacking the rest."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from renew.errors import RenewError

_WANTED = re.compile(
    r"""vllm/(?: (?: config | engine | tool_parsers | reasoning | platforms )/ .*\.py
              | entrypoints/ .*\.py
              | (?: envs | config | scripts | utils ) \.py
              | utils/ (?: __init__ | argparse_utils ) \.py
              | model_executor/ (?: models/ (?: __init__ | registry )
                                  | model_loader/ (?: __init__ | tensorizer )
                                  | layers/quantization/ (?: __init__ | base_config ) ) \.py
              | (?: v1/ )? attention/ .* registry\.py
              | renderers/ .*\.py
              | transformers_utils/ (?: __init__ | config ) \.py )
      | requirements [-/] (?: cuda | common ) \.txt
      | setup\.py
      | recipes/models/ .*\.ya?ml""",
    re.VERBOSE,
)
_METADATA = re.compile(r"PKG-INFO|[^/]+\.dist-info/METADATA")
#: No file that counts is nearly as large; one that is would only cost memory.
_LARGEST = 2_000_000


@dataclass(frozen=True)
class Sources:
    """What was read of one release: files by their paths, its metadata, the day it was made."""

    files: dict[str, str]
    metadata: str
    date: str


def read(archive: Path) -> Sources:
    """Read a source archive or a wheel; raises RenewError if it is neither."""
    files: dict[str, str] = {}
    metadata = date = ""
    try:
        for path, made, content in _members(archive):
            text = content.decode("utf-8", errors="replace")
            if _METADATA.fullmatch(path):
                metadata, date = text, made
            else:
                files[path] = text
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as problem:
        raise RenewError(f"{archive} cannot be read ({problem}); delete it and try again") from None
    if not metadata:
        raise RenewError(f"{archive} holds no metadata of a Python package")
    return Sources(files, metadata, date)


def _members(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    return _of_wheel(archive) if archive.suffix == ".whl" else _of_tar(archive)


def _of_tar(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if member.isfile() and member.size <= _LARGEST and _counts(path):
                content = tar.extractfile(member)
                made = datetime.fromtimestamp(member.mtime, timezone.utc)
                yield path, made.date().isoformat(), content.read() if content else b""
            tar.members = []  # type: ignore[attr-defined]  # else it keeps all that it passed


def _of_wheel(archive: Path) -> Iterator[tuple[str, str, bytes]]:
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.infolist():
            if member.file_size <= _LARGEST and _counts(member.filename):
                year, month, day = member.date_time[:3]
                yield member.filename, f"{year:04}-{month:02}-{day:02}", wheel.read(member)


def _counts(path: str) -> bool:
    return bool(_WANTED.fullmatch(path) or _METADATA.fullmatch(path))
