"""How conditions and messages are written: items of a document become typed predicates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from doctor.base.document import Item
from doctor.base.errors import nearest
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.rulebook.predicates import (
    All,
    Compare,
    Disjoint,
    Equal,
    Known,
    Lacks,
    Like,
    Not,
    Overlaps,
    Predicate,
    Reference,
    Within,
)
from doctor.rulebook.rule import Clause, Conditions, Message
from doctor.rulebook.vocabulary import Attribute, Kind, Type, about, kind

#: Names that predicates bind for the message.
BOUND: Mapping[str, type[Predicate]] = {"missing": Lacks, "common": Overlaps}
_RANGE = regex(r"\s*(===?|!=|~=|<=?|>=?)\s*\d[\w.!+*-]*\s*(,|$)")
#: The most values that a message may name; nobody reads more.
MAX_VALUES = 50
_PLACEHOLDER = regex(r"\{(\$?[A-Za-z][\w.-]*)\}")


class Names(Record):
    """The names that one rule may use."""

    fact: str
    attributes: Kind
    look_ups: Collection[str] = ()

    def attribute(self, item: Item, name: str) -> Attribute:
        """The attribute of that name."""
        if name not in self.attributes:
            raise item.error(
                f"a fact of kind {self.fact!r} has no attribute {name!r}"
                + nearest(name, list(self.attributes))
            )
        return self.attributes[name]

    def reference(self, item: Item, path: str) -> Reference:
        """An attribute, or a reference whose root is known."""
        if not path.startswith("$"):
            self.attribute(item, path)
            return Reference(path)
        root, _, rest = path[1:].partition(".")
        roots = ["kb", "site", "run", *self.look_ups]
        if root not in roots:
            raise item.error(f"nothing is called {'$' + root!r} here{nearest(root, roots)}")
        if not rest:
            raise item.error(f"{path!r} lacks the name of a value: {path}.NAME")
        if root == "run":
            _check_told(item, path, rest)
        return Reference(path)


def _check_told(item: Item, path: str, rest: str) -> None:
    """Refuse what the scripts of a run can't tell: it is `$run.KIND.ATTRIBUTE`, strings all."""
    name, _, attribute = rest.partition(".")
    attributes = kind(name) if about(name) == "script" else None
    if attributes is None or attribute not in attributes:
        known = [f"$run.{name}.{each}" for each in attributes or ()]
        problem = f"no script tells {path!r}; it is $run.KIND.ATTRIBUTE"
        raise item.error(problem + nearest(path, known))
    if attributes[attribute].type not in (Type.TEXT, Type.NAMES):
        raise item.error(f"{path!r} is {attributes[attribute].type.value}, and not strings")


class Operator(Record):
    """A word that asks something of a value, which types it is for, and its operand's type."""

    types: frozenset[Type]
    operand: Type
    several: bool
    build: Callable[[Any], Predicate]


def _compare(comparison: str) -> Operator:
    numbers = frozenset({Type.NUMBER})
    return Operator(numbers, Type.NUMBER, False, lambda operand: Compare(comparison, operand))


_NAMES = frozenset({Type.NAMES})
OPERATORS: Mapping[str, Operator] = {
    "gt": _compare("gt"),
    "ge": _compare("ge"),
    "lt": _compare("lt"),
    "le": _compare("le"),
    "like": Operator(frozenset({Type.TEXT}), Type.TEXT, True, Like),
    "lacks": Operator(_NAMES, Type.TEXT, True, Lacks),
    "overlaps": Operator(_NAMES, Type.TEXT, True, Overlaps),
    "disjoint": Operator(_NAMES, Type.TEXT, True, Disjoint),
    "within": Operator(frozenset({Type.TEXT, Type.NAMES}), Type.TEXT, False, Within),
    "known": Operator(frozenset(Type), Type.TRUTH, False, Known),
}


def known_keys(item: Item, allowed: Collection[str], what: str) -> Mapping[str, Item]:
    """The items of a mapping that may hold only these keys."""
    if item.mapping is None:
        raise item.error(f"{what} must be a mapping of {', '.join(sorted(allowed))}")
    for key, value in item.mapping.items():
        if key not in allowed:
            raise value.error(f"{what} has no key {key!r}{nearest(key, list(allowed))}")
    return item.mapping


def conditions(item: Item, names: Names) -> Conditions:
    """A ``when``: attributes with their predicates, and ``any`` with alternatives."""
    if item.mapping is None:
        raise item.error("conditions must be a mapping of attributes and what they must be")
    clauses = [clause(key, value, names) for key, value in item.mapping.items() if key != "any"]
    if "any" not in item.mapping:
        return Conditions(tuple(clauses))
    listed = item.mapping["any"]
    if not listed.list:
        raise listed.error("`any` must be a list of conditions")
    return Conditions(tuple(clauses), tuple(conditions(each, names) for each in listed.list))


def clause(subject: str, item: Item, names: Names) -> Clause:
    """One attribute and its predicate."""
    reference = names.reference(item, subject)
    attribute = names.attributes.get(subject)
    return Clause(reference, predicate(item, attribute, names))


def predicate(item: Item, attribute: Attribute | None, names: Names) -> Predicate:
    """A predicate; ``attribute`` is what it is asked of, None if that is knowledge."""
    if item.mapping is None:
        return _equal(item, attribute, names)
    operators = [*OPERATORS, "not"]
    parts = [
        _operation(word, operand, attribute, names)
        if word in operators
        else _refuse_operator(word, operand, operators)
        for word, operand in item.mapping.items()
    ]
    if not parts:
        raise item.error(f"an empty predicate; it takes {', '.join(operators)}")
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _refuse_operator(word: str, item: Item, operators: list[str]) -> Predicate:
    raise item.error(f"there is no operator {word!r}{nearest(word, operators)}")


def _operation(word: str, item: Item, attribute: Attribute | None, names: Names) -> Predicate:
    if word == "not":
        return Not(predicate(item, attribute, names))
    operator = OPERATORS[word]
    if attribute is not None and attribute.type not in operator.types:
        fitting = [w for w, other in OPERATORS.items() if attribute.type in other.types]
        raise item.error(
            f"`{word}` does not apply to {attribute.name!r}, which is {attribute.type.value}; "
            f"it takes {', '.join(fitting)} or not"
        )
    if operator.several and item.list is not None:
        return operator.build(tuple(_operand(e, operator.operand, word, names) for e in item.list))
    operand = _operand(item, operator.operand, word, names)
    if word == "within" and isinstance(operand, str):
        _check_range(item, operand)
    return operator.build(operand)


def _equal(item: Item, attribute: Attribute | None, names: Names) -> Predicate:
    if item.list is None:
        if attribute is not None and attribute.type is Type.NAMES and not _is_reference(item):
            raise item.error(
                f"{attribute.name!r} is a set of strings; compare it with a list, "
                "or by lacks, overlaps or disjoint"
            )
        return Equal(_word(item, attribute, names))
    return Equal(tuple(_word(each, attribute, names) for each in item.list))


def _word(item: Item, attribute: Attribute | None, names: Names) -> object:
    """An operand of equality: of the attribute's type, one of its words, or null."""
    if attribute is None:
        if item.mapping is not None or item.list is not None:
            raise item.error("a string, a number, true, false or null belongs here")
        return _resolved(item, names)
    if item.value is None:
        if not attribute.nullable:
            raise item.error(f"{attribute.name!r} is never null")
        return None
    wanted = Type.TEXT if attribute.type is Type.NAMES else attribute.type
    operand = _operand(item, wanted, attribute.name, names)
    words = attribute.words
    if words and isinstance(operand, str) and operand not in words:
        raise item.error(
            f"{attribute.name!r} is never {operand!r}, but one of {', '.join(words)}"
            + nearest(operand, list(words))
        )
    return operand


def _operand(item: Item, type_: Type, what: str, names: Names) -> object:
    """A scalar of the type, or a reference."""
    if _is_reference(item):
        return _resolved(item, names)
    value = item.value
    fits = {
        Type.TEXT: isinstance(value, str),
        Type.NUMBER: isinstance(value, (int, float)) and not isinstance(value, bool),
        Type.TRUTH: isinstance(value, bool),
    }
    if fits[type_]:
        return value
    hint = ""
    if type_ is Type.TEXT and item.text:
        hint = f'; put it in quotes: "{item.text}"'
    written = item.text or "this"
    raise item.error(f"{what!r} is compared with {type_.value}, and {written} is not one{hint}")


def _is_reference(item: Item) -> bool:
    return isinstance(item.value, str) and item.value.startswith("$")


def _resolved(item: Item, names: Names) -> object:
    return names.reference(item, item.value) if _is_reference(item) else item.value


def _check_range(item: Item, text: str) -> None:
    at = 0
    while found := _RANGE.match(text, at):
        if not found[2]:
            return
        at = found.end()
    raise item.error(f'{text!r} is not a range of releases; write it like ">=0.10,<0.12"')


def message(item: Item, names: Names, *binding: Conditions) -> Message:
    """A message: plain text in which ``{name}`` stands for a value.

    ``binding`` are the conditions that hold where it is read.
    """
    if not isinstance(item.value, str) or not item.value.strip():
        raise item.error("a message must be a string")
    parts = _PLACEHOLDER.split(item.value.strip())
    if len(parts) // 2 > MAX_VALUES:
        raise item.error(f"a message must not name more than {MAX_VALUES} values")
    pieces: list[str | Reference] = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pieces += [part] if part else []
        else:
            pieces.append(_bound_or_named(item, part, names, binding))
    return Message(tuple(pieces))


def operand(item: Item, names: Names, *binding: Conditions) -> object:
    """What a fix is done with: a text or a number, ``$…``, or ``{name}`` for an attribute."""
    if isinstance(item.value, (int, float)) and not isinstance(item.value, bool):
        return item.value
    if not isinstance(item.value, str):
        raise item.error("a string, a number or a reference belongs here")
    if _is_reference(item):
        return names.reference(item, item.value)
    found = _PLACEHOLDER.fullmatch(item.value)
    return _bound_or_named(item, found[1], names, binding) if found else item.value


def key(item: Item, names: Names, *binding: Conditions) -> Reference:
    """What a look-up is made by: an attribute, a reference, or what a condition has found."""
    return _bound_or_named(item, item.text, names, binding)


def _bound_or_named(
    item: Item, name: str, names: Names, binding: tuple[Conditions, ...]
) -> Reference:
    """What ``{name}`` stands for: what a condition found, or an attribute or reference."""
    if name not in BOUND:
        return names.reference(item, name)
    if not any(_has(BOUND[name], each) for each in binding):
        raise item.error(f"{{{name}}} needs a condition with the operator that finds it")
    return Reference(name)


def _has(kind: type[Predicate], part: object) -> bool:
    """Whether conditions or a predicate hold a predicate of this kind."""
    if isinstance(part, Conditions):
        inner: tuple[object, ...] = (*(c.predicate for c in part.clauses), *part.alternatives)
    elif isinstance(part, All):
        inner = part.predicates
    else:
        inner = ()
    return isinstance(part, kind) or any(_has(kind, each) for each in inner)


def one_of(item: Item, words: Collection[str], what: str) -> str:
    """One of a few words, however YAML would read it (`off` is its false)."""
    if item.text not in words:
        raise item.error(
            f"{what} is never {item.text or 'this'!r}, but one of {', '.join(words)}"
            + nearest(item.text, list(words))
        )
    return item.text
