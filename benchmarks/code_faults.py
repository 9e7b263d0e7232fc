"""Small faults to put into Python code: each changes one expression or drops one statement.

A fault is cut into the text, so that all else, the lines included, stays as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Fault:
    """One change: the bytes from ``start`` to ``end`` of a file become ``new``.

    Its statement begins at the line ``first``, the change ends at ``last``.
    """

    path: str
    how: str
    line: int
    first: int
    last: int
    start: int
    end: int
    old: str
    new: str

    @property
    def lines(self) -> range:
        """Of these at least one must be reached to notice it."""
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.how}: {_short(self.old)}  ->  {_short(self.new)}"

    def put_into(self, root: Path) -> None:
        """Write the fault into the file below a folder."""
        file = root / self.path
        text = file.read_bytes()
        file.write_bytes(text[: self.start] + self.new.encode() + text[self.end :])


def _short(text: str) -> str:
    return " ".join(text.split())[:90] or "(nothing)"


def faults(root: Path, path: str) -> list[Fault]:
    """All faults that can be put into one file, in the order of the text."""
    text = (root / path).read_bytes()
    visitor = _Visitor(path, text)
    visitor.visit(ast.parse(text))
    return sorted(visitor.found, key=lambda fault: (fault.start, fault.how, fault.new))


class _Visitor(ast.NodeVisitor):
    """Walks code, but no annotations, docstrings and formatted texts."""

    def __init__(self, path: str, text: bytes) -> None:
        self.path = path
        self.text = text
        self.found: list[Fault] = []
        self.statement = 0
        self.lines = [0]
        for line in text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    # --- what is walked --------------------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        """As usual, but it is known in which statement a node stands."""
        outer = self.statement
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        super().visit(node)
        self.statement = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._body(node.body)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._body(node.body)

    def visit_Module(self, node: ast.Module) -> None:
        self._body(node.body)

    def _body(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            documents = isinstance(statement, ast.Expr) and isinstance(
                statement.value, ast.Constant
            )
            if not documents:
                self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Its parts have no places of their own before Python 3.12."""

    # --- what is changed -------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        changed = deepcopy(node)
        changed.ops[0] = _OPPOSITES[type(node.ops[0])]()
        self._add("compare", node, f"({ast.unparse(changed)})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add("and/or", node, f"({ast.unparse(ast.BoolOp(other, node.values))})")
        for index, operand in enumerate(node.values):
            rest = [value for at, value in enumerate(node.values) if at != index]
            kept = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
            self._add("drop-operand", node, f"({ast.unparse(kept)})", operand.lineno)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self._negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.generic_visit(node)  # its opposite rarely ends

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._add("drop-filter", test, "True")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add("constant", node, str(not node.value))
        elif isinstance(node.value, (int, float)):
            self._add("constant", node, repr(node.value + 1))

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(ast.Constant(str(text)), "split") if not node.args:
                words = text.split()
                for word in words if len(words) > 1 else ():
                    rest = " ".join(other for other in words if other != word)
                    self._add("drop-element", node, f"{rest!r}.split()", shown=word)
        self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self._drop_elements(node)

    def visit_Set(self, node: ast.Set) -> None:
        self._drop_elements(node)

    def visit_List(self, node: ast.List) -> None:
        self._drop_elements(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for index, key in enumerate(node.keys):
            if isinstance(key, ast.Constant) and len(node.keys) > 1:
                rest = [at for at in range(len(node.keys)) if at != index]
                changed = ast.Dict([node.keys[at] for at in rest], [node.values[at] for at in rest])
                entry = f"{ast.unparse(key)}: {ast.unparse(node.values[index])}"
                self._add("drop-element", node, ast.unparse(changed), key.lineno, entry)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and ast.unparse(node.value) != "None":
            self._add("return-empty", node, "return None")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self._drop(node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._drop(node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not isinstance(node.targets[0], (ast.Name, ast.Tuple)):  # others would be missed at once
            self._drop(node)
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._drop(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._drop(node)

    # --- how it is changed -----------------------------------------------------------------

    def _negate(self, test: ast.expr) -> None:
        self._add("negate", test, f"(not ({self._source(test)}))")

    def _drop(self, node: ast.stmt) -> None:
        self._add("drop-statement", node, "pass")

    def _drop_elements(self, node: ast.Tuple | ast.Set | ast.List) -> None:
        whole = [element for element in node.elts if isinstance(element, ast.Constant)]
        if len(node.elts) > 1 and len(whole) == len(node.elts):
            for element in node.elts:
                changed = deepcopy(node)
                changed.elts = [other for other in node.elts if other is not element]
                new = ast.unparse(changed)
                self._add("drop-element", node, new, element.lineno, ast.unparse(element))
        self.generic_visit(node)

    def _add(
        self, how: str, node: ast.expr | ast.stmt, new: str, line: int = 0, shown: str = ""
    ) -> None:
        start, end = self._span(node)
        old = self.text[start:end].decode()
        if old == new:
            return
        assert node.end_lineno is not None
        place = (line or node.lineno, self.statement, node.end_lineno)
        self.found.append(Fault(self.path, how, *place, start, end, shown or old, new))

    def _source(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.text[start:end].decode()

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.lines[node.lineno - 1] + node.col_offset
        return start, self.lines[node.end_lineno - 1] + node.end_col_offset


def files(root: Path, packages: Sequence[str]) -> Iterator[str]:
    """The modules of these packages of `doctor`, as paths below the root."""
    for package in packages:
        for path in sorted((root / "doctor" / package).rglob("*.py")):
            yield str(path.relative_to(root))
