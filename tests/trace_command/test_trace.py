"""`vllm-doctor trace`: what it says of scripts, each piece of it shown by a small one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

LOOP = """\
#!/bin/bash
#SBATCH --nodes=2
#SBATCH --gpus-per-node=8
#SBATCH --exclude=gpu[03-04]
#SBATCH --array=0-7%2
for i in 0 1 2 3; do
  CUDA_VISIBLE_DEVICES=$i VLLM_CACHE_ROOT=/data/cache_$i \\
    vllm serve openai/gpt-oss-120b --port $((8000 + i)) > logs/server_$i.log 2>&1 &
done
wait
"""


@pytest.fixture
def text(command: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What the command says of a script, its blanks and line ends made one blank."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(script: str) -> str:
        Path("serve.sh").write_text(script)
        outcome = command("trace", "serve.sh")
        assert (outcome.code, outcome.err) == (0, "")
        assert max(map(len, outcome.out.splitlines())) <= 100
        return " ".join(outcome.out.split())

    return run


@pytest.fixture
def shown(command: Command) -> Callable[[str], dict[str, Any]]:
    """The JSON object of a script."""

    def run(script: str) -> dict[str, Any]:
        Path("serve.sh").write_text(script)
        outcome = command("trace", "serve.sh", "--format", "json")
        assert (outcome.code, outcome.err) == (0, "")
        (found,) = json.loads(outcome.out)
        assert isinstance(found, dict)
        return found

    return run


# --- the job -----------------------------------------------------------------------------------


def test_job_is_told_as_the_header_asks_for_it(text: Callable[[str], str]) -> None:
    found = text(LOOP)
    assert "The job asks Slurm for (#SBATCH lines) nodes 2 not on gpu[03-04]" in found
    assert "GPUs 8 on each node" in found
    assert "array 0-7%2" in found


def test_request_by_a_command_names_its_line(text: Callable[[str], str]) -> None:
    found = text('n=4\nsbatch --nodes=$n --gres=gpu:8 --wrap "vllm serve m"\n')
    assert "This is not a batch job: it has no #SBATCH lines." in found
    assert "sbatch asks Slurm for (line 2) nodes 4 GPUs gpu:8 on each node" in found
    assert "in a job that the script submits" in found


def test_script_without_server_still_shows_its_job(text: Callable[[str], str]) -> None:
    found = text("#!/bin/bash\n#SBATCH -N 3\npython train.py\n")
    assert "nodes 3 GPUs none" in found
    assert "It starts no vLLM server that can be seen." in found


# --- the servers -------------------------------------------------------------------------------


def test_copies_are_one_row(text: Callable[[str], str]) -> None:
    found = text(LOOP)
    assert "The vLLM server line how many" in found
    assert "4 at once, in each openai/gpt-oss-120b 0…3 8000…8003" in found
    assert "logs/server_0.log … logs/server_3.log" in found
    assert "/data/cache_0 (VLLM_CACHE_ROOT) … /data/cache_3 (VLLM_CACHE_ROOT)" in found
    assert "vLLM from openai/gpt-oss-120b" in found


def test_servers_in_turn_are_not_at_once(text: Callable[[str], str]) -> None:
    assert "2 one after" in text("for m in 1 2; do vllm serve m --port 800$m; done\n")


@pytest.mark.parametrize("endless", ["true", ":", "false", "1"])
def test_a_loop_without_end_starts_a_server_in_each_turn(
    text: Callable[[str], str], endless: str
) -> None:
    word = "until" if endless == "false" else "while"
    found = text(f"{word} {endless}; do vllm serve m || true; done\n")
    assert "one for each turn of a loop" in found


def test_servers_that_speculate_otherwise_in_each_turn_are_one_row(
    text: Callable[[str], str],
) -> None:
    config = r'"{\"method\": \"ngram\", \"num_speculative_tokens\": $n}"'
    said = text(f"for n in 1 2; do vllm serve m --speculative-config {config} & wait; done")
    assert "2 one after the other" in said
    assert "speculates ngram (1 tokens) | ngram (2 tokens)" in said


def test_the_likeliest_of_many_alternatives_is_told_first(text: Callable[[str], str]) -> None:
    many = "\n".join(f'A{number}="${{A{number}:-{number}}}"' for number in range(6))
    flags = " ".join(f'--seed "$A{number}"' for number in range(6))
    said = text(
        f"""{many}
        SPREAD=${{SPREAD:-no}}
        P=(--tensor-parallel-size 8)
        if [ "$SPREAD" = yes ]; then P=(--data-parallel-size 8); fi
        ARGS=({flags} "${{P[@]}}")
        vllm serve m "${{ARGS[@]}}"
        """
    )
    assert "The vLLM server" in said  # and not a second one, of unknown arguments
    assert " TP 8 8000" in said
    assert "or GPUs DP 8, if SPREAD is given" in said


def test_a_loop_that_only_waits_costs_the_script_nothing(text: Callable[[str], str]) -> None:
    turns = "do probe && break; sleep 1; waited=$((waited+1)); done"
    waits = f"waited=0\nwhile [ $waited -lt 99 ]; {turns}\n"
    said = text("".join(f"vllm serve m{number} &\n{waits}" for number in range(90)))
    assert "90 vLLM servers" in said
    assert "too long" not in said


def test_different_models_are_rows_of_their_own(text: Callable[[str], str]) -> None:
    found = text("serve() { vllm serve $1 --port $2 & }\nserve a 8000\nserve b 8001\nwait\n")
    assert "2 vLLM servers" in found
    assert re.search(r" a 8000 .* b 8001 ", found)


def test_what_takes_a_default_s_place_is_listed_once(text: Callable[[str], str]) -> None:
    found = text("vllm serve ${MODEL:-m} --port ${PORT:-8000} --dtype ${1:-auto}\n")
    assert "if MODEL is left at its default; PORT is left" not in found
    assert "or as given MODEL (model), PORT (port)" in found


def test_alternatives_say_what_they_take(text: Callable[[str], str]) -> None:
    found = text(
        'case "$1" in\n*8B) share=0.4 ;;\n*) share=0.9 ;;\nesac\n'
        "vllm serve m --gpu-memory-utilization $share\n"
    )
    assert "1 is like *8B" in found
    assert "or memory 0.9, if $1 is anything else" in found


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("vllm serve m", "in the foreground"),
        ("vllm serve m &", "in the background"),
        ("srun -N 2 --ntasks=4 vllm serve m", "in an srun step (2 nodes, 4 tasks)"),
        ("srun -n 1 -w gpu7 vllm serve m", "in an srun step (1 task, on gpu7)"),
        ("ssh gpu7 'vllm serve m'", "on gpu7 (ssh)"),
        ("tmux new -d 'vllm serve m'", "in tmux"),
        ("screen -dm vllm serve m", "in screen"),
        ("docker run -d vllm/vllm-openai:v0.11.0 --model m", "(docker)"),
        ("timeout 2h vllm serve m", "for 2h at most (timeout)"),
        ("apptainer exec --nv v.sif vllm serve m", "in the container v.sif (apptainer)"),
        ("serve() { vllm serve m; }", "in a function that nothing here calls"),
    ],
)
def test_where_a_server_runs(text: Callable[[str], str], line: str, where: str) -> None:
    assert where in text(line + "\n")


@pytest.mark.parametrize(
    "line",
    [
        "tmux new -d 'vllm serve m'",
        "screen -dm vllm serve m",
        "docker run -d vllm/vllm-openai:v0.11.0 --model m",
        "ssh gpu7 'vllm serve m'",
        "sbatch --wrap 'vllm serve m'",
    ],
)
def test_where_a_shell_of_its_own_waits_for_it_nothing_is_in_front(
    text: Callable[[str], str], line: str
) -> None:
    found = text(f"{line}\n")
    assert "in the foreground" not in found
    assert "in the background" not in found


@pytest.mark.parametrize(
    ("line", "log"),
    [
        ("vllm serve m", "log the script's own output"),
        ("vllm serve m > a.log", "log stdout a.log; stderr the script's own output"),
        ("vllm serve m >> a.log 2>&1", "log a.log (appended)"),
        ("vllm serve m 2>&1 | tee a.log", "log a.log (tee)"),
        ("vllm serve m &> /dev/null", "log thrown away"),
        ("srun -o s.out vllm serve m", "log s.out"),
        ("tmux new -d 'vllm serve m'", "log the tmux window only"),
        ("docker run -d vllm/vllm-openai:v0.11.0 --model m", "log the container's log"),
        ("podman-hpc run -d vllm/vllm-openai:v0.11.0 --model m", "log the container's log"),
        ("srun -o none vllm serve m", "log thrown away"),
        ("ray job submit -- vllm serve m", "log the log of Ray's job (ray job logs)"),
    ],
)
def test_where_its_output_goes(text: Callable[[str], str], line: str, log: str) -> None:
    assert log in text(line + "\n")


def test_where_a_server_runs_is_there_as_words_of_a_fixed_set(
    shown: Callable[[str], dict[str, Any]],
) -> None:
    (server,) = shown("srun ssh gpu7 apptainer exec v.sif vllm serve m\n")["servers"]
    assert server["runs"] == ["step", "remote", "container"]


def test_pin_is_named(text: Callable[[str], str]) -> None:
    found = text("pip install vllm==0.11.0\nvllm serve m\n")
    assert "vLLM from vllm==0.11.0" in found
    assert "vLLM comes from vllm==0.11.0 (pip) (line 1)" in found


def test_what_excludes_one_another_is_named(text: Callable[[str], str]) -> None:
    found = text("vllm serve m --swap-space 4 --speculative-model x --stream-interval 2\n")
    assert "no release" in found
    assert "exclude one another" in found


def test_shared_cache_and_port_are_told(text: Callable[[str], str]) -> None:
    found = text("for i in 1 2; do vllm serve m & done\nwait\n")
    assert "2 servers write one compile cache, ~/.cache/vllm (line 1)" in found
    assert "2 servers listen on one port, 8000 (the default) (line 1)" in found


# --- what is not known -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("vllm serve $MODEL", "MODEL: a variable of the environment (line 1)"),
        ("vllm serve $1", "$1: argument 1 (line 1)"),
        ('vllm serve m "$@"', "$@: the arguments"),
        ("M=$(pick)\nvllm serve $M", "$(pick): what a command prints (line 1)"),
        ("read -r MODEL\nvllm serve $MODEL", "MODEL: a variable that the script reads"),
        ("source env.sh\nvllm serve m", "env.sh: a file that is not read here (line 1)"),
        ("bash run.sh", "run.sh: a file that is not read here (line 1)"),
        ("vllm serve m --port ${X:0:3}", "${X:0:3}: computed from X"),
        ("vllm serve m --port $((X + Y))", "computed from X, Y (line 1)"),
        ("vllm serve m\nif", "a statement that could not be read (line 2)"),
    ],
)
def test_unknowns_are_named(text: Callable[[str], str], script: str, said: str) -> None:
    assert said in text(script + "\n")


def test_what_everyone_knows_is_no_unknown(text: Callable[[str], str]) -> None:
    assert "Not known" not in text('vllm serve m --port $SLURM_JOB_ID > "$HOME/$USER.log" 2>&1\n')


def test_unknown_in_single_quotes_of_an_inner_shell_keeps_its_name(
    text: Callable[[str], str],
) -> None:
    assert "$MODEL" in text("srun bash -c \"vllm serve '$MODEL'\"\n")


def test_script_that_the_script_writes_is_followed(text: Callable[[str], str]) -> None:
    script = (
        "cat > job_$SLURM_JOB_ID <<'E'\nvllm serve m --port 8123\nE\nsrun ./job_$SLURM_JOB_ID\n"
    )
    assert "8123" in text(script)


# --- JSON --------------------------------------------------------------------------------------


def test_every_fact_has_its_attributes_and_origins(shown: Callable[[str], dict[str, Any]]) -> None:
    found = shown("#SBATCH -x gpu10,gpu9\nvllm serve ${MODEL:-openai/gpt-oss-20b} $ARGS\n")
    assert found["filename"] == "serve.sh"
    facts = {fact["kind"]: fact for fact in found["facts"]}
    assert facts["allocation"]["attributes"]["excluded"] == ["gpu9", "gpu10"]
    assert facts["allocation"]["attributes"]["nodes"] is None
    launch = next(f for f in found["facts"] if f["kind"] == "launch")
    assert launch["location"] == {"row": 2, "column": 1}
    assert launch["attributes"]["model"] == "openai/gpt-oss-20b"
    assert launch["attributes"]["tool-call-parser"] == {"unknown": True}
    origin = launch["origins"]["model"]
    assert origin["assumptions"] == ["MODEL is left at its default"]
    assert origin["places"][0]["location"] == {"row": 2, "column": 21}


def test_servers_have_a_text_for_each_copy(shown: Callable[[str], dict[str, Any]]) -> None:
    (server,) = shown(LOOP)["servers"]
    assert (server["count"], server["traits"]["port"]) == (4, ["8000", "8001", "8002", "8003"])


# --- input and terminal ------------------------------------------------------------------------


def test_each_bad_file_is_one_sentence_and_the_others_are_shown(command: Command) -> None:
    Path("good").write_text("vllm serve m\n")
    Path("binary").write_bytes(b"\0\1")
    Path("folder").mkdir()
    os.mkfifo("pipe")
    outcome = command("trace", "missing", "good", "binary", "folder", "pipe")
    assert outcome.code == 2
    assert "The vLLM server" in outcome.out
    assert outcome.err.splitlines() == [
        "vllm-doctor: missing: No such file or directory",
        "vllm-doctor: binary: it holds binary data, not text",
        "vllm-doctor: folder: it is a folder, not a file",
        "vllm-doctor: pipe: it is a named pipe, not a file",
    ]


def test_standard_input_is_a_script_too(command: Command) -> None:
    outcome = command("trace", "-", stdin=b"vllm serve some-model\n")
    assert outcome.code == 0
    assert "some-model" in outcome.out


def test_narrow_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    Path("serve.sh").write_text(LOOP)
    outcome = command("trace", "serve.sh")
    assert max(map(len, outcome.out.splitlines())) <= 60


def test_nothing_in_a_script_steers_the_terminal(command: Command) -> None:
    Path("serve.sh").write_text("vllm serve $'\\x1b[31mred' --port \x1b[2J\n")
    assert "\x1b" not in command("trace", "serve.sh").out


# --- readability --------------------------------------------------------------------------------


def test_conditions_are_shown_as_they_are_written(text: Callable[[str], str]) -> None:
    found = text("[[ -f /x ]] || exit 1\nvllm serve m\n")
    assert "if `[[ -f /x ]]` in line 1 holds" in found


def test_servers_of_different_arms_are_said_to_exclude_one_another(
    text: Callable[[str], str],
) -> None:
    arms = "case ${1:-a} in\n a) vllm serve a ;;\n b) vllm serve b ;;\nesac\n"
    assert "2 vLLM servers, of which one run does not start all" in text(arms)
    assert "start all" not in text("vllm serve a --port 1 &\nvllm serve b --port 2 &\nwait\n")


def test_arguments_and_the_environment_are_told_apart(text: Callable[[str], str]) -> None:
    parsed = 'while [ $# -gt 0 ]; do\ncase $1 in --model) MODEL="$2"; shift 2;; esac\ndone\n'
    assert "MODEL: an argument of the script" in text(parsed + "vllm serve $MODEL\n")
    inherited = "MODEL=${MODEL:-}\n[ -z $MODEL ] && exit\nvllm serve $MODEL\n"
    assert "MODEL: a variable of the environment" in text(inherited)


def test_what_is_deleted_in_a_shared_folder_is_told(text: Callable[[str], str]) -> None:
    found = text("rm -rf /tmp/vllm-* /dev/shm/x\nrm -f $HOME/y\nvllm serve m\n")
    assert "it deletes /tmp/vllm-*, /dev/shm/x (line 1)" in found
    assert "HOME/y" not in found


def test_a_file_that_is_not_read_is_told_once(text: Callable[[str], str]) -> None:
    found = text("source .env\nvllm serve m\nsource .env\n")
    assert found.count(".env: a file that is not read here (lines 1, 3)") == 1


def test_statements_of_a_template_are_no_commands(text: Callable[[str], str]) -> None:
    begin = "#!/bin/bash\n#SBATCH --nodes=2\n"
    script = begin + "{%- if time %}\n#SBATCH --time={{ time }}\n{%- endif %}\n"
    assert "nodes 2 GPUs none time {{ time }}" in text(script)


def test_npus_are_told_like_gpus(text: Callable[[str], str]) -> None:
    assert " m 2,3 8000 " in text("ASCEND_RT_VISIBLE_DEVICES=2,3 vllm serve m\n")
