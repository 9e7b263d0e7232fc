"""The JSON Schema of a rule file, for editors; made from the same vocabulary as the reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from doctor.rulebook import examples, reader
from doctor.rulebook.actions import ACTIONS
from doctor.rulebook.grammar import OPERATORS
from doctor.rulebook.reference import kind_doc, operator_doc
from doctor.rulebook.rule import Tells
from doctor.rulebook.vocabulary import Attribute, Kind, Type, about, kinds

Schema = dict[str, Any]

_JSON: Mapping[Type, str] = {
    Type.TEXT: "string",
    Type.NUMBER: "number",
    Type.TRUTH: "boolean",
    Type.NAMES: "string",
}
_WIDTH = 120
_REFERENCE: Schema = {"type": "string", "pattern": r"^\$"}


def schema() -> Schema:
    """The schema. What is common stands in it once; ``about-KIND`` is what a rule's fact adds."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of vllm-doctor",
        "if": {"required": ["code", "severity"], "maxProperties": 2},
        "then": _object({"code": _code(), "severity": _severity("off")}, []),
        "else": _rule(),
        "$defs": {
            **{kind: _conditions(kind, names) for kind, names in kinds().items()},
            **{f"{kind}-names": {"enum": [*names]} for kind, names in kinds().items()},
            **{f"about-{kind}": _about(kind) for kind in kinds()},
            **{f"{kind}-fact": _fact(kind) for kind in kinds() if about(kind) == "node"},
            "about-scripts": _only_scripts(),
            "knowledge": _predicate(None),
            **{_said_name(each): _said(each) for each in _plain_attributes()},
            **{_questions_name({type_}): _questions({type_}) for type_ in Type},
            _questions_name(set(Type)): _questions(set(Type)),
            "fix": {"oneOf": [{"const": "none"}, *map(_fix, ACTIONS)]},
            "example": _example(),
        },
    }


def lines() -> list[str]:
    """The schema as it is kept: what fits on a line stands on one."""
    return _written(schema(), "", 0)


def _written(value: Any, before: str, depth: int) -> list[str]:
    whole = " " * depth + before + json.dumps(value)
    if len(whole) <= _WIDTH or not isinstance(value, (dict, list)):
        return [whole]
    if isinstance(value, dict):
        parts = [(f"{json.dumps(key)}: ", each) for key, each in value.items()]
    else:
        parts = [("", each) for each in value]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    inside = [_written(each, name, depth + 1) for name, each in parts]
    for part in inside[:-1]:
        part[-1] += ","
    flat = [line for part in inside for line in part]
    return [" " * depth + before + opened, *flat, " " * depth + closed]


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


def _rule() -> Schema:
    """What all rules have; the kind of the fact says more of what stands in them."""
    text = {"type": "string"}
    look_up = _object({"table": _name(), "by": text}, ["table", "by"])
    case = {
        "when": {},
        "severity": _severity("off"),
        "message": text,
        **dict.fromkeys(reader.TEXTS, text),
        "fix": {"$ref": "#/$defs/fix"},
        "once-per": {},
        **dict.fromkeys(reader.NODE_CASE, text),
    }
    facts = [{"const": kind, "description": kind_doc(kind)} for kind in kinds()]
    properties = {
        "code": _code(),
        "name": _name(),
        "lesson": {"oneOf": [_name(), {"type": "null"}]},
        "fact": {"oneOf": facts},
        "severity": _severity(),
        "look-up": {"type": "object", "additionalProperties": look_up},
        "when": {},
        "cases": {"type": "array", "minItems": 1, "items": _object(case, [])},
        "at": {},
        "related": _object({"at": {}, "message": text}, ["at", "message"]),
        "once-per": {},
        "message": text,
        **dict.fromkeys(reader.TEXTS, text),
        "fix": {"$ref": "#/$defs/fix"},
        "examples": {"type": "array", "minItems": 2},
        **dict.fromkeys(reader.NODE, text),
        "launch-critical": {"type": "boolean"},
        "tells": {"enum": list(get_args(Tells))},
    }
    return {
        **_object(properties, list(reader.REQUIRED)),
        "allOf": [
            {
                "if": {"properties": {"fact": {"const": kind}}, "required": ["fact"]},
                "then": {"$ref": f"#/$defs/about-{kind}"},
            }
            for kind in kinds()
        ],
    }


def _about(kind: str) -> Schema:
    """What a rule about this kind of fact may say."""
    when, names = {"$ref": f"#/$defs/{kind}"}, {"$ref": f"#/$defs/{kind}-names"}
    once_per = {"anyOf": [{"enum": ["file", "location", "run"]}, names]}
    added: Schema = {
        "when": when,
        "cases": {"items": {"properties": {"when": when, "once-per": once_per}}},
        "at": {"anyOf": [names, {"type": "array", "items": names}]},
        "related": {"properties": {"at": {"anyOf": [{"const": "location"}, names]}}},
        "once-per": once_per,
    }
    if about(kind) == "script":
        return {"allOf": [{"$ref": "#/$defs/about-scripts"}], "properties": added}
    return {"properties": {**added, "examples": {"items": _node_example(kind)}}}


def _only_scripts() -> Schema:
    return {
        "properties": {
            **dict.fromkeys(reader.NODE, False),
            "cases": {"items": {"properties": dict.fromkeys(reader.NODE_CASE, False)}},
            "examples": {"items": {"$ref": "#/$defs/example"}},
        }
    }


def _conditions(kind: str, attributes: Kind) -> Schema:
    alternatives = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{kind}"}}
    properties = {name: _predicate(attribute) for name, attribute in attributes.items()}
    return {
        **_object({**properties, "any": alternatives}, []),
        "patternProperties": {r"^\$": {"$ref": "#/$defs/knowledge"}},
    }


def _predicate(attribute: Attribute | None) -> Schema:
    """What may stand behind an attribute; behind a ``$`` reference if it is None."""
    if attribute is None:
        return _said(None)
    said = _said(attribute) if attribute.words else {"$ref": f"#/$defs/{_said_name(attribute)}"}
    return {"description": attribute.doc, **said}


def _said(attribute: Attribute | None) -> Schema:
    """A value, a reference, a list of values, or a mapping with questions."""
    types = set(Type) if attribute is None else {attribute.type}
    word = _word(attribute)
    inner = {"$ref": f"#/$defs/{_questions_name(types)}"}
    scalar = [] if types == {Type.NAMES} else [word]
    return {"anyOf": [*scalar, _REFERENCE, {"type": "array", "items": word}, inner]}


def _said_name(attribute: Attribute) -> str:
    return attribute.type.name.lower() + ("-or-null" if attribute.nullable else "")


def _plain_attributes() -> list[Attribute]:
    """One for each way in which attributes differ."""
    return [Attribute("", type_, null, (), "") for type_ in Type for null in (False, True)]


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
    own = {
        "bad": script,
        "good": script,
        "config": {"type": "object"},
        "register": {"type": "object", "additionalProperties": {"type": "string"}},
        "severity": _severity(),
        "times": {"type": "integer", "minimum": 1},
    }
    texts = {key: {"type": "string"} for key in examples.KEYS if key not in own}
    either = [{"required": ["bad"]}, {"required": ["good"]}]
    return {**_object({key: {**own, **texts}[key] for key in examples.KEYS}, []), "oneOf": either}


def _node_example(kind: str) -> Schema:
    fact = {"$ref": f"#/$defs/{kind}-fact"}
    own = {"bad": fact, "good": fact, "unknown": fact, "severity": _severity()}
    texts = {key: {"type": "string"} for key in examples.NODE_KEYS if key not in own}
    either = [{"required": [word]} for word in ("bad", "good", "unknown")]
    return {**_object({**own, **texts}, []), "oneOf": either}


def _fact(kind: str) -> Schema:
    """A fact as an example writes it."""
    return _object({name: _value(each) for name, each in kinds()[kind].items()}, [])


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
