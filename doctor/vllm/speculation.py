"""Speculative decoding: what a line asks for, however it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from doctor.base.numbers import signed_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.arguments import Arguments, Flag
from doctor.vllm.jsonvalue import Broken, Json, merged, read_json, read_scalar

CONFIG = "--speculative-config"
#: The flags of before 0.8.3, and the short forms of since 0.22.0, by the key that they set.
SINGLE: Mapping[str, str] = {
    "--speculative-model": "model",
    "--num-speculative-tokens": "num_speculative_tokens",
    "--speculative-draft-tensor-parallel-size": "draft_tensor_parallel_size",
    "--speculative-model-quantization": "quantization",
    "--spec-model": "model",
    "--spec-method": "method",
    "--spec-tokens": "num_speculative_tokens",
}
_NO_WEIGHTS = frozenset({"ngram", "ngram_gpu", "suffix", "extract_hidden_states"})
#: Methods that find their drafts in the prompt.
_LOOK_UP = frozenset({"ngram", "ngram_gpu"})
_COUNTS = frozenset({"num_speculative_tokens", "num_speculative_tokens_per_batch_size"})
#: Methods that vLLM doesn't second-guess by the drafter's name.
_FIRM = _NO_WEIGHTS | {"eagle", "eagle3", "dflash", "dspark", "custom_class"}
_VARIABLE = regex(r"\$\{?[A-Za-z_]\w*")
_BY_NAME = (("eagle-", "eagle"), ("eagle3", "eagle3"), ("dflash", "dflash"), ("dspark", "dspark"))


class Speculation(Record):
    """What is known of a server's speculative decoding.

    ``written`` is the method as given, ``method`` the one that vLLM takes (``mtp`` for its many
    other names). ``drafter`` is None where the drafter is built into the model or there is
    none. ``invalid`` says why vLLM would refuse it, ``invalid_at`` has the words at fault.
    ``keys`` are those of ``--speculative-config``, each with the words of its value; ``given``
    has the words by attribute.
    """

    on: bool | UnknownType = False
    written: str | UnknownType | None = None
    method: str | UnknownType | None = None
    drafter: str | UnknownType | None = None
    tokens: int | UnknownType | None = None
    draft_tensor_parallel_size: int | UnknownType | None = None
    needs_weights: bool | UnknownType = False
    keys: Mapping[str, Value] = field(default_factory=dict)
    invalid: str | None = None
    given: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    invalid_at: tuple[Value, ...] = ()


def read_speculation(arguments: Arguments, model: str | UnknownType | None) -> Speculation:
    """The speculation that a line asks for, for a model of this name."""
    flags = arguments.all(CONFIG, *SINGLE)
    if not flags:
        # Served as a model, a drafter in the "speculators" format brings its target along.
        unsure = arguments.open or (isinstance(model, str) and "speculator" in model.lower())
        return _UNSEEN if unsure else Speculation()
    config, invalid = read_config(arguments, CONFIG)
    members, hidden = (dict(config.members), config.open) if config else ({}, False)
    keys = {key: entry.value for key, entry in members.items()}
    for flag in flags:
        if flag.name in SINGLE and flag.value:
            members[SINGLE[flag.name]] = read_scalar(flag.value)
    if config and config.data is UNKNOWN:
        hidden = True
    elif config and not isinstance(config.data, dict):
        invalid = "it must be a JSON object: {…}"
    whole = tuple(flag.value or flag.word for flag in flags)
    if invalid:
        return replace(_UNSEEN, on=True, invalid=invalid, given={"on": whole})
    return _told(members, hidden, keys, whole)


_UNSEEN = Speculation(
    on=UNKNOWN,
    written=UNKNOWN,
    method=UNKNOWN,
    drafter=UNKNOWN,
    tokens=UNKNOWN,
    draft_tensor_parallel_size=UNKNOWN,
    needs_weights=UNKNOWN,
)


def read_config(arguments: Arguments, *names: str) -> tuple[Json | None, str | None]:
    """A JSON flag's value, and why it is not valid.

    Dotted keys make up a value of their own, which stands for the last one: vLLM puts it behind
    all the others.
    """
    given = arguments.all(*names)
    dotted = [flag for flag in given if flag.keys and flag.value]
    if dotted:
        whole = Json({}, dotted[0].word)
        for flag in dotted:
            whole = merged(whole, _keys(flag), read_scalar(flag.values[0]))
        return whole, None
    if not given or given[-1].value is None:
        return None, given[-1].problem if given else None
    read = read_json(given[-1].value)
    if isinstance(read, Broken):
        return None, f"it is not valid JSON: {read.reason}"
    return read, None


def _keys(flag: Flag) -> tuple[str, ...]:
    return (*flag.keys[:-1], flag.keys[-1].removesuffix("+"))


def _told(
    members: Mapping[str, Json], hidden: bool, keys: Mapping[str, Value], whole: tuple[Value, ...]
) -> Speculation:
    absent: UnknownType | None = UNKNOWN if hidden else None
    written = _text(members, "method", absent)
    drafter = _text(members, "model", absent)
    method = _method(written, drafter)
    if method in _NO_WEIGHTS:
        drafter = None
    given = {
        attribute: (members[key].value,)
        for attribute, key in (
            ("method", "method"),
            ("drafter", "model"),
            ("tokens", "num_speculative_tokens"),
            ("draft_tensor_parallel_size", "draft_tensor_parallel_size"),
        )
        if key in members
    }
    refusal = _refusal(members, hidden, method, drafter)
    return Speculation(
        True,
        written,
        method,
        drafter,
        _integer(members, "num_speculative_tokens", absent),
        _integer(members, "draft_tensor_parallel_size", absent),
        _needs_weights(method, drafter),
        keys,
        refusal.why if refusal else None,
        {"on": whole, **given},
        (refusal.at,) if refusal and refusal.at else whole,
    )


def _method(
    written: str | UnknownType | None, drafter: str | UnknownType | None
) -> str | UnknownType | None:
    """The method as vLLM settles it: the given one, or by the drafter's name."""
    if isinstance(written, str):
        written = written.strip("[]") if written == "[ngram]" else written
        if written in _FIRM:
            return written
        if written.endswith("mtp") and not isinstance(drafter, str):
            return "mtp"
    elif written is UNKNOWN and not isinstance(drafter, str):
        return UNKNOWN
    if not isinstance(drafter, str):
        return written if drafter is None else UNKNOWN
    if drafter in ("ngram", "[ngram]"):
        return "ngram"
    by_name = next((method for part, method in _BY_NAME if part in drafter.lower()), None)
    if by_name or written is UNKNOWN:
        return by_name or UNKNOWN
    if isinstance(written, str):
        return "mtp" if written.endswith("mtp") else written
    return UNKNOWN  # by the drafter's own configuration


def _needs_weights(
    method: str | UnknownType | None, drafter: str | UnknownType | None
) -> bool | UnknownType:
    """Whether a drafter's weights take memory of the GPU."""
    if isinstance(method, str):
        return UNKNOWN if method == "custom_class" else method not in _NO_WEIGHTS
    return True if isinstance(drafter, str) else UNKNOWN


class _Refusal(Record):
    """Why vLLM refuses to start, and the words at fault; None if that is the whole of them."""

    why: str
    at: Value | None = None


def _refusal(
    members: Mapping[str, Json],
    hidden: bool,
    method: str | UnknownType | None,
    drafter: str | UnknownType | None,
) -> _Refusal | None:
    """Why vLLM refuses to start with it, whatever the release."""
    tokens = members.get("num_speculative_tokens")
    if tokens and _is_wrong_count(tokens):
        why = "num_speculative_tokens must be a whole number above 0"
        return _Refusal(why, tokens.value)
    for entry in members.values():
        if isinstance(entry.data, str) and _VARIABLE.match(entry.data):
            why = f"the shell leaves {entry.data} as it stands inside single quotes"
            return _Refusal(why, entry.value)
    if lookup := _lookup_refusal(members, hidden, method):
        return lookup
    if hidden or drafter is not None or method in _NO_WEIGHTS or method is UNKNOWN:
        return None
    if method is None:
        return _Refusal("it names neither a method nor a model")
    needs_model = method not in ("mtp", "dspark")
    return _Refusal(f"the method {method} needs a model") if needs_model else None


def _lookup_refusal(
    members: Mapping[str, Json], hidden: bool, method: str | UnknownType | None
) -> _Refusal | None:
    """What is wrong with a method that looks for drafts in the prompt."""
    if method not in _LOOK_UP:
        return None
    if not hidden and not members.keys() & _COUNTS:
        return _Refusal(f"the method {method} needs num_speculative_tokens")
    bounds = [members.get(f"prompt_lookup_{name}") for name in ("min", "max")]
    for bound in bounds:
        if bound and type(bound.data) is int and bound.data < 1:
            return _Refusal("the bounds of prompt_lookup must be above 0", bound.value)
    least, most = (bound.data if bound else None for bound in bounds)
    if bounds[0] and type(least) is int and type(most) is int and least > most:
        why = f"prompt_lookup_min is {least}, more than prompt_lookup_max, which is {most}"
        return _Refusal(why, bounds[0].value)
    return None


def _is_wrong_count(tokens: Json) -> bool:
    if tokens.data is UNKNOWN or tokens.data is None:
        return False
    data = tokens.data
    count = signed_number(data) if isinstance(data, str) else data
    return not isinstance(count, int) or isinstance(count, bool) or count < 1


def _text(
    members: Mapping[str, Json], key: str, absent: UnknownType | None
) -> str | UnknownType | None:
    if key not in members:
        return absent
    data = members[key].data
    return data if isinstance(data, str) or data is None else UNKNOWN


def _integer(
    members: Mapping[str, Json], key: str, absent: UnknownType | None
) -> int | UnknownType | None:
    if key not in members:
        return absent
    data = members[key].data
    if isinstance(data, str) and (number := signed_number(data)) is not None:
        return number
    return data if data is None or type(data) is int else UNKNOWN
