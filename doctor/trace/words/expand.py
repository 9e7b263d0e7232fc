"""Expansion: from the words of a command to the values that it may be given.

A word has alternatives where a variable holds one of several things. ``arguments`` yields
every consistent combination, up to a bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from doctor.base.bounds import MAX_COMBINATIONS, MAX_ITEMS, PIECES_A_STEP
from doctor.base.numbers import signed_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.shell.tree import Arithmetic, Literal, Parameter, Part, Span, Substitution, Word
from doctor.trace.domain.environment import inherited
from doctor.trace.domain.fields import (
    Fields,
    append,
    as_expanded,
    assumed,
    concatenate,
    joined,
    product,
    sliced,
    spaced,
    split_words,
)
from doctor.trace.domain.frame import ScriptFrame, restored
from doctor.trace.domain.state import BLANKS, Array, Missing, State
from doctor.trace.words import arithmetic, braces, globbing, operators, parameters
from doctor.trace.words.bounds import Bounds
from doctor.values.assumption import Guard, consistent
from doctor.values.value import Text, Unknown, Value, derived, is_too_long, known, placed


class Expander(Record):
    """Expands words in a state. ``substitute`` gives the outputs of a command substitution.

    ``bounds`` counts the work, and notes what is left out.
    """

    state: State
    frame: ScriptFrame
    substitute: Callable[[Substitution], tuple[Value, ...]]
    bounds: Bounds

    def arguments(self, words: Iterable[Word]) -> list[Fields]:
        """The argument lists that the words may make; the likeliest first."""
        combined = [Fields(())]
        for word in words:
            for parts in braces.expand(word.parts):
                found = [
                    Fields(tuple(map(globbing.expand, f.values)), f.assumes, f.unlikely)
                    for f in self._word(parts)
                ]
                combined = self.combined(combined, found, append)
            if all(len(fields.values) >= MAX_ITEMS for fields in combined):
                break
        return combined

    def combined(
        self,
        left: Sequence[Fields],
        right: Sequence[Fields],
        combine: Callable[[Fields, Fields, int], Fields],
    ) -> list[Fields]:
        """Every consistent pair, or the likeliest of them."""
        found = product(left, right, combine)
        if len(found) >= MAX_COMBINATIONS:
            self.bounds.narrow()
        made = len(found) * sum([1 + len(v.pieces) for fields in right for v in fields.values])
        if made >= PIECES_A_STEP:
            self.bounds.spend(made // PIECES_A_STEP)
        for fields in found:
            if fields.values and is_too_long(fields.values[-1]):
                self.bounds.leave_out("words in a value or a list")
                break
        return found

    def likeliest(self, words: Iterable[Word]) -> tuple[Value, ...]:
        """The likeliest argument list; empty where none is consistent."""
        found = self.arguments(words)
        return found[0].values if found else ()

    def scalar(self, word: Word) -> tuple[Value, ...]:
        """What the right-hand side of an assignment may be: nothing is split or globbed.

        There is always one: where no combination is consistent, it is unknown.
        """
        combined = [Fields((Value(),))]
        for index, part in enumerate(word.parts):
            chunks = [joined(fields) for fields in self._part(part, index == 0, split=False)]
            combined = self.combined(combined, chunks, concatenate)
        return tuple(
            Value(fields.values[0].pieces, fields.values[0].assumes | fields.assumes)
            for fields in combined
        ) or (Value((Unknown(self.frame.written(word.span)),)),)

    def _word(self, parts: tuple[Part, ...]) -> list[Fields]:
        if any(_is_list(part) for part in parts):  # the quotes around "$@" make no word
            parts = tuple(p for p in parts if not isinstance(p, Literal) or p.text)
        combined = [Fields(())]
        for index, part in enumerate(parts):
            chunks = self._part(part, index == 0, split=True)
            combined = self.combined(combined, chunks, concatenate)
        return combined

    def _part(self, part: Part, first: bool, split: bool) -> list[Fields]:
        match part:
            case Literal():
                return [Fields((self._literal(part, first),))]
            case Parameter():
                found = self._parameter(part)
            case Arithmetic():
                found = [Fields((value,), value.assumes) for value in self._arithmetic(part)]
            case Substitution():
                found = [Fields((self._named(v, part),), v.assumes) for v in self.substitute(part)]
        if part.quoted or not isinstance(part, Parameter):
            found = [
                Fields(
                    tuple(as_expanded(value, part.quoted) for value in fields.values),
                    fields.assumes,
                    fields.unlikely,
                    fields.apart_before,
                    fields.apart_after,
                )
                for fields in found
            ]
        if split and not part.quoted:
            separators = self.state.separators
            separators = BLANKS if separators is None else separators
            return [split_words(fields, separators) for fields in found]
        return found

    def _literal(self, part: Literal, first: bool) -> Value:
        origin = self.frame.origin(part.span)
        text = part.text
        if first and not part.quoted and re.match(r"~(/|$)", text):
            home = Unknown("$HOME", frozenset({"user"}), origin=origin)
            rest = (Text(text[1:], origin),) if len(text) > 1 else ()
            return Value((home, *rest)).slice(0)
        return restored(text, self.frame, part.span, part.quoted)

    def _named(self, value: Value, part: Substitution) -> Value:
        """Where the output of a command is unknown, it may be several words unless quoted."""
        unknown = parameters.single(value)
        if unknown is None:
            return value
        here = unknown.origin or self.frame.origin(part.span)
        return replace(value, pieces=(replace(unknown, origin=here, many=not part.quoted),))

    # --- parameters -------------------------------------------------------------------

    def _parameter(self, part: Parameter) -> list[Fields]:
        if part.indirect and not part.operator and part.subscript is None:
            return self._indirect(part)
        found: list[Fields] = []
        for content in parameters.contents(self.state, part.name) or (Missing(),):
            if part.length or part.indirect:
                found.append(self._measure(part, content))
            elif part.operator.lstrip(":") in ("-", "=", "?", "+"):
                found += self._defaulted(part, content)
            else:
                found.append(self._plain(part, content))
        return [fields for fields in found if consistent(self.state.guard, fields.assumes)] or found

    def _plain(self, part: Parameter, content: Array | Missing | Value) -> Fields:
        origin = self.frame.origin(part.span)
        if part.subscript not in (None, "@", "*"):
            values: tuple[Value, ...] = (parameters.element(self.state, content, part),)
        else:
            if isinstance(content, Array) and part.subscript is None and part.name not in "@*":
                content = content.items[0] if content.items else Missing(False, content.assumes)
            values = parameters.items(content, part, origin)
        values = tuple(placed(value, origin) for value in values)
        if part.operator:
            argument = self.scalar(part.argument)[0] if part.argument else Value()
            argument = self._offsets(argument) if part.operator == ":" else argument
            if part.operator == ":" and part.name in "@*":
                values = sliced(values, argument, first=1)
            elif part.operator == ":" and isinstance(content, Array) and part.subscript:
                values = sliced(values, argument)
            else:
                written = self.frame.written(part.span)
                values = tuple(operators.transform(v, part, argument, written) for v in values)
        if part.quoted and (part.subscript == "*" or part.name == "*"):
            values = (spaced(values),)
        values = tuple(as_expanded(value, part.quoted) for value in values)
        return Fields(values, content.assumes | assumed(values))

    def _offsets(self, written: Value) -> Value:
        """``offset:length`` as numbers; both may be expressions."""
        numbers: list[str] = []
        for expression in (written.text or "").split(":"):
            found = self.computed(known(expression), expression)
            if len(found) != 1 or found[0].text is None:
                return written
            numbers.append(found[0].text)
        return replace(written, pieces=(Text(":".join(numbers), written.origin),))

    def _defaulted(self, part: Parameter, content: Array | Missing | Value) -> list[Fields]:
        operator = part.operator.lstrip(":")
        is_text = isinstance(content, Value) and content.text is not None
        found: list[Fields] = []
        for filled, case in parameters.emptiness(content, part.name):
            is_set = filled or (is_text and part.operator == operator)
            if is_set == (operator == "+"):
                found += self._argument(part, case.assumes)
            elif operator == "+":
                found.append(self._perhaps_nothing(part, content, case.assumes))
            elif is_set:
                found.append(self._plain(replace(part, operator="", argument=None), case))
        if operator == "=":
            values = [v for fields in found for v in fields.values if v.pieces]
            self.state.set(part.name, values or (Value(),))
        if operator == "?":
            return [fields for fields in found if fields.values] or found
        return found

    def _perhaps_nothing(
        self, part: Parameter, content: Array | Missing | Value, assumes: Guard
    ) -> Fields:
        """What ``${name:+word}`` is where the name is not set.

        Where nobody knows whether it is, nothing may be concluded from the word's absence.
        """
        if isinstance(content, Missing) and content.inherited:
            tested = Value((inherited(part.name, since=content.since),))
            name = self.frame.written(part.span)
            unknown = derived(name, tested, many=not part.quoted)
            return Fields((Value((unknown,), assumes),), assumes)
        return Fields((Value(),) if part.quoted else (), assumes)

    def _argument(self, part: Parameter, assumes: Guard) -> list[Fields]:
        """The word of ``${name:-word}`` where it counts; for ``?`` the shell ends instead."""
        if part.argument is None or part.operator.endswith("?"):
            empty = (Value(),) if part.quoted and not part.operator.endswith("?") else ()
            return [Fields(empty, assumes)]
        inside = self._word(part.argument.parts) if not part.quoted else []
        values = inside or [Fields((value,), value.assumes) for value in self.scalar(part.argument)]
        return [
            Fields(
                tuple(replace(v, assumes=v.assumes | assumes) for v in fields.values),
                fields.assumes | assumes,
            )
            for fields in values
            if consistent(fields.assumes, assumes)
        ]

    def _indirect(self, part: Parameter) -> list[Fields]:
        found: list[Fields] = []
        if part.name in self.state.references:
            return [Fields((known(self.state.references[part.name]),))]
        for content in parameters.contents(self.state, part.name):
            name = content.text if isinstance(content, Value) else None
            if name and re.fullmatch(r"[A-Za-z_]\w*", name):
                found += self._parameter(replace(part, name=name, indirect=False))
            else:
                made_of = (content,) if isinstance(content, Value) else ()
                unknown = derived(self.frame.written(part.span), *made_of, many=not part.quoted)
                found.append(Fields((Value((unknown,), content.assumes),), content.assumes))
        return found

    def _measure(self, part: Parameter, content: Array | Missing | Value) -> Fields:
        """``${#name}``, ``${#name[@]}`` and ``${!name[@]}``."""
        origin = self.frame.origin(part.span)
        whole = part.subscript in ("@", "*") or part.name in "@*"
        countable = isinstance(content, Array) and not any(item.many for item in content.items)
        if isinstance(content, Array) and whole and countable and not content.open:
            keys = content.keys or tuple(str(i) for i in range(len(content.items)))
            texts = keys if part.indirect else (str(len(content.items)),)
            values = tuple(Value((Text(t, origin),), content.assumes) for t in texts)
            return Fields(values, content.assumes)
        if isinstance(content, Value) and content.text is not None and part.length and not whole:
            size = Text(str(len(content.text)), origin)
            return Fields((Value((size,), content.assumes),), content.assumes)
        made_of = parameters.items(content, part, origin)
        unknown = derived(
            self.frame.written(part.span), *made_of, many=part.indirect, origin=origin
        )
        return Fields((Value((unknown,), content.assumes),), content.assumes)

    # --- arithmetic -------------------------------------------------------------------

    def _arithmetic(self, part: Arithmetic) -> list[Value]:
        written = self.frame.written(part.span)
        origin = self.frame.origin(part.span)
        return [
            placed(value, origin)
            for expression in self.scalar(part.expression)
            for value in self.computed(expression, written)
        ]

    def computed(self, expression: Value, written: str) -> list[Value]:
        """The numbers that an arithmetic expression may have."""
        names = [n for n in dict.fromkeys(_NAME.findall(expression.display)) if n[0] != "$"]
        combined = [Fields((), expression.assumes)]
        for name in names:
            chunks = [
                Fields((content,), content.assumes)
                for content in self._numbers(name)
                if consistent(content.assumes, self.state.guard)
            ]
            combined = self.combined(combined, chunks, append)
        return [self._compute(expression, names, fields, written) for fields in combined]

    def _numbers(self, name: str) -> tuple[Value, ...]:
        found = []
        for content in self.state.get(name).alternatives:
            if isinstance(content, Missing):
                plain = Parameter(Span(0, 0), name, quoted=True)
                found.append(parameters.items(content, plain, None)[0])
            elif isinstance(content, Value):
                found.append(content)
        return tuple(found) or (Value((Unknown(f"${name}"),)),)

    def _compute(self, expression: Value, names: list[str], fields: Fields, written: str) -> Value:
        numbers = dict(zip(names, fields.values, strict=True))

        def variable(name: str) -> int:
            number = signed_number(numbers[name].text) if name in numbers else None
            if number is None:
                raise arithmetic.NotKnownError
            return number

        try:
            if expression.text is None:
                raise arithmetic.NotKnownError
            return Value(
                (Text(str(arithmetic.evaluate(expression.text, variable))),), fields.assumes
            )
        except arithmetic.NotKnownError:
            return Value((derived(written, expression, *numbers.values()),), fields.assumes)


_NAME = regex(r"\$?\b[A-Za-z_]\w*")


def _is_list(part: Part) -> bool:
    """``$@`` or ``${name[@]}``, which may stand for no word at all."""
    return isinstance(part, Parameter) and "@" in (part.name, part.subscript)
