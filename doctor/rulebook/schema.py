"""The JSON Schema of a rule file, for editors; made from the same vocabulary as the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doctor.rulebook import examples, reader
from doctor.rulebook.actions import ACTIONS
from doctor.rulebook.grammar import OPERATORS
from doctor.rulebook.reference import operator_doc
from doctor.rulebook.vocabulary import Attribute, Kind, Type, about, kinds

Schema = dict[str, Any]

_JSON: Mapping[Type, str] = {
    Type.TEXT: "string",
    Type.NUMBER: "number",
    Type.TRUTH: "boolean",
    Type.NAMES: "string",
}
_REFERENCE: Schema = {"type": "string", "pattern": r"^\$"}


def schema() -> Schema:
    """The schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of vllm-doctor",
        "oneOf": [_re_ranking(), *(_rule(kind, names) for kind, names in kinds().items())],
        "$defs": {
            **{kind: _conditions(kind, names) for kind, names in kinds().items()},
            "knowledge": _predicate(None),
            **{_questions_name({type_}): _questions({type_}) for type_ in Type},
            _questions_name(set(Type)): _questions(set(Type)),
            "fix": {"oneOf": [{"const": "none"}, *map(_fix, ACTIONS)]},
            "example": _example(),
            **{
                f"{kind}-example": _node_example(names)
                for kind, names in kinds().items()
                if about(kind) == "node"
            },
        },
    }


def _fix(name: str) -> Schema:
    action = ACTIONS[name]
    operands: Schema = {each: {"type": "string"} for each in action.places}
    operands |= {each: {"type": ["string", "number"]} for each in action.values}
    own = {
        "do": {"const": name},
        "safe": {"type": ["boolean", "string"]},
        "message": {"type": "string"},
    }
    needed = [each for each in action.parameters if each not in action.optional]
    return {"description": action.doc, **_object({**own, **operands}, ["do", "message", *needed])}


def _re_ranking() -> Schema:
    return _object({"code": _code(), "severity": _severity("off")}, ["code", "severity"])


def _rule(kind: str, attributes: Kind) -> Schema:
    names = list(attributes)
    when = {"$ref": f"#/$defs/{kind}"}
    text = {"type": "string"}
    once_per = {"enum": ["file", "location", *names]}
    fix = {"$ref": "#/$defs/fix"}
    case = {
        "when": when,
        "severity": _severity("off"),
        "message": text,
        "fix": fix,
        "once-per": once_per,
    }
    node = about(kind) == "node"
    case |= dict.fromkeys(reader.NODE_CASE if node else (), text)
    example = {"$ref": f"#/$defs/{kind}-example" if node else "#/$defs/example"}
    look_up = _object({"table": _name(), "by": text}, ["table", "by"])
    related = _object({"at": {"enum": ["location", *names]}, "message": text}, ["at", "message"])
    properties = {
        "code": _code(),
        "name": _name(),
        "lesson": {"oneOf": [_name(), {"type": "null"}]},
        "fact": {"const": kind},
        "severity": _severity(),
        "look-up": {"type": "object", "additionalProperties": look_up},
        "when": when,
        "cases": {"type": "array", "minItems": 1, "items": _object(case, [])},
        "at": {"anyOf": [{"enum": names}, {"type": "array", "items": {"enum": names}}]},
        "related": related,
        "once-per": once_per,
        "message": text,
        "fix": fix,
        "examples": {"type": "array", "minItems": 2, "items": example},
        **dict.fromkeys(reader.NODE if node else (), text),
    }
    return _object(properties, list(reader.REQUIRED))


def _conditions(kind: str, attributes: Kind) -> Schema:
    alternatives = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{kind}"}}
    properties = {name: _predicate(attribute) for name, attribute in attributes.items()}
    return {
        **_object({**properties, "any": alternatives}, []),
        "patternProperties": {r"^\$": {"$ref": "#/$defs/knowledge"}},
    }


def _predicate(attribute: Attribute | None) -> Schema:
    """What may stand behind an attribute; behind a ``$`` reference if it is None."""
    types = set(Type) if attribute is None else {attribute.type}
    word = _word(attribute)
    inner = {"$ref": f"#/$defs/{_questions_name(types)}"}
    scalar = [] if types == {Type.NAMES} else [word]
    said = {"anyOf": [*scalar, _REFERENCE, {"type": "array", "items": word}, inner]}
    return said if attribute is None else {"description": attribute.doc, **said}


def _questions(types: set[Type]) -> Schema:
    """The operators that values of these types understand."""
    operators = {
        name: {
            "description": operator_doc(name),
            **_operand(_JSON[operator.operand], operator.several),
        }
        for name, operator in OPERATORS.items()
        if types & operator.types
    }
    operators["not"] = {"description": operator_doc("not")}
    return _object(operators, [])


def _questions_name(types: set[Type]) -> str:
    return "asked-of-" + (next(iter(types)).name.lower() if len(types) == 1 else "anything")


def _word(attribute: Attribute | None) -> Schema:
    if attribute is None:
        return {"type": ["string", "number", "boolean", "null"]}
    null = ["null"] if attribute.nullable else []
    if attribute.words:
        return {"enum": [*attribute.words, *([None] if null else [])]}
    return {"type": [_JSON[attribute.type], *null]}


def _operand(json_type: str, several: bool) -> Schema:
    one = [{"type": json_type}, _REFERENCE]
    return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}}] if several else one}


def _example() -> Schema:
    repeated = _object({"repeat": {"type": "string"}, "times": {"type": "integer"}}, [])
    script = {"anyOf": [{"type": "string"}, repeated]}
    texts = {key: {"type": "string"} for key in ("fixed", "filename", "kb", "message", "why")}
    own = {"bad": script, "good": script, "config": {"type": "object"}, "severity": _severity()}
    either = [{"required": ["bad"]}, {"required": ["good"]}]
    return {**_object({key: {**own, **texts}[key] for key in examples.KEYS}, []), "oneOf": either}


def _node_example(attributes: Kind) -> Schema:
    values = {name: _value(attribute) for name, attribute in attributes.items()}
    fact = _object(values, [])
    own = {"bad": fact, "good": fact, "unknown": fact, "severity": _severity()}
    texts = {key: {"type": "string"} for key in examples.NODE_KEYS if key not in own}
    either = [{"required": [word]} for word in ("bad", "good", "unknown")]
    return {**_object({**own, **texts}, []), "oneOf": either}


def _value(attribute: Attribute) -> Schema:
    if attribute.type is not Type.NAMES:
        return _word(attribute)
    return {"type": ["array", *(["null"] if attribute.nullable else [])]}


def _object(properties: Mapping[str, Any], required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def _code() -> Schema:
    return {"type": "string", "pattern": f"^{reader.CODE.pattern}$"}


def _name() -> Schema:
    return {"type": "string", "pattern": f"^{reader.NAME.pattern}$"}


def _severity(*more: str) -> Schema:
    return {"enum": [*reader.SEVERITIES, *more]}
