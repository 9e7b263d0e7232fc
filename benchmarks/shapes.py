"""Shapes of scripts of any size: whatever repeats, nests or doubles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

#: Makes a script of so many of its repeated parts.
Shape: TypeAlias = Callable[[int], str]

HEAD = "#!/bin/bash\n#SBATCH --gres=gpu:4\n#SBATCH --nodes=1\n"


def _lines(line: str, after: str = "", before: str = "") -> Shape:
    """The line so often, with ``N`` replaced by its number."""
    return lambda n: (
        HEAD + before + "".join(line.replace("N", str(i)) + "\n" for i in range(n)) + after
    )


def _words(start: str, word: str, end: str = "\n") -> Shape:
    """One line of so many words, with ``N`` replaced by each one's number."""
    return lambda n: HEAD + start + "".join(word.replace("N", str(i)) for i in range(n)) + end


def _nest(opened: str, inside: str, closed: str) -> Shape:
    return lambda n: HEAD + opened * n + inside + closed * n + "\n"


def _typical(n: int) -> str:
    return HEAD + n * (
        'export HF_HOME="/scratch/$USER/hf"\nMODEL=${1:-Qwen/Qwen3-8B}\nPORT=$((8000 + 1))\n'
        'ARGS=(--max-model-len 8192)\nif [[ "$MODEL" == *gpt-oss* ]]; then\n'
        "  ARGS+=(--tool-call-parser openai)\nfi\n"
        'srun --overlap vllm serve "$MODEL" --port "$PORT" "${ARGS[@]}" > "log_$PORT" 2>&1 &\n'
        "until curl -s localhost:$PORT/health; do sleep 5; done\n"
    )


def _calls(n: int) -> str:
    functions = "".join(f"f{i}() {{ f{i + 1} a; f{i + 1} b; }}\n" for i in range(n))
    return f"{HEAD}{functions}f{n}() {{ vllm serve $1 & }}\nf0\n"


def _loops(n: int) -> str:
    opened = "".join(f"for i{i} in a b c d; do\n" for i in range(n))
    return f"{HEAD}{opened}vllm serve m --port $i0 &\n" + "done\n" * n


def _case_by_case(n: int) -> str:
    arms = "".join(f"m{i}) XN=m{i};;\n" for i in range(16))
    cases = "".join(f"case $V{i} in\n{arms}esac\n".replace("N", str(i)) for i in range(n))
    return HEAD + cases + "vllm serve " + " ".join(f"--x{i} $X{i}" for i in range(n)) + "\n"


SHAPES: Mapping[str, Shape] = {
    "typical": _typical,
    # values
    "doubling text": _lines("x=$x$x", "vllm serve $x\n", "x=a\n"),
    "doubling unknowns": _lines("x=$x$x", "vllm serve $x\n", "x=$1\n"),
    "doubling array": _lines('x=("${x[@]}" "${x[@]}")', 'vllm serve "${x[@]}"\n', "x=(a)\n"),
    "doubling eval": _lines("x=\"eval '$x'; eval '$x'\"", 'eval "$x"\n', "x='vllm serve m &'\n"),
    "growing text": _lines('A="$A --x=N $BN"', "vllm serve m $A\n"),
    "growing text in ifs": _lines('[ -n "$B" ] && A="$A --x=N $B"', "vllm serve m $A\n"),
    "growing array": _lines("A+=(--x N)", 'vllm serve m "${A[@]}"\n'),
    "elements": _lines("A[N]=N", 'vllm serve m "${A[@]}"\n'),
    "keys": _lines("A[kN]=N", 'vllm serve m "${A[@]}"\n', "declare -A A\n"),
    "defaults": _lines("XN=${YN:-N}", "vllm serve m --port $X1\n"),
    "defaulted flags": _words("vllm serve m", " --xN=${YN:-N}"),
    "braces": _words("vllm serve m", " {1..100}"),
    "substitutions in a substitution": _nest("$(", "vllm serve m", ")"),
    "replacements": _lines("x=${x//a/aa}", "vllm serve $x\n", "x=aaaa\n"),
    "printed": _lines('x=$(printf "%s%s" "$x" "$x")', "vllm serve $x\n", "x=a\n"),
    "growing output": _lines("x=$(echo $x; echo $x)", "vllm serve $x\n", "x=$1\n"),
    # ways
    "ifs": _lines('if [ "$AN" = x ]; then VN=1; else VN=2; fi', "vllm serve m --a $V1 --b $V2\n"),
    "ifs of one": _lines("if [ $aN ]; then x=$xN; fi", "vllm serve $x\n"),
    "appending ifs": _lines(
        'if [ "$AN" = x ]; then ARGS+=(--aN 1); fi', 'vllm serve m "${ARGS[@]}"\n'
    ),
    "appending text in ifs": _lines(
        'if [ "$AN" = x ]; then ARGS="$ARGS --aN 1"; fi', "vllm serve m $ARGS\n"
    ),
    "nested ifs": _nest("if a $A; then V=$V1\n", "vllm serve m\n", "else vllm serve q; fi\n"),
    "elifs": _lines("elif [ $A = N ]; then M=mN", "fi\nvllm serve $M\n", "if b; then :\n"),
    "case arms": _lines("mN) M=m; P=N;;", "esac\nvllm serve $M --port $P\n", "case $A in\n"),
    "case by case": _case_by_case,
    "nested fors": _loops,
    "nested whiles": _nest("while read -r x; do V=$x\n", "vllm serve m --port $V &\n", "done\n"),
    "calls": _calls,
    "ands and ors": _words("a", " && bN || cN", " && vllm serve m\n"),
    "option parser": _lines(
        '--aN) aN="$2"; shift 2;;',
        "esac; done\nvllm serve $a0\n",
        "while [[ $# -gt 0 ]]; do case $1 in\n",
    ),
    "functions": _lines("fN() { vllm serve m --port N; }"),
    "traps": _lines("trap 'kill N' EXIT", "vllm serve m\n"),
    # facts
    "servers": _lines("vllm serve m --port 8N > logN 2>&1 &", "wait\n"),
    "servers at one port": _lines("vllm serve m --port 800 &", "wait\n"),
    "servers of one cache": _lines(
        "vllm serve m --port N &", "wait\n", "export VLLM_CACHE_ROOT=/scratch/cache\n"
    ),
    "servers of different caches": _lines("VLLM_CACHE_ROOT=/scratch/cN vllm serve m --port N &"),
    "servers and waits": _lines("vllm serve m --port N &\nwait"),
    "srun": _lines("srun --overlap -N1 vllm serve m --port N &", "wait\n"),
    "srun alone": _lines("srun hostname N", "vllm serve m\n"),
    "sbatch": _lines("sbatch --wrap 'vllm serve m --port N'"),
    "ssh": _lines("ssh nodeN 'vllm serve m --port N' &"),
    "tmux": _lines("tmux new -d -s sN 'vllm serve m --port N'"),
    "docker": _lines("docker run --gpus all vllm/vllm-openai:v0.9.0 --model m --port N &"),
    "here-document": lambda n: (
        HEAD + "cat > run.sh <<E\n" + "vllm serve $M --port $(p) &\n" * n + "E\nbash run.sh\n"
    ),
    "here-documents": _lines("cat > runN.sh <<E\nvllm serve m --port N\nE\nbash runN.sh"),
    "flags": _words("vllm serve m", " --max-num-seqs N"),
    "unknown flags": _words("vllm serve m", " --unknown-N N"),
    "dotted keys": _words("vllm serve m", " --speculative-config.aN 1"),
    "dotted depth": _words("vllm serve m --speculative-config", ".a", " 1\n"),
    "json": _words('vllm serve m --speculative-config \'{"a": 1', ', "aN": N', "}'\n"),
    "deep json": _nest("[", "1", "]"),
    "variables": _lines("export VLLM_XN=N", "vllm serve m\n"),
    "installs": _lines("pip install vllm==0.9.N", "vllm serve m\n"),
    "install of many": _words("pip install vllm==0.9.0", " pN==N", "\nvllm serve m\n"),
    "redirections": _lines("echo $X >> /tmp/logN", "vllm serve m\n"),
    "deletions": _lines("rm -rf /tmp/fooN*"),
    "deletions in finds": _lines("find /tmp -name 'aN*' -exec rm -rf {} +"),
    "written paths": _lines("mkdir -p /tmp/aN; touch /tmp/aN/b"),
    "kills": _lines("pkill -f vllm; kill N", "vllm serve m &\n"),
    "waits": _lines("wait N", "vllm serve m\n"),
    "readiness": _lines("until curl localhost:N; do sleep 1; done", "vllm serve m &\n"),
    "logs": _lines("vllm serve m --port N 2>&1 | tee /tmp/log.txt &"),
    "errors lost": _lines("vllm serve m --port N > logN &"),
    "suppressions": _lines("rm -rf /tmp/xN* # vllm-doctor: ignore[VD101, VD999]"),
    "secrets": _lines("export HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdN"),
    "directives": lambda n: (
        HEAD + "".join(f"#SBATCH --exclude=gpu{i}\n" for i in range(n)) + "vllm serve m\n"
    ),
    "late directives": _lines("#SBATCH --mem=N", "vllm serve m\n", "echo a\n"),
    "hostlist": _words("srun -w ", "n[1-9],", "m vllm serve m\n"),
    # files
    "included": _lines("source lib/aN.sh", "vllm serve m\n"),
    "run": _lines("bash aN.sh"),
    "maybe run": lambda n: "".join(f"bash a{i}.sh\n" for i in range(n)),
    "maybe expanded": lambda n: "echo " + "${" * n + ".sh",
    "maybe substituted": lambda n: "echo " + "$(" * n + ".sh",
    "maybe directives": lambda n: "#" * n + "\n" + " " * n + "\n" + "# " + "a" * n,
    "maybe tokens": lambda n: "hf_" * n,
    # text
    "lines": _lines("echo vllm N"),
    "long word": _words("vllm serve ", "abcdefgh"),
    "quotes": _words("vllm serve m ", "'a' \"b\" "),
    "open quotes": _words("vllm serve m\n", "echo 'a\n"),
    "open substitutions": _words("vllm serve m\n", "$(("),
    "open expansions": _words("echo ", "${"),
    "open dollars": _words("echo ", "$("),
    "open tests": _lines("[[ a"),
    "parentheses": _nest("(", "vllm serve m", ")"),
    "braced groups": _nest("{ ", "vllm serve m;", " }"),
    "backticks": _words("vllm serve ", "`a` "),
    "evals": _words("", "eval ", "vllm serve m\n"),
    "wrappers": _words("", "nohup ", "vllm serve m\n"),
    "bash -c": lambda n: HEAD + "bash -c " * n + "'vllm serve m'\n",
    "prefixes": _words("", "A=1 ", "vllm serve m\n"),
    "arithmetic": _words("vllm serve m --port $((1", "+1", "))\n"),
    "ternaries": _words("vllm serve m --port $((a", "?1:a", "?1:2))\n"),
    "conditions": _words("[[ a", " && $b == N", " ]] && vllm serve m\n"),
    "patterns": _words("case $x in ", "*a", ") vllm serve m;; esac\n"),
    "slices": _words("vllm serve ${x", "%a*", "}\n"),
    "comments": _lines("# vllm-doctor: ignore"),
    "aliases": _lines("alias aN='vllm serve m'"),
    "pipelines": _words("vllm serve m", " | tee logN"),
    "continued lines": _words("vllm serve m", " \\\n --xN"),
    "nulls": _words("vllm serve m ", "\\\0"),
}
