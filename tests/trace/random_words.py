"""Words of the shell at random, for scripts that bash and the trace are to agree on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

#: Variables of single values, arrays, and numbers.
NAMES = ["A", "B", "CACHE"]
LISTS = ["L", "K"]
NUMBERS = ["N", "P"]
TEXTS = ["a", "b", "a b", "x/y.z", "--port=1", "k:v,w", "é"]
#: Variables that the environment may hold, and which the trace knows nothing of.
ELSEWHERE = ["U", "MAYBE"]
REPLACED = ["a", "b", "y.", "[a-k]", "#a", "%b", "?"]


class Words:
    """Writes words: texts, variables, lists, and what is expanded in them."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def draw(self, choices: Sequence[str]) -> str:
        return self.random.choice(choices)

    def one_of(self, *choices: Callable[[], str]) -> str:
        return self.random.choice(choices)()

    def some(self, piece: Callable[[], str], separator: str, most: int) -> str:
        return separator.join(piece() for _ in range(self.random.randint(1, most)))

    def number(self) -> int:
        return self.random.randint(0, 3)

    def text(self) -> str:
        return f"'{self.draw(TEXTS)}'"

    def word(self) -> str:
        return self.one_of(self.text, self.scalar, self.quoted, self.listed, self.joined)

    def words(self) -> str:
        return self.some(self.word, " ", 3)

    def scalar(self) -> str:
        name = self.draw(NAMES)
        return self.one_of(
            lambda: f"${name}",
            lambda: f"${{{name}:-{self.text()}}}",
            lambda: f"${{{name}:+{self.text()}}}",
            lambda: f"${{{name}%%[.:]*}}",
            lambda: f"${{{name}#*[/a]}}",
            lambda: f"${{{name}//a/c}}",
            lambda: f"${{{name}^^}}",
            lambda: f"${{{name}:1:2}}",
            lambda: f"${{#{name}}}",
            lambda: f"${{{name},}}",
            lambda: f"${{{name}%{self.draw(['b', '/*', '?'])}}}",
            lambda: f"${{{name}##*{self.draw([' ', '/', '='])}}}",
            lambda: f"${{{name}/{self.draw(REPLACED)}/{self.number()}}}",
            lambda: f"${{{name}:{self.draw(NUMBERS)}:{self.draw(NUMBERS)}+1}}",
            lambda: f"${{{name}//[b.]/_}}",
            lambda: f"${{{name}: -2}}",
            lambda: f"${{{name}-{self.text()}}}",
            lambda: f"${{!{self.draw('RS')}}}",
            lambda: f"${{H[{self.draw(['one', 'two', '$R'])}]}}",
            lambda: f"${{{self.draw(LISTS)}[-1]}}",
            lambda: f"${{#{self.draw(LISTS)}[@]}}",
            lambda: f"$(({self.expression()}))",
            lambda: f"$(printf '%q ' {self.quoted()})",
            lambda: f"$(printf '%s,' {self.words()})",
            lambda: f"${{{self.draw(LISTS)}[{self.number()}]}}",
            lambda: f"$(({self.draw(NUMBERS)} * 2 + {self.number()}))",
            lambda: f"$(echo {self.text()})",
            lambda: f"$(printf '%s-%02d' x {self.number()})",
            lambda: f"$(basename /m/{self.text()})",
            lambda: f"${self.draw('12#')}",
            lambda: f"${self.draw(ELSEWHERE)}",
            lambda: f"${{{self.draw(ELSEWHERE)}:-{self.text()}}}",
            lambda: f"${{{self.draw(ELSEWHERE)}:+{self.text()}}}",
            lambda: "${U#v}",
            lambda: f"$(({self.draw(NUMBERS)} + MANY))",
            lambda: "$(cat one)",
            lambda: "${PWD##*/}",
        )

    def expression(self) -> str:
        operator = self.draw("+ - * / % << & | < == && ||".split())
        left, right = (
            self.draw(NUMBERS),
            self.draw(["N", "P", "1", "3", "(N + 1)"]),
        )
        if operator in "/%":
            right = "2"
        return f"{left} {operator} {right} ? {self.number()} : 8000 + {left}"

    def quoted(self) -> str:
        return f'"{self.scalar()}"'

    def joined(self) -> str:
        return f"m{self.scalar()}{self.quoted()}"

    def listed(self) -> str:
        name = self.draw(LISTS)
        return self.one_of(
            lambda: f'"${{{name}[@]}}"',
            lambda: f"${{{name}[*]}}",
            lambda: f'"${{{name}[@]:1}}"',
            lambda: f"${{!{name}[@]}}",
            lambda: '"$@"',
            lambda: "{p,q}" + self.text(),
            lambda: f'"${{{name}[@]/#/--x=}}"',
            lambda: f'"${{{name}[@]%b}}"',
            lambda: f'"${{{name}[*]}}"',
            lambda: '"${@:2}"',
            lambda: f'${{{name}[@]+"${{{name}[@]}}"}}',
        )
