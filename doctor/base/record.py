"""Frozen data whose classes cost little to make.

`@dataclass(frozen=True)` writes and compiles six methods for each class: 0.7 ms, and a scan makes
two hundred classes before it reads a line of a script. Of a record only ``__init__`` is made so;
the other methods are the same for all. The type checker sees to it that nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        return lambda cls: cls


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record:
    """A dataclass that isn't changed once it is made; equal to another of its class by value.

    Fields are given as for `dataclasses.dataclass`; ``dataclasses.replace`` and ``fields`` work.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _compared: ClassVar[Callable[[Any], Any]]

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        super().__init_subclass__()
        dataclass(repr=False, eq=False, kw_only=kw_only)(cls)
        names = [one.name for one in fields(cls) if one.compare]
        cls._compared = attrgetter(*(names or ("__class__",)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        values = type(self)._compared
        return bool(values(self) == values(other))

    def __hash__(self) -> int:
        return hash(type(self)._compared(self))

    def __repr__(self) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"
