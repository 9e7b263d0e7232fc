"""The environment of a program, looked up when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.trace.domain.state import Content, State


class Environment(Mapping[str, tuple[Content, ...]]):
    """What a program that is started in a state sees: the variables that the script exports.

    Of most programs nobody asks for it, so a variable's contents are cut to those that the path
    allows only when they are asked for; whether a name is there costs nothing.
    """

    def __init__(self, state: State) -> None:
        self._state = State(
            dict(state.variables),
            references=dict(state.references),
            guard=state.guard,
            one_of=state.one_of,
        )

    def __getitem__(self, name: str) -> tuple[Content, ...]:
        if not self._state.variables[name].exported:
            raise KeyError(name)
        return self._state.get(name).alternatives

    def __contains__(self, name: object) -> bool:
        held = self._state.variables.get(name) if isinstance(name, str) else None
        return held is not None and held.exported

    def __iter__(self) -> Iterator[str]:
        return (name for name, held in self._state.variables.items() if held.exported)

    def __len__(self) -> int:
        return sum(1 for _ in self)
