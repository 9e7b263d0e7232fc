"""Programs that start another one in a terminal that goes on without its user: tmux, screen."""

from __future__ import annotations

from doctor.trace.programs.invocation import Context
from doctor.trace.programs.options import Unwrapped, Wrapper
from doctor.trace.programs.program import Place, Program, Sink, Trait

_ENDS_OTHERS = frozenset({Trait.ENDS_OTHERS})


def _window(unwrapped: Unwrapped, descriptor: int) -> Sink:
    return Sink("window", f"the {unwrapped.words[0]} window only")


def _place(unwrapped: Unwrapped, context: Context) -> Place:
    return Place("terminal", f"in {unwrapped.words[0]}")


def _tmux(verb: str, wrapper: Wrapper) -> Program:
    return Program(("tmux",), (verb,), wraps=wrapper, sends=_window, places=_place)


_NEW = Wrapper("cefnstxyF", detaches=frozenset({"-d"}), text=True)

PROGRAMS = (
    _tmux("new-session", _NEW),
    _tmux("new", _NEW),
    _tmux("new-window", Wrapper("cenFt", detaches=frozenset({"new-window"}), text=True)),
    _tmux("split-window", Wrapper("celFpt", detaches=frozenset({"split-window"}), text=True)),
    _tmux("send-keys", Wrapper("tN", detaches=frozenset({"send-keys"}), text=True)),
    _tmux("send", Wrapper("tN", detaches=frozenset({"send"}), text=True)),
    Program(("tmux",), ("kill-session", "kill-server"), is_a=_ENDS_OTHERS),
    Program(
        ("screen",),
        wraps=Wrapper("cehpsStTX", detaches=frozenset({"-dm", "-dmS", "-d"})),
        sends=_window,
        places=_place,
    ),
)
