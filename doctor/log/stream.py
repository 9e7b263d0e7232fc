"""A log's bytes in blocks of whole lines, whatever it is packed in."""

from __future__ import annotations

import io
import shutil
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Any, cast

from doctor.base.errors import DoctorError

#: How much is read at once, and how long a line may get before it is cut, in bytes.
BLOCK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@contextmanager
def opened(path: str) -> Iterator[BufferedIOBase]:
    """A file's bytes, unpacked if it is packed with gzip or zstd."""
    try:
        with Path(path).open("rb") as file, unpacked(file, path) as stream:
            yield stream
    except IsADirectoryError:
        raise DoctorError("is a folder; name the logs in it", path) from None
    except OSError as problem:
        raise DoctorError(f"can't be read: {problem.strerror or problem}", path) from None


@contextmanager
def unpacked(stream: BufferedIOBase, name: str) -> Iterator[BufferedIOBase]:
    """The stream, or what is packed in it by its first bytes."""
    buffered = stream if isinstance(stream, io.BufferedReader) else _peekable(stream)
    start = buffered.peek(4)[:4]
    if start.startswith(_GZIP):
        import gzip

        with gzip.open(buffered) as inner:
            yield inner
    elif start == _ZSTD:
        with _from_zstd(buffered, name) as inner:
            yield inner
    else:
        yield buffered


def _peekable(stream: BufferedIOBase) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", stream))


def blocks(stream: BufferedIOBase) -> Iterator[bytes]:
    """The bytes in blocks that end where a line does, but for lines longer than a block.

    What is packed in a damaged or unfinished archive is read as far as it goes.
    """
    rest = b""
    with suppress(EOFError, zlib.error):
        while data := stream.read1(BLOCK):  # what is there, though an archive ends too early
            end = data.rfind(b"\n") + 1
            if end:
                yield rest + data[:end]
                rest = data[end:]
            else:
                rest += data
            if len(rest) >= BLOCK:
                yield rest
                rest = b""
    if rest:
        yield rest


@contextmanager
def _from_zstd(stream: BufferedIOBase, name: str) -> Iterator[BufferedIOBase]:
    """What zstd packed: by Python's own module, the package zstandard, or the program."""
    module = _zstd_module()
    program = shutil.which("zstd")
    if module is not None:
        with module(stream) as inner:
            yield inner
    elif program is not None:
        with _piped(program, stream) as inner:
            yield inner
    else:
        problem = "is packed with zstd: unpack it, or install the package zstandard"
        raise DoctorError(problem, name)


def _zstd_module() -> Any:
    """What opens a stream that zstd packed; None where no Python module does."""
    with suppress(ImportError):
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]

        return zstd.open
    with suppress(ImportError):
        import zstandard  # type: ignore[import-not-found,unused-ignore]

        return zstandard.open
    return None


@contextmanager
def _piped(program: str, stream: BufferedIOBase) -> Iterator[BufferedIOBase]:
    """The output of a program that unpacks the stream."""
    silent = subprocess.DEVNULL
    child = subprocess.Popen(
        [program, "-dc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=silent
    )
    assert child.stdin is not None
    assert child.stdout is not None
    feeder = threading.Thread(target=_feed, args=(stream, child.stdin), daemon=True)
    feeder.start()
    try:
        yield cast("BufferedIOBase", child.stdout)
    finally:
        child.kill()
        feeder.join()
        child.stdout.close()
        child.wait()


def _feed(stream: BufferedIOBase, sink: IO[bytes]) -> None:
    with suppress(OSError), sink:  # it has ended, or the archive is damaged
        shutil.copyfileobj(stream, sink, BLOCK)
