"""What holds for every line."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.base.data import data_folder
from doctor.knowledge.releases import Releases
from doctor.values.value import Text, Unknown, Value
from doctor.vllm.defaults import compiles
from doctor.vllm.images import read_image
from doctor.vllm.jsonvalue import Json, read_json
from doctor.vllm.program import Program, recognise
from doctor.vllm.releases import candidates
from doctor.vllm.requirements import read_requirements
from doctor.vllm.server import read_server
from doctor.vllm.tables import Tables
from doctor.vllm.verdicts import verdicts

TABLES = Tables(Releases(data_folder("kb") / "vllm"))
NAMES = [*TABLES.flags, "-tp", "-O", "-O3", "-O.level", "-cc.mode", "-sc", "-q", "--", "-"]
texts = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(NAMES).map(lambda name: name + "=1"),
    st.sampled_from(NAMES).map(lambda name: name.replace("-", "_")),
    st.sampled_from(["serve", "vllm", "python", "-m", "pip", "install", "a/b", "8", "-1", "{", ""]),
    st.text(alphabet='{}[]":,-_=.@a1 \\\n', max_size=12),
    st.text(max_size=6),
)
pieces = st.one_of(
    texts.map(Text),
    st.builds(Unknown, st.sampled_from(["$X", "$@", "$ARGS", "${M:-}"]), many=st.booleans()),
)
values = st.lists(pieces, max_size=3).map(lambda found: Value(tuple(found)))
lines = st.lists(values, max_size=8)


@given(lines, st.sampled_from(["serve", "api_server", "demo"]))
@settings(max_examples=300, deadline=None)
def test_no_line_crashes(line: list[Value], kind: str) -> None:
    recognise(line)
    read_requirements(line)
    for value in line:
        read_image(value)
    server = read_server(Program(kind, (), tuple(line)), {}, TABLES)
    found = candidates(server, TABLES)
    verdicts(server, found)
    compiles(server, found)
    assert found.words
    assert found.likely
    assert bool(found.strict) is not bool(found.conflict)


@given(lines)
@settings(max_examples=100, deadline=None)
def test_what_is_added_never_widens_the_candidates(line: list[Value]) -> None:
    def strict(words: list[Value]) -> int:
        server = read_server(Program("api_server", (), tuple(words)), {}, TABLES)
        return candidates(server, TABLES).strict

    more = [Value((Text("--task"),)), Value((Text("embed"),))]
    assert strict([*more, *line]) & ~strict(more) == 0


json_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_data, st.booleans())
@settings(deadline=None)
def test_json_is_read_as_json(data: object, ascii_only: bool) -> None:
    import json

    text = json.dumps(data, ensure_ascii=ascii_only)
    if "\0" in text:
        return
    read = read_json(Value((Text(text),)))
    assert isinstance(read, Json)
    assert _plain(read) == data


def _plain(value: Json) -> object:
    if isinstance(value.data, dict):
        return {name: _plain(entry) for name, entry in value.data.items()}
    if isinstance(value.data, tuple):
        return [_plain(entry) for entry in value.data]
    return value.data


@given(st.text(alphabet='{}[]":,\\ \0a1-.eEtrufalsn', max_size=30))
def test_json_is_refused_where_python_refuses_it(text: str) -> None:
    import json

    if "\0" in text:
        return
    try:
        json.loads(text)
        fine = True
    except ValueError:
        fine = False
    assert isinstance(read_json(Value((Text(text),))), Json) is fine


def test_deep_nesting_is_refused_quickly() -> None:
    assert not isinstance(read_json(Value((Text("[" * 100_000),))), Json)
