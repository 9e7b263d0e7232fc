"""Faults of jobs, to put into scripts: of their nodes, GPUs and steps, and of how they wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from subject import Mutant, Subject, mutant

_ASKS_GPUS = re.compile(
    r"^#SBATCH\s.*(?:-G\s*[1-9]|--gpus|gpu[:=](?!0\b)|gres=gpu(?!:0\b))", re.MULTILINE
)
_NAMES_NODES = re.compile(r"^#SBATCH\s.*(?:--nodelist|-w )", re.MULTILINE)


def node_dropped(subject: Subject) -> Iterator[Mutant]:
    """VD201: known bad nodes are not, or no longer, excluded."""
    bad = ["gpu-a01", "gpu-a02", "gpu-b07"]
    header = list(re.finditer(r"^#SBATCH\s.*$", subject.text, re.MULTILINE))
    own = re.search(
        r"^(?:#SBATCH\s.*|[^#\n]*\bsbatch\b.*)(?:--exclude[= ]|-x )[\"']?([\w,\[\]-]+)(.*)$",
        subject.text,
        re.MULTILINE,
    )
    if own:
        text = subject.replaced(*own.span(1), "other-node")
        for each in mutant(subject, "VD201", "own list changed", text):
            yield replace(each, config={"bad-nodes": [own[1]]})
    if (
        not header
        or own
        or not _ASKS_GPUS.search(subject.text)
        or _NAMES_NODES.search(subject.text)
    ):
        return
    end = header[-1].end()
    lines = {
        "no exclude": "",
        "one left out": "\n#SBATCH --exclude=gpu-a01,gpu-b07",
        "range too short": "\n#SBATCH -x gpu-a[01-02]",
        "overridden": "\n#SBATCH --exclude=gpu-a[01-02],gpu-b07\n#SBATCH --exclude=old-node",
    }
    how, line = subject.random.choice(list(lines.items()))
    clean = subject.replaced(end, end, "\n#SBATCH --exclude=gpu-a[01-02],gpu-b07")
    for each in mutant(subject, "VD201", how, subject.replaced(end, end, line), clean):
        yield replace(each, config={"bad-nodes": bad})


#: What makes it unclear which GPUs a server gets, on which machine, and which steps there are.
_ELSEWHERE = re.compile(
    r"VISIBLE_DEVICES|device[-_]ids|docker|podman|\bssh\b|tmux|screen|\bray\b|srun|sbatch|salloc"
    r"|^#SBATCH|parallel[-_]size|-tp\b|-pp\b|-dp\b|--config\b|nnodes|xpu|\bhpu\b|enable[-_]sleep"
    r"|speculative|\$@|\$\*|\btrap\b|timeout|SLURM_|curl|/health",
    re.IGNORECASE | re.MULTILINE,
)


def _as_job(subject: Subject, gpus: int, before: str, after: str) -> str | None:
    """The script as a job, with text before its one server and behind that, in the background."""
    if _ELSEWHERE.search(subject.text) or len(subject.starts) != 1:
        return None
    only = subject.starts[0]
    start, end = only.command.span
    stop = re.compile(r"\s*&(?!&)").match(subject.text, end) if only.background else None
    command = subject.text[start:end]
    text = subject.replaced(start, stop.end() if stop else end, f"{before}{command}{after}")
    first, newline, rest = text.partition("\n")
    header = f"#SBATCH --nodes=1 --gpus-per-node={gpus}\n"
    if first.startswith("#!"):
        return f"{first}{newline}{header}{rest}"
    return f"#!/bin/bash\n{header}{text}"


def gpu_outside(subject: Subject) -> Iterator[Mutant]:
    """VD207: a GPU that the job doesn't have."""
    ways = {
        "exported": "export CUDA_VISIBLE_DEVICES={gpu}\n",
        "assigned": "CUDA_VISIBLE_DEVICES={gpu}\n",
        "before the command": "CUDA_VISIBLE_DEVICES={gpu} ",
        "behind a variable": 'GPU={gpu}\nexport CUDA_VISIBLE_DEVICES="$GPU"\n',
        "a default": "export CUDA_VISIBLE_DEVICES=${{GPU:-{gpu}}}\n",
    }
    how, before = subject.random.choice(list(ways.items()))
    clean, text = (_as_job(subject, 2, before.format(gpu=gpu), "") for gpu in (1, 2))
    yield from mutant(subject, "VD207", how, text, clean)


def gpu_taken_twice(subject: Subject) -> Iterator[Mutant]:
    """VD206: two servers on one GPU, each with most of its memory."""
    shares = [subject.text[start:end] for start, end in subject.values("gpu-memory-utilization")]
    if not all(re.fullmatch(r"0?\.[6-9]\d*", share) for share in shares):
        return
    if "gpu-memory-util" in subject.text and not shares:
        return
    loop = "for gpu in {gpus}; do\nCUDA_VISIBLE_DEVICES=$gpu "
    ways = {"a list": ("0 1", "0 0"), "one number": ("0 1", "1 1")}
    how, lists = subject.random.choice(list(ways.items()))
    clean, text = (_as_job(subject, 2, loop.format(gpus=gpus), " &\ndone\nwait") for gpus in lists)
    yield from mutant(subject, "VD206", how, text, clean)


def overlap_dropped(subject: Subject) -> Iterator[Mutant]:
    """VD402: a step beside another one that holds the whole job."""
    ways = {
        "a client": "srun {overlap}python client.py",
        "a look": "srun {overlap}nvidia-smi",
        "a second of one task": "srun {overlap}--ntasks=1 python client.py",
    }
    how, second = subject.random.choice(list(ways.items()))
    clean, text = (
        _as_job(subject, 2, f"srun {overlap}", f" &\nsleep 60\n{second.format(overlap=overlap)}")
        for overlap in ("--overlap ", "")
    )
    yield from mutant(subject, "VD402", how, text, clean)


def wait_without_end(subject: Subject) -> Iterator[Mutant]:
    """VD910: a loop that only the server's answer ends."""
    asks = "curl -sf http://localhost:8000/health > /dev/null"
    looks = 'kill -0 "$server" || exit 1'
    ways = {
        "until": f"until {asks}; do\n{{look}}sleep 5\ndone",
        "while not": f"while ! {asks}; do\n{{look}}sleep 5\ndone",
        "while true": f"while true; do\nif {asks}; then break; fi\n{{look}}sleep 5\ndone",
        "a function": f"ready() {{{{\nuntil {asks}; do\n{{look}}sleep 5; done\n}}}}\nready",
    }
    how, loop = subject.random.choice(list(ways.items()))
    clean, text = (
        _as_job(subject, 1, "", f" &\nserver=$!\n{loop.format(look=look)}")
        for look in (f"{looks}\n", "")
    )
    yield from mutant(subject, "VD910", how, text, clean)
