"""A signature explained, as a Markdown page; and a pasted line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from doctor.log.account import Account
from doctor.log.diagnostics import advice
from doctor.log.signature import Role, Signature, fill, named
from doctor.log.verdict import verdict

#: With these before it a message stands in a log; who pastes one may leave them out.
_HEADS = ("", "Error: ", "Exception: ")


def explained(word: str, signatures: Sequence[Signature]) -> tuple[Signature, str] | None:
    """The signature that a code, a name or a pasted line means, and its page; None if none does."""
    signature = named(signatures, word)
    if signature is not None:
        return signature, "\n\n".join(_page(signature, {}))
    for head in _HEADS:
        account = Account(signatures)
        account.read(f"{head}{word.strip()}\n".encode(errors="replace"))
        found = verdict(account.stretches, account.rows)
        others = (each for stretch in account.stretches for each in stretch.seen)
        for each in (*found.told, *found.wrappers, *others):
            if each.signature.role is not Role.ERROR:
                return each.signature, "\n\n".join(_page(each.signature, each.groups))
    return None


def _page(signature: Signature, groups: Mapping[str, str]) -> Iterator[str]:
    yield f"# {signature.code} {signature.name}"
    yield f"In a server's log. Role: {signature.role.value}. Severity: {signature.severity.value}"
    if signature.releases:
        yield f"Printed by vLLM {signature.releases}"
    yield fill(signature.says, groups)
    yield "What to do: " + advice(signature, groups, None)
    if signature.options:
        yield "What steers it: " + ", ".join(f"`{option}`" for option in signature.options)
    if signature.rules:
        yield "Found before it happens by: " + ", ".join(signature.rules)
    yield "\n".join(["For example:", "```", *signature.examples, "```"])
    yield f"The signature: {signature.place}"
