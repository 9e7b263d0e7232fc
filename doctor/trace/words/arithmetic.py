"""Shell arithmetic on known integers; anything else is unknown."""

from __future__ import annotations

from collections.abc import Callable

from doctor.base.numbers import MOST_DIGITS, is_digits, whole_number
from doctor.base.regex import regex

_TOKEN = regex(
    r"\s*([0-9]+#\w+|0[xX][0-9a-fA-F]+|[0-9]+|[A-Za-z_]\w*|<<|>>|<=|>=|==|!=|&&|\|\||\*\*|.)"
)
_PRECEDENCE: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", "<=", ">", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_MAX_TOKENS = 200
_MAX_DEPTH = 40
_LIMIT = 2**63


class NotKnownError(Exception):
    """The expression needs something that is not known, or is none that we evaluate."""


def evaluate(expression: str, variable: Callable[[str], int]) -> int:
    """The value of an expression without assignments.

    ``variable`` gives a name's number and may raise ``NotKnownError``, as this does for whatever
    it can't evaluate.
    """
    tokens = [t for t in _TOKEN.findall(expression) if not t.isspace()]
    if not tokens or len(tokens) > _MAX_TOKENS:
        raise NotKnownError
    parser = _Parser(tokens, variable)
    result = parser.ternary()
    if parser.at < len(tokens):
        raise NotKnownError
    return result


class _Parser:
    def __init__(self, tokens: list[str], variable: Callable[[str], int]) -> None:
        self.tokens = tokens
        self.variable = variable
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def ternary(self) -> int:
        condition = self.binary(0)
        if self.peek() != "?":
            return condition
        self.take()
        yes = self.ternary()
        if self.take() != ":":
            raise NotKnownError
        no = self.ternary()
        return yes if condition else no

    def binary(self, level: int) -> int:
        if level == len(_PRECEDENCE):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _PRECEDENCE[level]:
            left = _apply(self.take(), left, self.binary(level + 1))
        return left

    def unary(self) -> int:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise NotKnownError
        token = self.take()
        if token in ("+", "-", "!", "~"):
            operand = self.unary()
            value = {"+": operand, "-": -operand, "!": int(not operand), "~": ~operand}[token]
        elif token == "(":
            value = self.ternary()
            if self.take() != ")":
                raise NotKnownError
        else:
            value = self.operand(token)
        self.depth -= 1
        return value

    def operand(self, token: str) -> int:
        if is_digits(token[:1]):
            return _number(token)
        if token[:1].isalpha() or token[:1] == "_":
            return self.variable(token)
        raise NotKnownError


def _number(token: str) -> int:
    """The number that a token spells, decimal or hexadecimal."""
    if token[:2].lower() == "0x" and len(token) <= MOST_DIGITS:
        return int(token, 16)
    number = whole_number(token)
    if number is None or (token.startswith("0") and len(token) > 1):
        raise NotKnownError
    return number


def _apply(operator: str, a: int, b: int) -> int:
    if operator in ("/", "%"):
        if b == 0:
            raise NotKnownError
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if operator == "/" else a - quotient * b
    if operator in ("<<", ">>") and not 0 <= b < 63:
        raise NotKnownError
    result = _OPERATIONS[operator](a, b)
    if abs(result) >= _LIMIT:
        raise NotKnownError
    return result


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a) or bool(b)),
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}
