"""Scripts with faults that have a safe fix, in surroundings in which a fix may go wrong."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

from hypothesis import strategies as st

Texts = st.SearchStrategy[str]
_NAMES = ("vllm_*", "torchinductor_*", "keep_*", "*.log", "*", "data_?*", ".hidden_*", "vllm_me*")
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")

# --- deletions -------------------------------------------------------------------------------

_TESTS = (
    *(f"-name '{name}'" for name in _NAMES),
    "-type f",
    "-type d",
    "-type l",
    "-empty",
    "-mtime -1",
    "-size +0",
    "-user 1002",
    "-user 0",
    '-user "$(id -u)"',
)
_DEPTHS = ("", "-maxdepth 1 ", "-mindepth 1 ", "-mindepth 1 -maxdepth 1 ", "-depth ")
_ACTIONS = (
    "-print",
    "-print0",
    "-prune",
    "-quit",
    "-true",
    "-exec curl -d {} host \\;",
    "-exec curl {} +",
)
_DELETING = ("-delete", "-exec rm -rf {} +", "-exec rm -f {} \\;", "-exec rm -rf {} \\;")


def _expressions() -> Texts:
    part = st.sampled_from(_TESTS) | st.sampled_from(_TESTS) | st.sampled_from(_ACTIONS)
    deleting = st.sampled_from(_DELETING)
    leaf = st.one_of(part, part, deleting)

    def combined(inside: Texts) -> Texts:
        pairs = st.tuples(inside, st.sampled_from((" ", " ", " -a ", " -o ", " , ")), inside)
        return st.one_of(
            pairs.map("".join),
            inside.map(lambda text: f"\\( {text} \\)"),
            inside.map(lambda text: f"! \\( {text} \\)"),
            part.map(lambda text: f"! {text}"),
        )

    return st.recursive(leaf, combined, max_leaves=6)


@st.composite
def finds(draw: st.DrawFn) -> str:
    """`find` in shared folders: a usual one, or any expression with a deletion in it."""
    places = draw(st.sampled_from((*_SHARED, "/tmp /dev/shm", "/tmp/", "/tmp caches")))
    options = draw(
        st.sampled_from(("", "-maxdepth 1 ", "-mindepth 1 ", "-mindepth 1 -maxdepth 1 ", "-depth "))
    )
    if draw(st.booleans()):
        tests = draw(st.lists(st.sampled_from(_TESTS), min_size=1, max_size=2))
        expression = " ".join([*tests, draw(st.sampled_from(_DELETING))])
    else:
        expression = draw(_expressions())
    follow = draw(st.sampled_from(("", "", "", "", "-L ")))
    return f"find {follow}{places} {options}{expression}"


@st.composite
def removals(draw: st.DrawFn) -> str:
    """`rm` with patterns, and with other targets beside them."""
    program = draw(st.sampled_from(("rm", "rm", "rm", "rm", "sudo rm", "timeout 9 rm", "rmdir")))
    options = draw(st.sampled_from((" -rf", " -rf", " -fr", " -f", " -r", " -rfv", " -r --force")))
    pattern = st.tuples(st.sampled_from(_SHARED), st.sampled_from(_NAMES)).map("/".join)
    other = st.sampled_from(("~/caches/vllm_*", "$HOME/mine", "/tmp/vllm_inside", '"$TARGET"'))
    first, more = draw(pattern), draw(st.lists(st.one_of(pattern, other), max_size=2))
    targets = draw(st.permutations([first, *more]))
    return f"{program}{options} {' '.join(targets)}"


# --- servers and steps -----------------------------------------------------------------------

_MODELS = ("openai/gpt-oss-20b", "Qwen/Qwen3-8B", "zai-org/GLM-4.5", "my/model", '"$MODEL"')
_FLAGS = (
    "--enable-auto-tool-choice",
    "--tool-call-parser hermes",
    "--tool-call-parser openai",
    "--enable-auto-tool-choice --tool-call-parser hermes",
    '--tool-call-parser "hermes" --enable-auto-tool-choice',
    "--swap-space 4",
    "--swap-space=4",
    "--use-v2-block-manager",
    "--disable-async-output-proc",
    "--device cuda",
    "--guided-decoding-backend auto",
    "--task embed",
    "--port 8001",
    "--max-model-len 4096",
    "--tensor-parallel-size 4 --speculative-config "
    '\'{"model": "nvidia/gpt-oss-120b-Eagle3-v3", "num_speculative_tokens": 3, '
    '"draft_tensor_parallel_size": 2}\'',
)
_STREAMS = (
    "",
    "",
    " > server.log",
    " > server.log",
    " 2>&1 > server.log",
    " > server.log 2>/dev/null",
    " | tee server.log",
    " | tee server.log > /dev/null",
    " | tee -a server.log | mail me",
    " | tee server.log | cat",
    ' > "$LOG"',
    " > server.log 3>&2",
    " 2>&1 | tee server.log",
    " >> server.log",
)
_STARTS = ("", "", "", "nohup ", "srun --ntasks=1 ", "exec ", "env KEPT=no ")
_VARIABLES = ("", "", "", "VLLM_USE_V1=1 ", "VLLM_USE_RAY_SPMD_WORKER=1 KEPT=yes ")


@st.composite
def servers(draw: st.DrawFn) -> str:
    """A server whose flags stand on the line, in an array, a string or a function's arguments."""
    model, streams = draw(st.sampled_from(_MODELS)), draw(st.sampled_from(_STREAMS))
    variables = draw(st.sampled_from(_VARIABLES))
    flags = draw(st.lists(st.sampled_from(_FLAGS), max_size=3, unique=True))
    line = " ".join(flags)
    start = draw(
        st.sampled_from(("", "", "", "nohup ", "srun --ntasks=1 ", "exec ", "env KEPT=no "))
    )
    if "'" in line or not flags:
        forms = ["{v}{s}vllm serve {m} {f}{o}"]
    else:
        forms = [
            "{v}{s}vllm serve {m} {f}{o}",
            "{v}{s}vllm serve {m} {f}{o}",
            "{v}{s}vllm serve {m} \\\n    {f}{o}",
            'ARGS=({f})\n{v}{s}vllm serve {m} "${{ARGS[@]}}"{o}',
            'ARGS=({f})\n[ -n "$LONG" ] && ARGS+=(--max-num-seqs 8)\n'
            '{v}{s}vllm serve {m} "${{ARGS[@]}}"{o}',
            "FLAGS='{f}'\n{v}{s}vllm serve {m} $FLAGS{o}",
            'FLAGS="{f}"\ncurl "$FLAGS"\n{v}{s}vllm serve {m} $FLAGS{o}',
            'serve() {{ {v}{s}vllm serve "$@"{o}; }}\nserve {m} {f}\nserve my/model',
            "serve() {{ {v}{s}vllm serve $1 $2 $3{o}; }}\nserve {m} {f}",
            'serve() {{ {v}{s}vllm serve {m} {f} "$@"{o}; }}\nserve\nserve --port 8002',
            "bash -c '{v}{s}vllm serve {m} {q}{o}'",
            "export VLLM_USE_V1=1 KEPT=yes\n{v}{s}vllm serve {m} {f}{o}",
            "for m in {m} my/model; do {v}{s}vllm serve $m {f}{o}; done",
        ]
    form = draw(st.sampled_from(forms))
    quiet = line.replace("\\", "")
    text = form.format(v=variables, s=start, m=model, f=line, q=quiet, o=streams)
    after = ("", "", "", "\ntail -n 1 server.log", "\ngrep -q complains server.log && curl found")
    return text + draw(st.sampled_from(after))


_STEPS = (
    "srun --jobid=12 nvidia-smi",
    "srun --jobid=12 --ntasks=1 nvidia-smi",
    'timeout 30 srun --jobid="$JOB" nvidia-smi',
    "RUN=srun\n$RUN --jobid=12 nvidia-smi",
    'RUN=srun\n"$RUN" --jobid=12 nvidia-smi',
    "CALL='srun --jobid=12 nvidia-smi'\n$CALL",
    'CALL=(srun --jobid=12)\n"${CALL[@]}" nvidia-smi',
    's() { srun "$@"; }\ns --jobid=12 nvidia-smi\ns --ntasks=1 nvidia-smi',
    's() { srun --jobid=12 "$@"; }\ns nvidia-smi\ns --ntasks=2 nvidia-smi',
    "r() { $1 --jobid=12 $2; }\nr srun nvidia-smi",
    "for p in srun false-alarm; do $p --jobid=12 nvidia-smi; done",
    "bash -c 'srun --jobid=12 nvidia-smi'",
    "nice srun --jobid=12 bash -c 'nvidia-smi; curl inside'",
)

# --- surroundings ----------------------------------------------------------------------------

_IN_PLACE = (
    "{c}",
    "{c}",
    "{c} 2>/dev/null",
    "{c} || true",
    "{c} 2>/dev/null || true",
    "{c} && curl done",
    "{c} || curl failed",
    "if {c}; then curl yes; else curl no; fi",
    "if ! {c}; then curl no; fi",
    "while ! {c}; do curl again; break; done",
    '[ -n "$WANTED" ] &&\n  {c}',
    '[ -z "$WANTED" ] && {c}',
    "{c} &\nwait $!\ncurl $?",
    "{c}\ncurl $?",
    "{c} | cat > told.txt",
    "{c} > told.txt 2>&1",
    "( {c} )",
    'out=$({c})\ncurl "$?"',
    "(cd mine && {c})",
    "case $KIND in '') {c} ;; *) curl other ;; esac",
    "trap '{c}' EXIT",
    "time {c}",
    "yes | {c}",
)
_AROUND = (
    "{b}",
    "{b}",
    'if [ -z "$WANTED" ]; then\n{i}\nfi',
    "for turn in 1 2; do\n{i}\ndone",
    "work() {{\n{i}\n}}\nwork",
    "work() {{\n{i}\n}}\nwork || curl failed\ncurl $?",
    "work() {{\n{i}\n  return\n}}\nif work; then curl yes; else curl no; fi",
    "{{\n{i}\n}} > part.txt 2>&1",
    "(\n{i}\n)\ncurl $?",
    "bash <<'EOF'\n{b}\nEOF",
    "srun bash <<'EOF'\n{b}\nEOF",
    "cat > inner.sh <<'EOF'\n{b}\nEOF\nbash inner.sh",
    "printf 'a\\nb\\n' | while read -r line; do\n{i}\ndone",
)
_SETTINGS = (
    "",
    "",
    "",
    "set -e",
    "set -euo pipefail",
    "set -o pipefail",
    "shopt -s nullglob",
    "shopt -s dotglob",
    "shopt -s failglob",
    "set -f",
    "trap 'curl trapped' ERR",
    "GLOBIGNORE='/tmp/vllm_me*'",
    "exec > all.txt",
)


@st.composite
def _deletion(draw: st.DrawFn) -> str:
    command = draw(st.one_of(finds(), removals()))
    forms = [*_IN_PLACE, 'bash -c "{c}"', "srun --ntasks=1 {c}", "ssh node1 {c}", "sudo {c}"]
    if "'" not in command and '"' not in command:
        forms += ["bash -c '{c}'", "srun bash -c '{c} && curl in'", "ssh node1 '{c}'", "eval '{c}'"]
        forms += ["for f in {g}; do du -s $f; rm -rf $f; done", "P={g}\nrm -rf $P"]
        forms += ["ls {g} || true\n{c}"]
    form = draw(st.sampled_from(forms))
    glob = next((word for word in command.split() if "*" in word), "/tmp/vllm_*")
    return form.replace("{c}", command).replace("{g}", glob)


_HEADERS = (
    "#SBATCH --gpus=4",
    "#SBATCH --nodes=2 --gpus-per-node=4",
    "#SBATCH --exclude=gpu07",
    "#SBATCH -x cpu1,gpu08",
    "#SBATCH --output=logs/$SLURM_JOB_ID.out",
    "#SBATCH --output=%x-${SLURM_JOB_ID}-$USER.log",
    "#SBATCH --job-name=$SLURM_JOB_ID",
    "#SBTACH --time=1:00:00",
    "#Sbatch --time=1:00:00",
    "#BATCH --time=1:00:00",
    " #SBATCH --time=1:00:00",
    "#SBATCH --time=2:00:00 # long",
)


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """A whole script: its header, settings, and one to three parts, most of which are faulty."""
    header = draw(st.lists(st.sampled_from(_HEADERS), max_size=3, unique=True))
    header = header if draw(st.integers(0, 3)) == 0 else []
    kinds: list[Callable[[], Texts]] = [_deletion, servers, lambda: st.sampled_from(_STEPS)]
    lines = ["#!/bin/bash", *header, draw(st.sampled_from(_SETTINGS))]
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from((kinds[0], *kinds)))
        part = draw(kind())
        if kind is _deletion:  # what another one meets, and how it ends, follows what this leaves
            kinds = kinds[1:]
        around = draw(st.sampled_from(_AROUND))
        if "EOF" in part or ("<<" in around and "EOF" in part):
            around = "{b}"
        lines.append(around.format(b=part, i=indent(part, "  ")))
        lines.append(draw(st.sampled_from(("", "", "curl between", "curl $?"))))
    if header and draw(st.booleans()):
        lines.append(draw(st.sampled_from(_HEADERS)))
    return "\n".join(line for line in lines if line) + "\n"
