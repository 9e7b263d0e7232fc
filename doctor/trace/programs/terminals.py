"""Programs that start another one in a terminal that goes on without its user: tmux, screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doctor.base.regex import regex
from doctor.trace.programs.invocation import Context, Start
from doctor.trace.programs.options import Unwrapped, Wrapper
from doctor.trace.programs.program import Place, Program, Sink, Trait
from doctor.values.value import Unknown, Value

_ENDS_OTHERS = frozenset({Trait.ENDS_OTHERS})


#: The keys that end a line, by tmux's names.
_ENTER = frozenset({"Enter", "C-m", "KPEnter", "ENTER"})
_LINE_END = regex(r"(?:\\n|\\r|\\0?1[25]|\^M|\^J|[\r\n])+\Z")
_WRITES_A_KEY = regex(r"(?:\$\(|`) *(?:printf|echo)\b")


def _window(unwrapped: Unwrapped, descriptor: int) -> Sink:
    return Sink("window", f"the {unwrapped.words[0]} window only")


def _place(unwrapped: Unwrapped, context: Context) -> Place:
    return Place("terminal", f"in {unwrapped.words[0]}")


def _screen(unwrapped: Unwrapped, start: Start) -> Start:
    """``-X`` sends a command of screen's own; only some of these run something."""
    sent = unwrapped.values("-X")
    runs = not sent or sent[-1].text in ("stuff", "screen", "exec", None)
    return start if runs else replace(start, arguments=())


def typed(keys: Sequence[Value]) -> list[Value]:
    """The words that are typed, without the keys that end the line.

    screen(1), "stuff": `\\n` and `^M` stand for such a key; many let printf write it.
    """
    words = list(keys)
    while words and words[-1].text in _ENTER:
        words.pop()
    if words:
        words[-1] = _without_end(words[-1])
    return words


def _without_end(word: Value) -> Value:
    last = word.pieces[-1] if word.pieces else None
    if isinstance(last, Unknown) and _WRITES_A_KEY.match(last.name):
        return replace(word, pieces=word.pieces[:-1])
    end = _LINE_END.search(word.shadow)
    return word.slice(0, end.start()) if end is not None else word


def _tmux(verb: str, wrapper: Wrapper) -> Program:
    return Program(("tmux",), (verb,), wraps=wrapper, sends=_window, places=_place)


_NEW = Wrapper("cefnstxyF", detaches=frozenset({"-d"}), text=True)

PROGRAMS = (
    _tmux("new-session", _NEW),
    _tmux("new", _NEW),
    *(
        _tmux(verb, Wrapper("cenFt", detaches=frozenset({verb}), text=True))
        for verb in ("new-window", "neww")
    ),
    *(
        _tmux(verb, Wrapper("celFpt", detaches=frozenset({verb}), text=True))
        for verb in ("split-window", "splitw")
    ),
    *(
        _tmux(verb, Wrapper("cet", detaches=frozenset({verb}), text=True))
        for verb in ("respawn-pane", "respawnp")
    ),
    *(_tmux(verb, Wrapper("tN", typed=frozenset({verb}))) for verb in ("send-keys", "send")),
    Program(("tmux",), ("kill-session", "kill-server"), is_a=_ENDS_OTHERS),
    Program(
        ("screen",),
        wraps=Wrapper(
            "cehprsStTxX",
            detaches=frozenset({"-dm", "-dmS", "-d"}),
            typed=frozenset({"stuff"}),
        ),
        enters=_screen,
        sends=_window,
        places=_place,
    ),
)
