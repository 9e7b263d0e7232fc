"""A file system in user space: `fuse_server.py FOLDER SUBTYPE answer|freeze`.

It is one empty folder on a medium of 100 GiB. Frozen, it takes each question and never answers,
as a dead file server does: whoever asks is stuck in the kernel, and no signal ends it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

_GETATTR, _STATFS, _INIT, _ACCESS = 3, 17, 26, 34
_NO_ANSWER = (2, 36, 42)  # FORGET, INTERRUPT, BATCH_FORGET
_ENOENT, _ENOSYS, _LOOKUP = 2, 38, 1
_BLOCK, _BLOCKS = 4096, 100 << 18


def _mount(folder: str, subtype: str) -> int:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(b"test", folder.encode(), f"fuse.{subtype}".encode(), 0, options.encode())
    if done:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return device


def _next(device: int) -> bytes:
    """The next question; nothing once the folder is no longer mounted."""
    try:
        return os.read(device, 1 << 18)
    except OSError as error:
        if error.errno == errno.ENODEV:
            return b""
        raise


def _answer(opcode: int) -> tuple[int, bytes]:
    if opcode == _INIT:
        return 0, struct.pack("<4I2H2I2H2I24x", 7, 31, 0, 0, 0, 0, 1 << 16, 1, 0, 0, 0, 0)
    if opcode == _GETATTR:
        times = (0,) * 6
        mode = 0o40777
        return 0, struct.pack(
            "<QII6Q10I", 0, 0, 0, 1, 0, *times[:4], 0, 0, 0, mode, 2, 0, 0, 0, 0, 0
        )
    if opcode == _STATFS:
        counts = (_BLOCKS, _BLOCKS, _BLOCKS, 1 << 20, 1 << 20)
        return 0, struct.pack("<5Q4I24x", *counts, _BLOCK, 255, _BLOCK, 0)
    if opcode == _ACCESS:
        return 0, b""
    return -_ENOENT if opcode == _LOOKUP else -_ENOSYS, b""


def main(folder: str, subtype: str, manner: str) -> None:
    device = _mount(folder, subtype)
    while request := _next(device):
        _, opcode, unique = struct.unpack_from("<IIQ", request)
        if opcode in _NO_ANSWER or (manner == "freeze" and opcode != _INIT):
            continue
        error, body = _answer(opcode)
        os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
        if opcode == _INIT:
            print("mounted", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
