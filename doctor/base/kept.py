"""Keep what takes long to make, so that the next run needn't make it again.

Reading the pages takes about 0.1 s and the rules as long again, most of it for a Markdown and a
YAML parser. The result is plain data, and lies as JSON in the wheel, where it was made when that
was built. What isn't there, as in a checkout and for the rules and pages of a site, is kept in
the user's cache folder, together with a hash of what it was made from, and is made anew whenever
that differs. One place for each list of files, so the folder doesn't grow; nothing is lost if it
is deleted, can't be written or holds nonsense.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError

#: Raise it whenever what is kept changes its shape.
_FORMAT = "2"
#: What was made when the wheel was built, a file for each digest; a checkout has none.
_BUILT = Path(__file__).parents[1] / "_data" / "compiled"


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
    digest = blake2b(digest_size=16)
    place = blake2b(digest_size=8)
    for file, content in zip(files, contents, strict=True):
        digest.update(b"%d:" % len(content) + content)
        place.update(os.fsencode(file.absolute()) + b"\0")

    def parsed() -> list[Any]:
        return [
            parse(str(file), _decoded(file, content))
            for file, content in zip(files, contents, strict=True)
        ]

    made: list[Any] = kept(f"{parse.__module__}-{place.hexdigest()}", digest.hexdigest(), parsed)
    return made


def kept(name: str, digest: str, make: Callable[[], Any]) -> Any:
    """What ``make()`` gives: plain data, kept as ``name`` for as long as ``digest`` is the same."""
    data = _read(_BUILT / f"{digest}.json") or recall(name)
    if isinstance(data, dict) and data.get("digest") == digest and "made" in data:
        return data["made"]
    made = make()
    keep(name, {"digest": digest, "made": made})
    return made


def recall(name: str) -> Any:
    """The plain data that is kept as ``name``, None if there is none."""
    folder = cache_folder()
    return _read(folder / f"{name}.{_FORMAT}.json") if folder else None


def _read(file: Path) -> Any:
    with suppress(OSError, ValueError, RecursionError):
        return json.loads(file.read_bytes())
    return None


def keep(name: str, data: Any) -> None:
    """Keep plain data as ``name``, if the user has a folder for it; only the user may read it."""
    import tempfile

    folder = cache_folder()
    if folder is None:
        return
    with suppress(OSError, TypeError):  # a TypeError: bytes, which JSON doesn't know
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        handle, scratch = tempfile.mkstemp(dir=folder, prefix=name)
        written = Path(scratch)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as stream:
                stream.write(text)
            written.replace(folder / f"{name}.{_FORMAT}.json")
        finally:
            written.unlink(missing_ok=True)


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
