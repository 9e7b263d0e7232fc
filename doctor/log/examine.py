"""One log examined: its bytes read, its signatures found, its verdict as diagnostics."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import BufferedIOBase
from typing import cast

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.diagnostic import Diagnostic
from doctor.log import stream
from doctor.log.account import Account, Stretch
from doctor.log.diagnostics import Excerpt, diagnostics, excerpt
from doctor.log.signature import Signature
from doctor.log.verdict import Verdict, verdict

#: What the standard input is called.
STDIN = "<stdin>"


class Examined(Record):
    """What was found in a log, and the lines that show it."""

    verdict: Verdict
    diagnostics: tuple[Diagnostic, ...]
    source: Excerpt


def examine(path: str, signatures: Sequence[Signature], release: str | None = None) -> Examined:
    """What a log tells; ``-`` is the standard input. ``release`` is for logs that name none."""
    account = Account(signatures)
    if path != "-":
        with stream.opened(path) as opened:
            _read(opened, account)
        return told(path, account, release)
    if sys.stdin is None:
        raise DoctorError("there is no standard input")
    with stream.unpacked(cast("BufferedIOBase", sys.stdin.buffer), STDIN) as unpacked:
        _read(unpacked, account)
    return told(STDIN, account, release)


def told(
    filename: str,
    account: Account,
    release: str | None,
    stretches: Sequence[Stretch] | None = None,
) -> Examined:
    """What an account tells so far, or what some of its stretches do."""
    found = verdict(account.stretches if stretches is None else stretches, account.rows)
    listed = tuple(diagnostics(filename, found, release))
    return Examined(found, listed, excerpt(filename, found))


def _read(opened: BufferedIOBase, account: Account) -> None:
    for block in stream.blocks(opened):
        account.read(block)
