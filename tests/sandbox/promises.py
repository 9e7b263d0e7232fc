"""What a safe fix may change, told apart from what it may not: see the package.

Nothing here asks the doctor: a promise is written down anew, in terms of what is seen from outside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import replace

from tests.fix.runs import directives

from .host import Call, Run

#: What a promise is about, and the codes of the rules whose safe fix makes it.
PROMISES = {
    "delete-own-only": {"VD101"},
    "add-option": {"VD401", "VD402"},
    "join-errors": {"VD802"},
    "add-flag": {"VD703", "VD704"},
    "replace-value": {"VD606", "VD701"},
    "rewrite-flag": {"VD721", "VD722", "VD724"},
    "rewrite-variable": {"VD725"},
    "exclude-nodes": {"VD201"},
    "write-directive": {"VD901"},
    "use-pattern": {"VD906"},
    "drop-suppression": {"VD003"},
}
#: Flags that newer releases don't want, between \x1f, and what stands for them.
_GONE = {
    "--swap-space[\x1f=][^\x1f]+": "",
    "--use-v2-block-manager": "",
    "--disable-async-output-proc": "",
    "--device\x1f[^\x1f]+": "",
    "--guided-decoding-backend": "--structured-outputs-config.backend",
    "--task\x1fembed": "--runner\x1fpooling\x1f--convert\x1fembed",
}
_PARSERS = {"openai/gpt-oss-20b": "openai", "Qwen/Qwen3-8B": "hermes", "zai-org/GLM-4.5": "glm45"}
_PARSER = "\x1f--tool-call-parser[\x1f=](\\w+)(?=\x1f)"
_VARIABLES = ("VLLM_USE_V1", "VLLM_USE_RAY_SPMD_WORKER")
_BAD_NODES = {"gpu07", "gpu08"}
_NODES = r"(?:--exclude=|-x )(\S+)"


def differences(script: str, fixed: str, before: Run, after: Run, codes: Set[str]) -> list[str]:
    """What differs between two runs beyond what the fixes of these rules promised."""
    return [
        *_of_files(before, after, codes),
        *_of_calls(before, after, codes),
        *_of_output(before, after, codes),
        *_of_header(script, fixed, codes),
    ]


def _of_files(before: Run, after: Run, codes: Set[str]) -> Iterator[str]:
    if more := after.gone - before.gone:
        yield f"deletes more than before: {sorted(more)[:3]}"
    if kept := (before.gone - after.gone) & before.own:
        yield f"leaves what is one's own: {sorted(kept)[:3]}"
    if "VD101" not in codes and before.gone != after.gone:
        yield "deletes other files, which nothing promised"
    if before.files.keys() != after.files.keys():
        yield f"writes other files: {sorted(before.files.keys() ^ after.files.keys())}"


def _of_calls(before: Run, after: Run, codes: Set[str]) -> Iterator[str]:
    was = Counter(_plain(call, codes, fixed=False) for call in before.calls.elements())
    now = Counter(_plain(call, codes, fixed=True) for call in after.calls.elements())
    for call in was - now:
        yield f"no longer calls {call}"
    for call in now - was:
        yield f"now calls {call}"
    if before.code != after.code:
        yield f"exits with {after.code}, not {before.code}"


def _plain(call: Call, codes: Set[str], fixed: bool) -> Call:
    """A call without what the fixes of these rules may have changed in it."""
    words, variables, err = list(call.words), call.variables, call.err
    if call.program == "srun" and {"VD401", "VD402"} & codes and _jobid(words):
        words = [word for word in words if word != "--overlap"]
    if "VD725" in codes:  # which means nothing to other programs
        variables = tuple(each for each in variables if not each.startswith(_VARIABLES))
    if "VD101" in codes and re.search(r"\b(rm|rmdir|find)\b", " ".join(words)):
        words = words[:1]  # what a wrapper is given is the deletion itself
    if "vllm" in words or "vllm serve" in " ".join(words):
        words = _plain_server(words, codes)
        if "VD802" in codes and err in ("home/out", "home/err"):
            err = _joined(call)
    return replace(call, words=tuple(words), variables=variables, err=err)


def _jobid(words: list[str]) -> bool:
    return any(word.startswith("--jobid=") for word in words)


def _joined(call: Call) -> str:
    """Where standard error goes once it has joined a log, if there is one."""
    if call.out == "pipe":
        return "with out"
    return call.out if call.out.endswith(".log") else call.err


def _plain_server(words: list[str], codes: Set[str]) -> list[str]:
    text = "\x1f".join(words) + "\x1f"
    if "VD703" in codes and ("\x1f--tool-call-parser" in text or "VD704" in codes):
        text = text.replace("\x1f--enable-auto-tool-choice", "")
    if any(model in text for model in _PARSERS):
        if "VD704" in codes:
            text = re.sub(_PARSER, "", text)
        elif "VD701" in codes:
            text = re.sub(_PARSER, "\x1f--tool-call-parser\x1f_", text)
    if "VD606" in codes:
        text = re.sub(r'("draft_tensor_parallel_size": )[12]\b', r"\1_", text)
    if {"VD721", "VD722", "VD724"} & codes:
        for old, new in _GONE.items():
            text = re.sub(f"\x1f{old}(?=[\x1f=])", f"\x1f{new}" if new else "", text)
    return text.removesuffix("\x1f").split("\x1f")


def _of_output(before: Run, after: Run, codes: Set[str]) -> Iterator[str]:
    """What is printed, and what the script's files hold: other files, more of errors."""
    streams: list[tuple[str, Counter[str], Counter[str]]] = []
    streams.append(("its output", before.out, after.out))
    for name in before.files.keys() & after.files.keys():
        if name.endswith(".sh"):
            continue  # a part of the script itself, which is fixed like the rest
        was, now = (Counter(each.files[name].splitlines()) for each in (before, after))
        streams.append((name, was, now))
    for name, was, now in streams:
        if "VD802" in codes:  # who looks into the log sees what has joined it
            was, now = (
                Counter(line for line in each.elements() if not line.startswith(("vllm ", "srun ")))
                for each in (was, now)
            )
        lines = [*(was - now), *(now - was)]
        if "VD101" in codes:  # what find and ls print follows what is there
            lines = [line for line in lines if re.fullmatch(r"[\w-]+ (says|complains)", line)]
        if lines:
            yield f"{name} differs: {lines[:3]}"


def _of_header(script: str, fixed: str, codes: Set[str]) -> Iterator[str]:
    was, now = (Counter(directives(text)) for text in (script, fixed))
    if "VD201" in codes:
        before, after = _excluded(was), _excluded(now)
        if not before <= after <= before | _BAD_NODES:
            yield f"excludes other nodes: {sorted(after)}, not {sorted(before)}"
        was, now = _without_nodes(was), _without_nodes(now)
    if "VD003" in codes:  # what stands behind the options is for us
        was, now = (Counter(map(_uncommented, each.elements())) for each in (was, now))
    if "VD906" in codes:
        was, now = (Counter(map(_patterned, each.elements())) for each in (was, now))
    come, gone = now - was, was - now
    if "VD901" in codes:
        ignored = Counter(map(_spelt, script.splitlines()))
        come = Counter({line: 1 for line in come if ignored[_spelt(line)] == 0})
    if come or gone:
        yield f"the header differs: {[*come, *gone]}"


def _excluded(header: Counter[str]) -> set[str]:
    found = [match[1] for line in header for match in re.finditer(_NODES, line)]
    return set(",".join(found).replace("gpu[07-08]", "gpu07,gpu08").split(",")) - {""}


def _without_nodes(header: Counter[str]) -> Counter[str]:
    lines = (re.sub(_NODES, "", line).strip() for line in header.elements())
    return Counter(line for line in lines if line != "#SBATCH")


def _uncommented(line: str) -> str:
    return line.partition("# vllm-doctor:")[0].rstrip()


def _patterned(line: str) -> str:
    found = re.sub(r"\$\{?SLURM_JOB_ID\}?", "%j", line)
    return re.sub(r"\$\{?USER\}?", "%u", found)


def _spelt(line: str) -> str:
    return re.sub(r"^\s*#[SBATCH]+", "#SBATCH", line, flags=re.IGNORECASE).strip()
