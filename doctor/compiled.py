"""Keep what was read from files, so that the next run needn't parse them again.

Reading the pages takes about 0.1 s and the rules as long again, most of it for a Markdown and a
YAML parser. The result is plain data; it is kept as JSON in the user's cache folder, together
with a hash of the files' content, and is made anew whenever that differs. One place for each list
of files, so the folder doesn't grow; nothing is lost if it is deleted, can't be written or holds
nonsense.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from doctor.errors import DoctorError

#: Raise it whenever what is kept changes its shape.
_FORMAT = b"1"


def cache_folder() -> Path | None:
    """The user's cache folder for this tool, or None if the user has no home."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "vllm-doctor"
    with suppress(RuntimeError):
        return Path.home() / ".cache" / "vllm-doctor"
    return None


def compiled(files: Sequence[Path], parse: Callable[[str, str], Any]) -> list[Any]:
    """For each file what ``parse(filename, text)`` makes of it: plain data, kept between runs."""
    from hashlib import blake2b

    contents = [_content(file) for file in files]
    digest = blake2b(_FORMAT, digest_size=16)
    place = blake2b(digest_size=8)
    for file, content in zip(files, contents, strict=True):
        digest.update(b"%d:" % len(content) + content)
        place.update(os.fsencode(file.absolute()) + b"\0")
    folder = cache_folder()
    kept = folder / f"{parse.__module__}-{place.hexdigest()}.json" if folder else None
    entries = _recall(kept, digest.hexdigest(), len(files)) if kept else None
    if entries is None:
        entries = [
            parse(str(file), _decoded(file, content))
            for file, content in zip(files, contents, strict=True)
        ]
        if kept:
            _keep(kept, {"digest": digest.hexdigest(), "entries": entries})
    return entries


def _content(file: Path) -> bytes:
    try:
        if not file.is_file():
            what = "is not a regular file" if file.exists() else "does not exist"
            raise DoctorError(what, str(file))
        return file.read_bytes()
    except OSError as problem:
        raise DoctorError(f"cannot be read: {problem.strerror}", str(file)) from None


def _decoded(file: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise DoctorError("is not UTF-8 text", str(file), line) from None


def _recall(kept: Path, digest: str, count: int) -> list[Any] | None:
    with suppress(OSError, ValueError, RecursionError):
        data = json.loads(kept.read_bytes())
        if isinstance(data, dict) and data.get("digest") == digest:
            entries = data.get("entries")
            if isinstance(entries, list) and len(entries) == count:
                return entries
    return None


def _keep(kept: Path, data: Any) -> None:
    import tempfile

    with suppress(OSError, TypeError):  # a TypeError: bytes, which JSON doesn't know
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=kept.parent, prefix=kept.stem)
        written = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
            written.replace(kept)
        finally:
            written.unlink(missing_ok=True)
