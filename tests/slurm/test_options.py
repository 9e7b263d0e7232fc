"""Options as getopt_long reads them, where some words are unknown."""

from __future__ import annotations

import pytest

from doctor.slurm.options import combine
from doctor.slurm.table import PER_COMPONENT, find_letter, find_long

from .reading import header, line, written


@pytest.mark.parametrize(
    ("command", "options", "rest"),
    [
        ("sbatch -x gpu01 job.sh -x b", [("exclude", "gpu01")], 2),
        ("sbatch -xgpu01 job.sh", [("exclude", "gpu01")], 1),
        ("sbatch -x=gpu01 job.sh", [("exclude", "=gpu01")], 1),
        ("sbatch --exclude=gpu01 job.sh", [("exclude", "gpu01")], 1),
        ("sbatch --exclude gpu01", [("exclude", "gpu01")], None),
        ("sbatch --exclud=gpu01", [("exclude", "gpu01")], None),
        ("sbatch --exclude= job.sh", [("exclude", "")], 1),
        ("sbatch -HN2 job.sh", [("hold", None), ("nodes", "2")], 1),
        ("srun -lu hostname", [("label", None), ("unbuffered", None)], 1),
        ("srun -K hostname", [("kill-on-bad-exit", None)], 1),
        ("srun -K0 hostname", [("kill-on-bad-exit", "0")], 1),
        ("srun --pty bash", [("pty", None)], 1),
        ("srun --immediate 5", [("immediate", None)], 1),
        ("srun --tasks-per-node=4 a", [("ntasks-per-node", "4")], 1),
        ("srun -N2 -- --x", [("nodes", "2")], 2),
        ("srun -N2 --", [("nodes", "2")], None),
        ("sbatch - ", [], 0),
        ("sbatch --nodes $N job.sh", [("nodes", "$N")], 2),
        ("sbatch -N$N job.sh", [("nodes", "$N")], 1),
        ("sbatch --exclude=a,$BAD job.sh", [("exclude", "a,$BAD")], 1),
        ("srun --container-image=x python", [("container-image", "x")], 1),
        ("srun --mystery=1 python", [("mystery", "1")], 1),
        ("sbatch -W job.sh", [("wait", None)], 1),
        ("srun -W 60 a", [("wait", "60")], 2),
    ],
)
def test_options_and_where_the_command_begins(
    command: str, options: list[tuple[str, str | None]], rest: int | None
) -> None:
    (given,) = line(command)
    assert (written(given), given.rest, given.open) == (options, rest, False)


@pytest.mark.parametrize(
    ("command", "rest", "is_open"),
    [
        ("sbatch $SCRIPT", 0, False),
        ("sbatch --gres=gpu:8 $SCRIPT…", 1, False),
        ("sbatch $OPTS… job.sh", 1, True),
        ("sbatch $OPTS… --wrap=x", None, True),
        ("sbatch $@…", None, True),
        ("srun ${ARGS[@]}…", None, True),
        ("salloc $ARGS…", None, True),
        ("srun $ARGS… python", 1, True),
        ("srun $PYTHON x.py", 0, False),
        ("sbatch --$FLAG job.sh", 1, True),
        ("sbatch -$FLAGS job.sh", 1, True),
        ("sbatch -H$FLAGS job.sh", 1, True),
        ("sbatch --exclude$X job.sh", 1, True),
        ("sbatch -x $NODES… job.sh", 2, False),
    ],
)
def test_unknown_words_leave_it_open(command: str, rest: int | None, is_open: bool) -> None:
    (given,) = line(command)
    assert (given.rest, given.open) == (rest, is_open)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("sbatch --exclu=a", "--exclu is not an option of sbatch, or an ambiguous one"),
        ("sbatch --jobid=1 x", "--jobid is not an option of sbatch, or an ambiguous one"),
        ("sbatch -Q -? x", "-? is not an option of sbatch"),
        ("sbatch -x", "-x needs a value"),
        ("sbatch --hold=yes x", "--hold takes no value"),
        ("sbatch --hold x", None),
    ],
)
def test_what_slurm_refuses(command: str, problem: str | None) -> None:
    assert line(command)[0].problem == problem


@pytest.mark.parametrize(
    ("command", "components"),
    [
        ("sbatch -N1 : -N2 job.sh", [("nodes", "1"), ("nodes", "2")]),
        ("salloc -N1 : -N2", [("nodes", "1"), ("nodes", "2")]),
        ("srun -N1 a -N9 : -N2 b", [("nodes", "1"), ("nodes", "2")]),
        ("sbatch -N1 job.sh : -N2", [("nodes", "1")]),
    ],
)
def test_a_colon_begins_a_component(command: str, components: list[tuple[str, str]]) -> None:
    assert [written(given)[0] for given in line(command)] == components


def test_a_header_passes_over_words_that_are_no_options() -> None:
    (given,) = header("#!/bin/bash\n#SBATCH --my-plugin docker:x\n#SBATCH -x gpu01\n")
    assert written(given)[-1] == ("exclude", "gpu01")
    assert given.problem == "--my-plugin is not an option of sbatch, or an ambiguous one"


def test_the_command_line_outranks_the_script() -> None:
    script = header("#!/bin/bash\n#SBATCH -G 1 -t 1 -x a\n")
    (given,) = combine(script, line("sbatch -t 3 job.sh"))
    last = dict(written(given))
    assert last == {"gpus": "1", "time": "3", "exclude": "a"}
    assert given.rest == 2


def test_components_inherit_what_is_not_of_one_component() -> None:
    first, second = header("#!/bin/bash\n#SBATCH -N2 -x a\n#SBATCH hetjob\n#SBATCH -n1\n")
    assert written(first) == [("nodes", "2"), ("exclude", "a")]
    assert written(second) == [("exclude", "a"), ("ntasks", "1")]


def test_a_value_says_where_it_was_written() -> None:
    text = "#!/bin/bash\n#SBATCH --exclude='gpu01' -xgpu02\n"
    (given,) = header(text)
    places = [option.value.location for option in given.options if option.value]
    assert [text[p.start.offset : p.end.offset] for p in places if p] == ["gpu01", "gpu02"]


def test_the_tables_name_options_that_exist() -> None:
    programs = ("sbatch", "salloc", "srun")
    assert all(any(find_long(program, name) for program in programs) for name in PER_COMPONENT)
    assert find_letter("sbatch", "x") == find_long("sbatch", "exclude")
