"""Judges argument lists by the argument parser of a release of vLLM, run from its sources.

usage: release_parser.py FOLDER   (of the unpacked source archive)

Each line of the standard input is a JSON list of words after `vllm serve`; each line of the output
is why the release refuses them, as JSON, or null. It is a program of its own: torch and everything
else that is heavy is replaced for the whole process. Needs pydantic, regex and PyYAML.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_REAL = frozenset(
    "vllm pydantic pydantic_core regex yaml typing_extensions annotated_types "
    "typing_inspection".split()
)
#: Parts of vLLM that the parser asks for and doesn't depend on.
_REPLACED = tuple(
    f"vllm.{name}"
    for name in (
        "_C platforms plugins model_executor distributed usage transformers_utils lora multimodal "
        "ray reasoning tool_parsers parser v1.sample v1.core entrypoints.chat_utils version "
        "env_override models renderers sampling_params pooling_params v1.executor v1.engine inputs"
    ).split()
)
#: A real module within a part that is replaced.
_KEPT = "vllm.model_executor.layers.quantization.utils.quant_utils"
_ARGUMENTS = "vllm.engine.arg_utils"
_BEFORE_COMMON = "entrypoints.openai.cli_args"


class _AnyType(type):
    """A class of which every attribute is another such class, and which fits in any annotation."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _anything(name)

    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.any_schema()

    def __or__(cls, other: Any) -> Any:
        return object

    __ror__ = __or__

    def __getitem__(cls, item: Any) -> Any:
        return cls

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __int__(cls) -> int:
        return 0

    def __bool__(cls) -> bool:
        return False


def _anything(name: str) -> Any:
    """A class that stands for anything: what is done with it says as little as may be."""

    def new(cls: Any, *arguments: Any, **named: Any) -> Any:
        is_decorator = len(arguments) == 1 and isinstance(arguments[0], types.FunctionType)
        return arguments[0] if is_decorator and not named else object.__new__(cls)

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else self

    def attribute(self: Any, wanted: str) -> Any:
        return _AnyType.__getattr__(type(self), wanted)

    answers: dict[str, Callable[..., Any]] = {
        "__new__": new,
        "__init__": lambda self, *a, **k: None,
        "__init_subclass__": classmethod(lambda cls, **k: None),
        "__call__": call,
        "__getattr__": attribute,
        "__getitem__": lambda self, item: self,
        "__iter__": lambda self: iter(()),
        "__enter__": lambda self: self,
        "__exit__": lambda self, *a: False,
        "__or__": lambda self, other: object,
        "__hash__": lambda self: 1,
    }
    for method in ("__bool__", "__eq__", "__lt__"):
        answers[method] = lambda self, *a: False
    for method in ("__ge__", "__gt__", "__le__"):
        answers[method] = lambda self, *a: True
    return _AnyType(name, (), answers)


class _Module(types.ModuleType):
    __path__ = ()

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return "2.9.0"
        if name.startswith("__"):
            raise AttributeError(name)
        made = _anything(name)
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module that stands for anything wherever the real one isn't wanted."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        top = name.partition(".")[0]
        heavy = top not in _REAL and top not in sys.stdlib_module_names
        replaced = name != _KEPT and any(f"{name}.".startswith(f"{each}.") for each in _REPLACED)
        if heavy or replaced:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class _Patched(importlib.machinery.SourceFileLoader):
    """The module of the engine's arguments, which takes a type that is replaced for a text."""

    def get_data(self, path: str) -> bytes:
        refusal = b'raise ValueError(f"Unsupported type {type_hints} for argument {name}.")'
        return super().get_data(path).replace(refusal, b'kwargs[name]["type"] = str')


class _FromSources(importlib.abc.MetaPathFinder):
    """Finds the two modules that need a loader or a place of their own."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        file = f"{self.folder}/{name.replace('.', '/')}.py"
        if name == _ARGUMENTS:
            loader = _Patched(name, file)
            return importlib.util.spec_from_file_location(name, file, loader=loader)
        return importlib.util.spec_from_file_location(name, file) if name == _KEPT else None


def _parser(folder: str) -> Any:
    sys.meta_path[:0] = [_FromSources(folder), _Finder()]
    sys.path.insert(0, folder)
    import torch
    import vllm.platforms

    torch.iinfo = lambda kind: types.SimpleNamespace(min=-(1 << 63), max=(1 << 63) - 1)
    platform = _anything("Platform")
    platform.device_type = "cuda"
    platform.pre_register_and_update = lambda self, parser=None: None
    vllm.platforms.current_platform = platform()
    make_arg_parser = _found("make_arg_parser", "entrypoints.common.cli_args", _BEFORE_COMMON)
    parser = _found("FlexibleArgumentParser", "utils.argparse_utils", "utils")
    return make_arg_parser(parser(prog="vllm serve"))


def _found(name: str, *modules: str) -> Any:
    """What one of vLLM's modules has of this name: it has moved from release to release."""
    for module in modules:
        with contextlib.suppress(ModuleNotFoundError):
            return getattr(importlib.import_module(f"vllm.{module}"), name)
    raise SystemExit(f"this release has no {name}")


def refusal(parser: Any, words: Sequence[str]) -> str | None:
    """Why the release refuses these words; None if it takes them.

    An attention backend is only looked up when the server's configuration is made.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            given = parser.parse_args(list(words))
    except SystemExit:
        return said.getvalue().rpartition(": error: ")[2].partition("\n")[0][:300] or "refused"
    except ValueError as problem:
        return str(problem).partition("\n")[0][:300]
    if getattr(given, "attention_backend", None) is not None:
        from vllm.config.attention import AttentionConfig

        try:
            AttentionConfig(backend=given.attention_backend)
        except ValueError as problem:
            return str(problem).splitlines()[2].strip()[:300]
    return None


def main() -> None:
    """Answer each line of the standard input."""
    with contextlib.redirect_stdout(sys.stderr):  # where older releases log
        parser = _parser(sys.argv[1].rstrip("/"))
    for line in sys.stdin:
        print(json.dumps(refusal(parser, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
