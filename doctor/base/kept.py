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
from doctor.base.regular import open_regular, read, read_regular
from doctor.base.replace import replacing

#: The most bytes of a file that is compiled, and of all that are compiled together.
MAX_BYTES, MAX_BYTES_IN_ALL = 1 << 20, 1 << 24
#: Raise it whenever what is kept changes its shape.
_FORMAT = "3"
#: The most bytes of a file that is kept.
_LARGEST_KEPT = 1 << 26
#: What was made when the wheel was built, a file for each digest; a checkout has none.
_BUILT = Path(__file__).parents[1] / "_data" / "compiled"


def cache_folder() -> Path | None:
    """The user's cache folder for this tool, or None if the user has no home."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        with suppress(RuntimeError):
            base = Path.home() / ".cache"
    return base / "vllm-doctor" if base.is_absolute() else None


def compiled(files: Sequence[Path], parse: Callable[[str, str], Any]) -> list[Any]:
    """For each file what ``parse(filename, text)`` makes of it: plain data, kept between runs."""
    from hashlib import blake2b

    contents = _contents(files)
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
    data = _built(digest) or recall(name)
    if isinstance(data, dict) and data.get("digest") == digest and "made" in data:
        return data["made"]
    made = make()
    keep(name, {"digest": digest, "made": made})
    return made


def recall(name: str) -> Any:
    """The plain data that is kept as ``name``, None if there is none.

    A file that isn't as we wrote it counts as none, and so does somebody else's.
    """
    folder = cache_folder()
    if folder is None:
        return None
    with suppress(OSError), open_regular(folder / f"{name}.{_FORMAT}.json") as file:
        if os.fstat(file.fileno()).st_uid == os.geteuid():
            return _unsealed(read(file, _LARGEST_KEPT))
    return None


def keep(name: str, data: Any) -> None:
    """Keep plain data as ``name``, if the user has a folder for it; only the user may read it."""
    folder = cache_folder()
    if folder is None:
        return
    with suppress(OSError, TypeError):  # a TypeError: bytes, which JSON doesn't know
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        content = _sealed(text.encode(errors="surrogatepass"))
        if len(content) <= _LARGEST_KEPT:
            with replacing(folder / f"{name}.{_FORMAT}.json", 0o600) as file:
                file.write(content)


def _sealed(text: bytes) -> bytes:
    """The text below a line by which one sees later that it is as it was written."""
    from hashlib import blake2b

    return b"%s\n%s" % (blake2b(text, digest_size=16).hexdigest().encode(), text)


def _unsealed(content: bytes) -> Any:
    """The data whose text was sealed; None if it isn't that text any more."""
    text = content.partition(b"\n")[2]
    with suppress(ValueError, RecursionError):
        return json.loads(text) if _sealed(text) == content else None
    return None


def _built(digest: str) -> Any:
    """What was made of this when the wheel was built, None if it wasn't."""
    with suppress(OSError):
        return _unsealed((_BUILT / f"{digest}.json").read_bytes())
    return None


def _contents(files: Sequence[Path]) -> list[bytes]:
    contents: list[bytes] = []
    size = 0
    for file in files:
        contents.append(_content(file))
        size += len(contents[-1])
        if size > MAX_BYTES_IN_ALL:
            problem = f"with this file they are larger than {MAX_BYTES_IN_ALL >> 20} MiB in all"
            raise DoctorError(problem, str(file))
    return contents


def _content(file: Path) -> bytes:
    try:
        content = read_regular(file, MAX_BYTES)
    except FileNotFoundError:
        raise DoctorError("does not exist", str(file)) from None
    except OSError as problem:
        raise DoctorError(f"cannot be read: {problem.strerror}", str(file)) from None
    if len(content) > MAX_BYTES:
        raise DoctorError(f"is larger than {MAX_BYTES >> 20} MiB", str(file))
    return content


def _decoded(file: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise DoctorError("is not UTF-8 text", str(file), line) from None
