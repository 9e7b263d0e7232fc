"""bashlex's parser, with the tables of its grammar kept between runs.

bashlex works out the LALR tables of its grammar whenever it is imported: 0.1 to 0.2 s, more than
all the rest of a scan. They depend on the grammar alone, so they are kept like everything else
that takes long to make, under a digest of the grammar and of the code that made them.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from doctor.base.kept import kept


def bashlex_parser() -> ModuleType:
    """The module ``bashlex.parser``."""
    if "bashlex" not in sys.modules:
        _import_with_kept_tables()
    from bashlex import parser

    return parser  # type: ignore[no-any-return]


def _import_with_kept_tables() -> None:
    """Import bashlex, which builds its parser as it is imported, with our way to get the tables.

    So its generator of parsers has to be reached before the package's own code is run.
    """
    spec = find_spec("bashlex")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("bashlex is not installed", name="bashlex")
    package = sys.modules["bashlex"] = module_from_spec(spec)
    from bashlex import yacc

    work_out = yacc.LRTable
    yacc.LRTable = partial(_table, work_out, yacc.__file__)
    try:
        spec.loader.exec_module(package)
    finally:
        yacc.LRTable = work_out


def _table(work_out: Any, generator: str, grammar: Any, log: Any) -> Any:
    """The ``LRTable`` of a grammar, worked out only if it isn't kept."""
    table = work_out.__new__(work_out)
    table.lr_productions = grammar.Productions
    table.sr_conflicts = table.rr_conflicts = ()

    def actions_and_gotos() -> list[Any]:
        made = work_out(grammar, log)
        return [list(made.lr_action.items()), list(made.lr_goto.items())]

    actions, gotos = kept("bashlex-tables", _digest(generator, grammar), actions_and_gotos)
    table.lr_action, table.lr_goto = dict(actions), dict(gotos)
    return table


def _digest(generator: str, grammar: Any) -> str:
    from hashlib import blake2b

    rules = [(rule.name, rule.prod, rule.prec) for rule in grammar.Productions]
    made_by = Path(generator).read_bytes()
    return blake2b(made_by + repr(rules).encode(), digest_size=16).hexdigest()
