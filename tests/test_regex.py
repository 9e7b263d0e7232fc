"""Regular expressions that are compiled late are right, each of them."""

import pkgutil
import re
from importlib import import_module

import doctor
from doctor.base.regex import regex


def test_a_late_one_behaves_as_one_that_is_compiled():
    late = regex(r"(\w)=(\d)", re.IGNORECASE)
    assert late.pattern == r"(\w)=(\d)"
    assert late.findall("a=1 B=2") == [("a", "1"), ("B", "2")]
    assert late.sub(r"\2", "a=1") == "1"


def test_every_one_of_ours_compiles():
    names = [each.name for each in pkgutil.walk_packages(doctor.__path__, "doctor.")]
    modules = [import_module(name) for name in names if not name.endswith("__main__")]
    late = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type(regex("")))
    ]
    assert len(late) > 100
    for pattern in late:
        assert re.compile(pattern.pattern, pattern.flags)
