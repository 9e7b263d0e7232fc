"""Steps are spent where something can be found: what is walked again and again brings nothing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from doctor.base.bounds import MAX_BARREN_STEPS, MAX_FUNCTION_STEPS, MAX_STEPS
from doctor.diagnostic import Source
from doctor.facts.servers import Launch
from doctor.knowledge import load
from doctor.shell import parse
from doctor.trace.readers.scene import Settings
from doctor.trace.trace import Traced, trace


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(load())


def traced(script: str, settings: Settings, files: Mapping[str, str] | None = None) -> Traced:
    source = Source("script.sh", script)
    found = {name: Source(name, text, included=True) for name, text in (files or {}).items()}
    return trace(source, parse(script), settings, lambda name, _: found.get(name))


def started(done: Traced) -> set[str]:
    """The command lines of the servers."""
    return {
        " ".join(word.display for word in invocation.arguments)
        for invocation in done.walk.invocations
        if invocation.program == "vllm"
    }


# --- ways into an arm -----------------------------------------------------------------------------

MANY = "\n".join(f'[ "$A{n}" = 1 ] && X="$X {n}"' for n in range(4))
NESTED = 'if [ "$X" != "$Y" ]; then {} fi'


def test_nested_arms_are_walked_once_however_many_ways_lead_there(settings: Settings) -> None:
    script = "echo a; echo b; echo c;"
    steps = []
    for _ in range(4):
        script = NESTED.format(script)
        steps.append(traced(f"{MANY}\n{script}\n", settings).walk.steps)
    more = [after - before for before, after in itertools.pairwise(steps)]
    assert max(more) < 2 * min(more)


def test_an_arm_knows_what_its_condition_rules_out(settings: Settings) -> None:
    done = traced(
        """
        case "$1" in a) M=x; P=1;; b) M=y; P=2;; *) M=z; P=3;; esac
        if [[ $M == x || $M == y ]]; then vllm serve $M --port $P; else vllm serve no$M; fi
        """,
        settings,
    )
    assert started(done) == {"vllm serve x --port 1", "vllm serve y --port 2", "vllm serve noz"}


def test_the_arms_of_one_condition_exclude_each_other(settings: Settings) -> None:
    done = traced(
        """
        case "$1" in a) M=x;; b) M=y;; c) M=z;; *) M=w;; esac
        if [[ $M == x || $M == y ]]; then vllm serve a --port 1 & else vllm serve b --port 1 & fi
        wait
        """,
        settings,
    )
    assert not any(fact.kind == "shared-port" for fact in done.facts)


def test_what_a_condition_rules_out_is_forgotten_behind_it(settings: Settings) -> None:
    done = traced(
        """
        case "$1" in a) M=x;; b) M=y;; *) M=z;; esac
        if [[ $M == x || $M == y ]]; then echo small; fi
        vllm serve $M
        """,
        settings,
    )
    assert started(done) == {"vllm serve x", "vllm serve y", "vllm serve z"}


def test_an_arm_that_leaves_puts_nothing_on_what_follows(settings: Settings) -> None:
    done = traced(
        """
        MODEL=${MODEL:-m}
        if [[ ! -d "$MODEL" ]]; then exit 1; fi
        vllm serve a
        """,
        settings,
    )
    (server,) = (each for each in done.walk.invocations if each.program == "vllm")
    assert not server.assumes


# --- calls that are summed up ---------------------------------------------------------------------

LOG = """
log() {
  local level=$1 text=$2
  if [ "$level" = error ]; then COUNT=$((COUNT + 1)); fi
  if [ -n "$COLOUR" ]; then echo "[$level] $text" >&2; else echo "$level: $text" >&2; fi
}
"""


def test_a_function_that_starts_nothing_costs_no_more_from_some_call_on(settings: Settings) -> None:
    few, many = (
        traced(f"{LOG}" + 'log "$L" starting\n' * calls, settings).walk for calls in (40, 140)
    )
    assert many.steps - few.steps <= 3 * 100
    assert many.complete


def test_servers_behind_many_calls_are_found(settings: Settings) -> None:
    done = traced(LOG + 'log "$L" x\n' * 300 + "vllm serve m --port 1\n", settings)
    assert started(done) == {"vllm serve m --port 1"}
    assert done.walk.steps < MAX_STEPS


def test_what_a_call_that_is_summed_up_assigns_is_unknown(settings: Settings) -> None:
    script = "next() { N=$1; for i in a b c d; do echo $i; done; }\n"
    script += "".join(f"next {n}\n" for n in range(MAX_BARREN_STEPS))
    (line,) = started(traced(f"{script}\nvllm serve m --port $N", settings))
    assert line == "vllm serve m --port $N"


def test_what_it_does_not_assign_is_kept(settings: Settings) -> None:
    script = "PORT=1; say() { local PORT=2; for i in a b c d; do echo $i; done; }\n"
    script += "say\n" * MAX_BARREN_STEPS
    assert started(traced(f"{script}vllm serve m --port $PORT", settings)) == {
        "vllm serve m --port 1"
    }


def test_a_function_that_starts_something_is_walked_longer(settings: Settings) -> None:
    calls = MAX_BARREN_STEPS // 2
    script = "serve() { vllm serve m --port $1 & }\n"
    script += "".join(f"serve {8000 + n}\n" for n in range(calls))
    done = traced(f"{script}wait\n", settings)
    assert len(started(done)) == calls
    assert done.walk.complete


def test_of_what_starts_something_nothing_is_concluded_once_it_is_summed_up(
    settings: Settings,
) -> None:
    script = "serve() { vllm serve m --port $1 & }\n"
    script += "".join(f"serve {8000 + n}\n" for n in range(MAX_FUNCTION_STEPS))
    assert traced(script, settings).walk.truncated


@pytest.mark.parametrize(
    "body",
    [
        "wait",
        "kill $PID",
        'rm -rf "/tmp/$1"',
        "export HF_HOME=/x",
        "echo $1 > /tmp/log",
        '"$@"',
        "find . -delete",
        "cd /tmp",
        "cat <<E | bash\nvllm serve m\nE",
        "trap 'kill 0' EXIT",
    ],
)
def test_what_tells_on_the_surroundings_is_not_summed_up_early(
    body: str, settings: Settings
) -> None:
    script = f"act() {{ for i in a b c d; do echo $i; done\n{body}\n}}\n"
    calls = MAX_BARREN_STEPS // 5
    few, many = (
        traced(script + 'if [ "$X" ]; then act 1; fi\n' * n, settings).walk.steps
        for n in (calls, 2 * calls)
    )
    assert many - few > calls * 4


# --- functions of other files ---------------------------------------------------------------------


def test_what_a_file_defines_and_nobody_calls_is_none_of_this_script(settings: Settings) -> None:
    library = "used() { vllm serve a; }\nunused() { vllm serve b; }\n"
    script = "source lib.sh\nown() { vllm serve c; }\nused\n"
    done = traced(script, settings, {"lib.sh": library})
    assert started(done) == {"vllm serve a", "vllm serve c"}
    assert sum(isinstance(fact, Launch) for fact in done.facts) == 2


LATE = "".join(f"[ -e /x{n} ] && echo {n}\n" for n in range(MAX_STEPS // 4))


def test_late_in_a_walk_a_librarys_functions_that_serve_nothing_are_passed_over(
    settings: Settings,
) -> None:
    library = "report() { curl -s host; }\nserve() { vllm serve m --port $1 & }\n"
    script = f"source lib.sh\n{LATE}report\nserve 1\n"
    done = traced(script, settings, {"lib.sh": library})
    assert started(done) == {"vllm serve m --port 1"}
    assert not any(invocation.program == "curl" for invocation in done.walk.invocations)
    assert done.walk.truncated


def test_early_they_are_walked(settings: Settings) -> None:
    library = "report() { curl -s host; }\n"
    done = traced("source lib.sh\nreport\n", settings, {"lib.sh": library})
    assert any(invocation.program == "curl" for invocation in done.walk.invocations)
    assert done.walk.complete


def test_late_a_librarys_function_that_runs_its_arguments_may_serve(settings: Settings) -> None:
    library = 'run() { "$@"; }\n'
    done = traced(f"source lib.sh\n{LATE}run vllm serve m\n", settings, {"lib.sh": library})
    assert started(done) == {"vllm serve m"}


def test_servers_beside_a_call_that_was_passed_over_are_not_compared(settings: Settings) -> None:
    library = "stop() { curl -s host/stop; sleep 100; }\n"
    script = f"source lib.sh\n{LATE}vllm serve m --port 1 &\nstop\nvllm serve m --port 1 &\nwait\n"
    done = traced(script, settings, {"lib.sh": library})
    assert not any(fact.kind == "shared-port" for fact in done.facts)
