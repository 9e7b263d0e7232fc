"""The signatures in force: those that ship with the tool, and the site's before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from doctor.base import document
from doctor.base.data import data_folder
from doctor.base.errors import DoctorError
from doctor.base.kept import compiled
from doctor.log.signature import Signature, read

#: The folder beside the pages in which signatures lie.
FOLDER = "signatures"


def load(site: Sequence[Path] = ()) -> tuple[Signature, ...]:
    """The signatures, in the order of their codes.

    ``site`` are a site's files and folders of knowledge. Its signature takes the place of the one
    that has the same name or code.
    """
    shipped = list(_files(data_folder("kb")))
    own = [file for path in site for file in _files(path)]
    found: dict[str, Signature] = {}
    for file, packed in zip((*shipped, *own), compiled((*shipped, *own), _parse), strict=True):
        listed = document.unpacked(packed, str(file))
        if not listed.list:
            raise listed.error("a file of signatures is a list of them")
        for item in listed.list:
            _add(read(item, file in own), found)
    return tuple(sorted(found.values(), key=lambda signature: signature.code))


def _add(signature: Signature, found: dict[str, Signature]) -> None:
    same = [
        other
        for other in found.values()
        if signature.code == other.code or signature.name == other.name
    ]
    for other in same:
        if other.place.site == signature.place.site:
            place = signature.place
            problem = f"{signature.code} {signature.name} is already in {other.place}"
            raise DoctorError(problem, place.filename, place.line)
        del found[other.code]
    found[signature.code] = signature


def _files(path: Path) -> Iterator[Path]:
    """The files of signatures next to the pages of a folder."""
    folder = path / FOLDER
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))


def _parse(filename: str, text: str) -> Any:
    return document.parse(text, filename).packed
