"""Random scripts that are valid, and random text that is not."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "run", "x1", "é"])
VARIABLES = st.sampled_from(["A", "b_c", "d1"])
BARE = st.text("abz019/.:,%+_-é中^", min_size=1, max_size=6)
QUOTED = st.text("az #;&|(){}<>*?!\n\t中", max_size=6)
OPERATORS = st.sampled_from([":-", "-", ":=", ":+", "#", "##", "%", "//", "^"])
ODDITIES = st.sampled_from(["\\ ", "\\;", "\\'", '\\"', "$'a\\'b\\n'", '""', "\\\n-"])


class _Writer:
    """Writes scripts; each level of nesting has one less to go."""

    def __init__(self, draw: st.DrawFn, levels: int) -> None:
        self.draw = draw
        self.levels = levels
        self.here_documents = 0

    def one_of(self, *choices: Callable[[], str]) -> str:
        return self.draw(st.sampled_from(choices))()

    def some(self, piece: Callable[[], str], separator: str, most: int = 3) -> str:
        return separator.join(piece() for _ in range(self.draw(st.integers(1, most))))

    def name(self) -> str:
        return self.draw(NAMES)

    def variable(self) -> str:
        return self.draw(VARIABLES)

    # --- words

    def word(self) -> str:
        return self.some(self.piece, "")

    def piece(self) -> str:
        return self.one_of(
            lambda: self.draw(BARE),
            lambda: self.draw(ODDITIES),
            lambda: f"'{self.draw(QUOTED)}'",
            lambda: f'"{self.draw(QUOTED)}{self.expansion()}"',
            self.expansion,
        )

    def expansion(self) -> str:
        return self.one_of(
            lambda: f"${{{self.variable()}}}",
            lambda: f"${{{self.variable()}[1]}}",
            lambda: f"${{{self.variable()}{self.draw(OPERATORS)}{self.draw(BARE)}}}",
            lambda: f"${{{self.variable()}:-$( {self.block()})}}",
            lambda: f"$((1 + {self.variable()} * (2)))",
            lambda: f"$( {self.block()})",
            lambda: f"`{self.name()} {self.draw(BARE)}`",
        )

    # --- commands

    def block(self) -> str:
        if self.levels == 0:
            return f"{self.name()} {self.draw(BARE)}\n"
        self.levels -= 1
        text = self.some(self.statement, "\n", 2) + "\n"
        self.levels += 1
        return text

    def statement(self) -> str:
        return self.one_of(
            lambda: self.some(self.pipeline, " && "),
            lambda: self.some(self.pipeline, " ||\n") + " &",
            lambda: f"{self.pipeline()}; {self.pipeline()} # it's \" `a` comment",
            lambda: f"f() {{ {self.block()}}}",
            self.here_document,
        )

    def here_document(self) -> str:
        self.here_documents += 1
        delimiter = f"E{self.here_documents}"
        body = f"{self.draw(BARE)} $( {self.block()}) ${{A:-b}} \\$ ' \""
        return f"cat <<{delimiter} >f\n{body}\n{delimiter}"

    def pipeline(self) -> str:
        return self.draw(st.sampled_from(["", "! "])) + self.some(self.command, " | ")

    def command(self) -> str:
        return self.one_of(
            lambda: f"{self.name()} {self.some(self.word, ' ')}",
            lambda: f"{self.scalar()} {self.name()} {self.redirect()} \\\n  {self.word()}",
            self.assignment,
            lambda: f"export {self.assignment()}",
            self.compound,
            lambda: f"{self.compound()} {self.redirect()}",
        )

    def scalar(self) -> str:
        return f"{self.variable()}={self.word()}"

    def assignment(self) -> str:
        return self.one_of(
            self.scalar,
            lambda: f"{self.variable()}+=({self.some(lambda: self.draw(BARE), chr(10))} [1]='2 3')",
        )

    def redirect(self) -> str:
        return self.one_of(
            lambda: f"> {self.word()}",
            lambda: f"2>>{self.word()}",
            lambda: f"<<< {self.word()}",
            lambda: "2>&1",
        )

    def compound(self) -> str:
        return self.one_of(
            lambda: f"( {self.block()})",
            lambda: f"{{ {self.block()}}}",
            lambda: (
                f"if {self.block()}then {self.block()}elif {self.block()}then\n{self.block()}fi"
            ),
            lambda: f"while {self.block()}do {self.block()}done",
            lambda: f"for v in {self.some(self.word, ' ')}; do {self.block()}done",
            lambda: f"for ((i = 0; i < (3); i++)); do {self.block()}done",
            lambda: (
                f"case {self.word()} in {self.word()} | b) {self.block()};; *) {self.block()}esac"
            ),
            lambda: f"[[ {self.word()} == {self.word()} && ! -n {self.word()} ]]",
            lambda: "(( x > (1) ))",
        )


@st.composite
def valid_scripts(draw: st.DrawFn) -> str:
    """Scripts that bash and shfmt accept."""
    return _Writer(draw, levels=2).block()


FRAGMENTS = st.sampled_from(
    (
        "a b ' \" ` \\ $ ( ) { } [ ] < > ; & | ! # = * ? @ ~ \n \t \r 1 é (( )) [[ ]] $( ${ $(( ;;"
        " <<E <<-'E' \nE\n <<< >& &> \\\n \r\n $' $\" if then elif else fi while do done for in"
        " case esac function select time coproc export A= a=( a[1]= f() 2> {fd}> =~ :- @( <X>"
        " <a-b> ${{"
    ).split(" ")
)
# Text that is hardly ever valid.
NOISE = st.one_of(
    st.text(max_size=40),
    st.lists(FRAGMENTS, max_size=25).map(" ".join),
    st.lists(FRAGMENTS, max_size=40).map("".join),
)
