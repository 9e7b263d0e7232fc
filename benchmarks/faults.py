"""Faults of servers and of what is deleted, to put into scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import job_faults
from subject import VERSION, Mutant, Subject, mutant

Fault = Callable[[Subject], "Iterator[Mutant]"]


def glob_delete(subject: Subject) -> Iterator[Mutant]:
    """VD101: a delete that reaches other users' files."""
    owned = re.compile(r"(?<=rm -rf )\"?/tmp/[\w./-]*\$\{?(?:USER|SLURM_JOB_ID)\}?[^\s;&|]*")
    place = owned.search(subject.text)
    if place:
        text = subject.replaced(*place.span(), "/tmp/vllm*")
        yield from mutant(subject, "VD101", "own name dropped", text)
        return
    how, new = subject.random.choice(
        [
            ("plain", "rm -rf /tmp/torchinductor_*"),
            ("behind a variable", 'STALE=/tmp/torchinductor_\nrm -rf "$STALE"*'),
            ("in a loop", 'for old in /tmp/vllm_* /dev/shm/vllm*; do\n  rm -rf "$old"\ndone'),
            ("find -exec", "find /tmp -maxdepth 1 -name 'torchinductor_*' -exec rm -rf {} +"),
            ("find -delete", "find /dev/shm -name 'nccl-*' -delete || true"),
            ("array", 'STALE=(/tmp/vllm* /tmp/triton_*)\nrm -rf "${STALE[@]}" 2>/dev/null'),
        ]
    )
    yield from mutant(subject, "VD101", how, subject.with_line(new))


_NO_SHARING = re.compile(
    r"enforce[-_]eager|headless|\bray\b|docker|podman|compile_cache|data[-_]parallel|-O ?0"
    r"|qwen3\.\d|gemma-?4|--config\b|tmux|screen"
    rf"|vllm[^\s]*[=:]=?v?(?!0\.(?:9|1[0-6])\.){VERSION}",
    re.IGNORECASE,
)

_OWN_CACHE = re.compile(
    r"\bexport VLLM_CACHE_ROOT=.*\$\{?\w*(?:RANK|PROCID|LOCALID|TASK_ID|PORT|GPU|\bi\b).*",
    re.IGNORECASE,
)


#: Releases from 0.17.0 on, in which sharing a cache is harmless.
_SAFE = re.compile(r"0\.(?:1[7-9]|[2-9]\d)\.")


def _is_safe_from_sharing(subject: Subject) -> bool:
    """Whether every release that knows a model or a flag of the script locks its cache."""
    rows = [subject.knowledge.row("families", model) for model in subject.models]
    firsts = [str(row.get("first-release")) for row in rows if row]
    written = set(re.findall(r"--[a-z][\w-]+", subject.text.replace("_", "-")))
    firsts += [f.added or "" for f in subject.knowledge.releases.flags() if f.name in written]
    return any(_SAFE.match(first) for first in firsts)


def cache_shared(subject: Subject) -> Iterator[Mutant]:
    """VD301: several servers at once, whose caches are no longer apart."""
    if _NO_SHARING.search(subject.text):
        return
    for match in _OWN_CACHE.finditer(subject.text):
        fixed = 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm-shared"'
        yield from mutant(subject, "VD301", "de-varied", subject.replaced(*match.span(), fixed))
    if _is_safe_from_sharing(subject):
        return
    starts = subject.starts
    if len(starts) != 1:
        return
    start, end = starts[0].command.span
    command = subject.text[start:end]
    stop = re.compile(r"\s*&(?!&)").match(subject.text, end) if starts[0].background else None
    after = stop.end() if stop else end
    isolated = 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm-$worker"'
    faulty = {"dropped": "true", "de-varied": 'export VLLM_CACHE_ROOT="$HOME/.cache/vllm"'}
    how, export = subject.random.choice(list(faulty.items()))
    clean, text = (
        subject.replaced(
            start, after, f"for worker in 0 1 2 3; do\n{line}\n{command} &\ndone\nwait"
        )
        for line in (isolated, export)
    )
    yield from mutant(subject, "VD301", how, text, clean)


def memory_raised(subject: Subject) -> Iterator[Mutant]:
    """VD601: nearly all memory beside a drafter."""
    shares = subject.values("gpu-memory-utilization")
    speculates = re.search(r"speculative[-_]config", subject.text)
    raised = replace(subject, text=_all_replaced(subject.text, shares, "0.97"))
    if speculates and shares:
        yield from mutant(subject, "VD601", "raised", raised.text)
        return
    # JSON would need other quotes in each place where flags are written.
    flags = [
        "--speculative-config.method eagle3 --speculative-config.model /models/drafter",
        "--speculative_config.method mtp --speculative_config.num_speculative_tokens 2",
        "--speculative-config.method=mtp --speculative-config.num_speculative_tokens=1",
    ]
    memory = "" if shares else "--gpu-memory-utilization 0.95 "
    text = raised.with_flags(memory + subject.random.choice(flags))
    yield from mutant(subject, "VD601", "speculation added", text)


def drafter_swapped(subject: Subject) -> Iterator[Mutant]:
    """VD602: a drafter that was trained for another model."""
    drafters = [
        "nvidia/gpt-oss-120b-Eagle3-v3",
        "RedHatAI/Llama-3.3-70B-Instruct-speculator.eagle3",
    ]
    wrong = [
        drafter
        for drafter in drafters
        if all(subject.knowledge.fits(model, drafter) is False for model in subject.models)
    ]
    if not subject.models or not wrong:
        return
    drafter = subject.random.choice(wrong)
    flags = f"--speculative-config.method eagle3 --speculative-config.model {drafter}"
    yield from mutant(subject, "VD602", "drafter added", subject.with_flags(flags))


def parser_swapped(subject: Subject) -> Iterator[Mutant]:
    """VD701: the tool parser of another family."""
    rows = [subject.knowledge.row("families", name) for name in subject.models]
    right = [row["right-parsers"] for row in rows if row]
    if not right or not all(isinstance(parsers, frozenset) for parsers in right):
        return
    names = ["hermes", "llama3_json", "mistral", "deepseek_v3", "openai"]
    wrong = [name for name in names if not any(name in parsers for parsers in right)]
    parser = subject.random.choice(wrong)
    places = subject.values("tool-call-parser")
    if places:
        text = _all_replaced(subject.text, places, parser)
        yield from mutant(subject, "VD701", "swapped", text)
        return
    flags = f"--enable-auto-tool-choice --tool-call-parser {parser}"
    yield from mutant(subject, "VD701", "added", subject.with_flags(flags))


#: A word that may hold any flag: what a script is given, or a variable with such a name.
_OPEN = re.compile(r"\$[@*]|\$\{?(?:\w*(?:ARGS|EXTRA|FLAGS|OPTIONS|OPTS)\w*)", re.IGNORECASE)


def _may_be_given_more(subject: Subject) -> bool:
    """Whether a server may get flags that the script doesn't show."""
    for found in _OPEN.finditer(subject.text):
        name = found[0].lstrip("${")
        own = rf"\b{name}\+?=(?![\"'(]*\$[@*{{])" if name.isidentifier() else r"(?!)"
        if not re.search(own, subject.text):
            return True
    return False


def auto_choice_removed(subject: Subject) -> Iterator[Mutant]:
    """VD703: a tool parser that nothing switches on."""
    switch = re.compile(r"[\"']?--enable[-_]auto[-_]tool[-_]choice[\"']?(?: \\\n\s*)?")
    if switch.search(subject.text) and subject.values("tool-call-parser"):
        removed = switch.sub("", subject.text)
        yield from mutant(subject, "VD703", "switch removed", removed)
    elif "tool-call-parser" not in subject.text and not _may_be_given_more(subject):
        added = subject.with_flags("--tool-call-parser hermes")
        yield from mutant(subject, "VD703", "parser added", added)


def version_broken(subject: Subject) -> Iterator[Mutant]:
    """VD711: vLLM 0.12.0."""
    pins = re.compile(
        rf"(?:\bvllm(?:\[[\w,-]+\])?==|vllm[\w/-]*:v?|\bVLLM_VERSION=[\"']?(?:\$\{{\w+:-)?v?)"
        rf"({VERSION})(?![\w.+-])",
        re.IGNORECASE,
    )
    places = [m.span(1) for m in pins.finditer(subject.text) if subject.acts(m.start())]
    if places:
        text = _all_replaced(subject.text, places, "0.12.0")
        yield from mutant(subject, "VD711", "pin changed", text)
        return
    if not subject.launches:
        return
    how, new = subject.random.choice(
        [
            ("pip", "pip install -q vllm==0.12.0"),
            ("uv, behind a variable", 'WANTED="0.12.0"\nuv pip install "vllm==${WANTED}"'),
            ("python -m pip", 'python3 -m pip install --user "vllm[flashinfer]==0.12.0" || exit 1'),
            ("array", 'PACKAGES=(torch "vllm==0.12.0")\npip install "${PACKAGES[@]}"'),
        ]
    )
    yield from mutant(subject, "VD711", how, subject.with_line(new))


def _all_replaced(text: str, places: Sequence[tuple[int, int]], new: str) -> str:
    for start, end in sorted(set(places), reverse=True):
        text = text[:start] + new + text[end:]
    return text


#: Faults of a job, whatever it runs; the others need a script that starts a server.
OF_THE_JOB = frozenset({"VD201"})
FAULTS: Mapping[str, Fault] = {
    "VD101": glob_delete,
    "VD201": job_faults.node_dropped,
    "VD206": job_faults.gpu_taken_twice,
    "VD207": job_faults.gpu_outside,
    "VD301": cache_shared,
    "VD402": job_faults.overlap_dropped,
    "VD601": memory_raised,
    "VD602": drafter_swapped,
    "VD701": parser_swapped,
    "VD703": auto_choice_removed,
    "VD711": version_broken,
    "VD910": job_faults.wait_without_end,
}
