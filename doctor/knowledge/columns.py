"""Which tables hold knowledge: they are recognised by their header cells, in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.knowledge.markdown import Block

#: How the header of a column may be spelt; the first spelling is the one in our own pages.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "setting": ("setting", "设置", "配置项"),
    "value": ("value", "值", "取值"),
    "shared-folder": ("shared folder", "shared directory", "共享目录", "共享文件夹"),
    "release": ("release", "version", "vllm release", "vllm version", "vllm", "版本", "vllm 版本"),
    "breaks": ("what breaks", "breaks", "broken", "bug", "known bug", "问题", "已知问题"),
    "whom": ("for whom", "who", "affects", "affected", "影响", "受影响"),
    "remedy": ("what to do", "remedy", "fix", "workaround", "solution", "解决方案", "解决办法"),
    "only-with": ("only with", "仅当使用"),
    "not-with": ("not with", "不影响"),
    "notes": ("notes", "note", "remarks", "备注", "说明"),
    "target": ("target", "target model", "目标模型"),
    "drafter": ("drafter", "drafter model", "draft model", "draft", "草稿模型"),
    "method": ("method", "methods", "方法"),
    "tokens": ("tokens", "speculative tokens", "num_speculative_tokens", "推测 token 数"),
    "first-release": (
        "first release", "min release", "minimum release", "architecture since", "首个版本",
    ),
    "image": ("image", "container image", "镜像"),
    "pipelined": ("in a pipeline", "pipeline parallel", "流水线并行"),
    "refused-in": ("refused in", "不支持的版本"),
    "draft-tensor-parallel": ("draft tensor parallel", "draft tp", "draft_tensor_parallel_size"),
    "superseded-by": ("superseded by", "replaced by", "取代者"),
    "family": ("family", "model family", "模型系列"),
    "models": ("models", "model", "模型"),
    "tool-parser": ("tool parser", "tool call parser", "tool-call-parser", "工具解析器"),
    "also-right": ("also right", "also ok", "也可用"),
    "reasoning-parser": ("reasoning parser", "reasoning-parser", "推理解析器"),
    "also-right-for-reasoning": ("also right for reasoning",),
    "for-tool-calls": (
        "for tool calls", "min version", "minimum version", "min vllm version",
        "minimum vllm version", "min vllm", "最低 vllm 版本", "最低版本",
    ),
    "last-release": ("last release", "last version", "最后版本"),
    "also-needs": ("also needs", "extra arguments", "额外参数"),
    "gpu-type": ("gpu type", "gpu types", "gpu 类型", "gpu 型号"),
    "gpu-memory": ("memory (gib)", "gpu memory (gib)", "显存 (gib)"),
    "old-option": ("old option", "old options", "旧选项"),
    "new-option": ("new option", "new options", "新选项"),
    "same": ("means the same", "含义相同"),
    "since": ("since release", "自版本"),
    "source": ("source", "sources", "来源"),
}  # fmt: skip

_NAMES = {spelling: name for name, spellings in COLUMNS.items() for spelling in spellings}


class Kind(Record):
    """A kind of table: the columns it must have, and those it may have."""

    name: str
    required: Sequence[str]
    optional: Sequence[str] = ()


_PAIRING = "method tokens first-release draft-tensor-parallel superseded-by"
_FAMILY = (
    "family also-right reasoning-parser also-right-for-reasoning first-release for-tool-calls "
    "last-release also-needs"
)
_PROSE = ("notes", "source")
_CONCERNED = ("models", "only-with", "not-with")

KINDS = (
    Kind("setting", ("setting", "value"), _PROSE),
    Kind("shared-folder", ("shared-folder",), _PROSE),
    Kind("broken-version", ("release", "breaks"), ("whom", *_CONCERNED, "remedy", *_PROSE)),
    Kind("image", ("image", "release"), _PROSE),
    Kind("limit", ("method", "refused-in", "breaks"), ("models", "pipelined", *_PROSE)),
    Kind("pairing", ("target", "drafter"), (*_PAIRING.split(), *_PROSE)),
    Kind("family", ("models", "tool-parser"), (*_FAMILY.split(), *_PROSE)),
    Kind("gpu-type", ("gpu-type", "gpu-memory"), _PROSE),
    Kind("migration", ("old-option", "new-option"), ("same", "since", *_PROSE)),
)
#: A table of releases against models, whose cells say what works: ✅, ❌, ⚠️.
MATRIX = Kind("version-matrix", ("release",), _PROSE)
_MARK = "\N{WARNING SIGN}"


def recognise(filename: str, table: Block) -> tuple[Kind, Mapping[str, int]] | None:
    """The kind of a table and where its columns are, or None if it holds no knowledge."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(table.header):
        columns.setdefault(_NAMES.get(_plain(cell), f"?{cell}"), index)
    for kind in KINDS:
        if all(name in columns for name in kind.required):
            _refuse_misspelt(filename, table, columns, [*kind.required, *kind.optional])
            return kind, columns
    if "release" in columns and any(_MARK in cell for row in table.rows for cell in row.cells):
        return MATRIX, columns
    for kind in KINDS:
        missing = [name for name in kind.required if name not in columns]
        if len(missing) == 1 < len(kind.required):
            _refuse_misspelt(filename, table, columns, missing)
    return None


def warned(cell: str) -> bool:
    """Whether a cell of a matrix says that something is broken."""
    return _MARK in cell


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"[*`_]{2}|[*`]", "", cell).lower().split())


def _refuse_misspelt(
    filename: str, table: Block, columns: Mapping[str, int], names: Sequence[str]
) -> None:
    """Refuse a header cell that is nearly the name of a column that the table could have."""
    strange = [_plain(name[1:]) for name in columns if name.startswith("?")]
    if not any(strange):
        return
    from difflib import get_close_matches

    known = [word for name in names if name not in columns for word in COLUMNS[name]]
    for word in strange:
        close = get_close_matches(word, known, n=1, cutoff=0.8) if word else []
        if close:
            raise DoctorError(
                f"no column is called {word!r}; did you mean {close[0]!r}?", filename, table.line
            )
