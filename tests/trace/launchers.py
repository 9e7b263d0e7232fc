"""Random small scripts that start a program, for comparing what bash and the trace make of them."""

from __future__ import annotations

from random import Random

from .random_words import ELSEWHERE, LISTS, NAMES, NUMBERS, TEXTS, Words

PATTERNS = ["a", "b", "a*", "*b", "[ab]", "x/*", "*"]
WRAPPERS = ["", "", "", "nohup ", "timeout 9 ", "env CACHE=e ", "exec -a x env "]


class _Writer(Words):
    """Writes scripts; each level of nesting has one less to go."""

    def __init__(self, random: Random, levels: int) -> None:
        super().__init__(random)
        self.levels = levels
        self.names = 0

    def launch(self) -> str:
        before = self.one_of(lambda: "", lambda: "", lambda: f"CACHE={self.quoted()} ")
        return f"{before}{self.draw(WRAPPERS)}vllm {self.words()}"

    def assignment(self) -> str:
        name, numeral = self.draw(NAMES), self.draw(NUMBERS)
        return self.one_of(
            lambda: f"{name}={self.word_of_one()}",
            lambda: f"{name}+={self.word_of_one()}",
            lambda: f"export {name}={self.quoted()}",
            lambda: f"unset {name}",
            lambda: f": ${{{name}:={self.text()}}}",
            lambda: f"{self.draw(LISTS)}=({self.words()})",
            lambda: f"{self.draw(LISTS)}+=({self.word()})",
            lambda: f"{numeral}={self.number()}",
            lambda: f"(({numeral} += {self.number()}))",
            lambda: f"IFS={self.draw([',', ':'])} read -r A B <<< {self.quoted()}",
            lambda: f"IFS=, read -ra {self.draw(LISTS)} <<< {self.quoted()}",
            lambda: f"set -- {self.words()}",
            lambda: "shift",
            lambda: f"printf -v {name} '%s' {self.quoted()}",
            lambda: f"printf -v {name} '%s-%02d' {self.quoted()} {self.number()}",
            lambda: f"{self.draw(LISTS)}[{self.number()}]={self.word_of_one()}",
            lambda: f"H[{self.draw(['one', 'three'])}]={self.word_of_one()}",
            lambda: f"R={self.draw(['A', 'B', 'N'])}",
            lambda: f"let {numeral}={self.draw(NUMBERS)}+1",
            lambda: f"mapfile -t {self.draw(LISTS)} <<< {self.quoted()}",
            lambda: f"read -r {name} <<'EOF'\nx y\nEOF",
            lambda: f"eval {name}={self.text()}",
            lambda: f"{name}=${self.draw(ELSEWHERE)}",
            lambda: f"cd /{self.draw(['usr', 'etc'])}",
            lambda: f"echo {self.text()} > {self.draw(['one', 'two'])}",
        )

    def word_of_one(self) -> str:
        return self.one_of(self.text, self.scalar, self.quoted)

    def condition(self) -> str:
        return self.one_of(
            lambda: f'[ "{self.scalar()}" = {self.text()} ]',
            lambda: f"[[ {self.quoted()} == {self.draw(PATTERNS)} ]]",
            lambda: f"[[ -n ${self.draw(NAMES)} ]]",
            lambda: f"(({self.draw(NUMBERS)} > {self.number()}))",
            lambda: self.draw(["true", "false"]),
            lambda: f"[ {self.quoted()} != {self.text()} -a -n {self.quoted()} ]",
            lambda: f"[[ {self.quoted()} =~ ^[a-z] ]]",
            lambda: f"! [[ -z ${self.draw(NAMES)} || ${self.draw(NUMBERS)} -gt 1 ]]",
            lambda: f'[ -{self.draw("nz")} "${self.draw(ELSEWHERE)}" ]',
            lambda: f"[[ ${self.draw(ELSEWHERE)} == {self.draw(PATTERNS)} ]]",
            lambda: f"((MANY > {self.draw(NUMBERS)}))",
            lambda: f"[ -e {self.draw(['one', 'two'])} ]",
        )

    def block(self, most: int = 2) -> str:
        if self.levels == 0:
            return self.launch() + "\n"
        self.levels -= 1
        text = self.some(self.statement, "\n", most) + "\n"
        self.levels += 1
        return text

    def statement(self) -> str:
        return self.one_of(
            self.launch,
            self.launch,
            self.assignment,
            self.assignment,
            self.assignment,
            lambda: f"{self.launch()} &",
            lambda: f"if {self.condition()}; then\n{self.block()}else\n{self.block()}fi",
            lambda: f"{self.condition()} && {self.launch()}",
            lambda: f"{self.condition()} || {self.assignment()}",
            self.case,
            lambda: f"for x in {self.words()}; do A=$x\n{self.block()}done",
            self.counting,
            self.repeating,
            self.repeating,
            self.written_twice,
            lambda: f"while IFS=: read -r A B; do\n{self.block()}done <<'EOF'\na:1\nb:2:3\nEOF",
            lambda: f"( {self.block()})",
            self.trap,
            lambda: f"{{ {self.block()}}}",
            self.function,
            self.reference,
            self.options,
            self.shifting,
            self.printing,
            self.nested,
            self.array_function,
            self.moving,
            self.piping,
            self.given_anew,
            self.fed,
            lambda: f'bash -c "vllm {self.scalar()} \\$CACHE" _ {self.words()}',
            lambda: 'bash -c \'vllm "$CACHE" "$@"\' _ ' + self.words(),
            lambda: f"bash <<EOF\nvllm ${self.draw(NAMES)} \\$CACHE\nEOF",
            lambda: f"bash -s {self.words()} <<'EOF'\nvllm \"$2\" $CACHE\nEOF",
            lambda: f"eval vllm {self.quoted()}",
            lambda: f"cat > run.sh <<'EOF'\nvllm run $1\nEOF\nbash run.sh {self.words()}",
            lambda: f"printf '%s\\n' {self.text()} b | while read -r A; do\n{self.block()}done",
        )

    def case(self) -> str:
        ends = [";;", ";;", ";&", ";;&"]
        arms = "\n".join(
            f"{self.draw(PATTERNS)}) {self.block(1).rstrip()}\n{self.draw(ends)}" for _ in range(3)
        )
        return f"case {self.quoted()} in\n{arms}\nesac"

    def counting(self) -> str:
        """A loop with a counter of its own, so that it ends."""
        i = self.new("i")
        head = self.one_of(
            lambda: f"for (({i} = 0; {i} < {self.number()}; {i}++)); do N=${i}",
            lambda: f"{i}=0; while (({i}++ < {self.number()})); do N=${i}",
            lambda: f"{i}=0; until [ ${i} -ge {self.number()} ]; do (({i}++))",
        )
        return f"{head}\n{self.block()}done"

    def repeating(self) -> str:
        """A loop of which a reader can't know how often it turns."""
        i = self.new("i")
        head, end = self.one_of(
            lambda: ("for x in $TURNS; do A=$x", ""),
            lambda: (f"for x in {self.word()} $TURNS; do :", ""),
            lambda: (f"for (({i} = 0; {i} < MANY; {i}++)); do N=${i}", ""),
            lambda: (f"{i}=0; while (({i}++ < MANY)); do :", ""),
            lambda: ("while read -r A x; do :", ' <<< "$TURNS"'),
            lambda: ("while read -r x; do :", " < <(echo 1; echo 2)"),
            lambda: (f"{i}=0; while :; do (({i}++ < MANY)) || break", ""),
        )
        return f"{head}\n{self.block(3)}done{end}"

    def written_twice(self) -> str:
        """A function or a script that is one or the other, as something unknown has it."""
        name = self.new("f")
        return self.one_of(
            lambda: (
                f"if {self.condition()}; then {name}() {{ {self.launch()}; }}\n"
                f"else {name}() {{ {self.block()}}}\nfi\n{name} {self.words()}"
            ),
            lambda: (
                f"if {self.condition()}; then cat > {name}.sh <<'EOF'\n{self.launch()}\nEOF\n"
                f"else cat > {name}.sh <<EOF\nvllm {self.text()} $A\nEOF\nfi\nbash {name}.sh"
            ),
            lambda: (
                f"{name}() {{ {self.block(1)}}}\n{self.condition()} && {name}() {{ :; }}\n{name} a"
            ),
        )

    def new(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def function(self) -> str:
        name = self.new("f")
        local = self.one_of(lambda: "", lambda: f"local {self.draw(NAMES)}={self.quoted()}; ")
        return f"{name}() {{ {local}{self.block()}}}\n{name} {self.words()}"

    def options(self) -> str:
        """``getopts`` over arguments that are known."""
        given = self.some(
            lambda: self.one_of(lambda: "-v", lambda: f"-m {self.text()}", lambda: "-p1"), " ", 3
        )
        return (
            f"set -- {given} rest\nOPTIND=1\n"
            'while getopts "m:p:v" o; do\n'
            'case $o in m) A=$OPTARG;; p) N="$OPTARG";; v) L+=(-v);; esac\ndone\n'
            f'shift $((OPTIND - 1))\n{self.launch()} "$1"'
        )

    def shifting(self) -> str:
        """A loop over arguments that are known, as scripts without ``getopts`` have it."""
        given = self.some(
            lambda: self.one_of(
                lambda: "--on", lambda: f"--model {self.text()}", lambda: f"--port={self.number()}"
            ),
            " ",
            3,
        )
        return (
            f'set -- {given}\nwhile [[ $# -gt 0 ]]; do\ncase "$1" in\n'
            "--model) A=$2; shift 2;;\n--port=*) N=${1#*=}; shift;;\n*) K+=($1); shift;;\n"
            f"esac\ndone\n{self.launch()}"
        )

    def printing(self) -> str:
        """A function whose output the script takes up."""
        name = self.new("f")
        return (
            f"{name}() {{ local A=$1; if {self.condition()}; then echo {self.words()}; "
            f"return; fi; for x in {self.words()}; do printf '%s ' $x; done; }}\n"
            f"B=$({name} {self.words()})\nvllm $B $({name} {self.word()})"
        )

    def nested(self) -> str:
        """Shells in shells, and text with expansions of this one."""
        name = self.draw(NAMES)
        return self.one_of(
            lambda: f"bash -c \"bash -c 'vllm ${{{name}@Q}} \\$CACHE'\"".replace("@Q", ""),
            lambda: f"bash -c 'A=$1; shift; for i in \"$@\"; do vllm $A $i; done' _ {self.words()}",
            lambda: f"eval \"vllm $(printf '%q ' {self.words()})\"",
            lambda: f"bash -s a b <<EOF\n{name}=\\$1\nvllm \\${name} ${name}\nEOF",
            lambda: (
                f"cat > deep.sh <<EOF\nvllm '${name}' \\$1 \\$#\nEOF\nbash deep.sh {self.words()}"
            ),
            lambda: f"export {name}\nbash <<'EOF'\nvllm ${{{name}:-none}}\nEOF",
            lambda: f"env {name}={self.quoted()} bash -c 'vllm ${name}'",
        )

    def array_function(self) -> str:
        """A function with an array of its own, made of its arguments."""
        name = self.new("f")
        return (
            f'{name}() {{ local -a own=("$@" {self.word()}); own+=({self.text()}); shift; '
            f'vllm "${{own[@]}}" $# ${{own[1]}}; }}\n{name} {self.words()}'
        )

    def moving(self) -> str:
        """Commands in another folder, whose files are found by their names alone."""
        folder = self.new("d")
        there = f"mkdir -p {folder}; echo {self.text()} > {folder}/three"
        go = self.one_of(
            lambda: (f"cd {folder}", "cd .."),
            lambda: (f"pushd {folder} > /dev/null", "popd > /dev/null"),
            lambda: (f"(cd ./{folder}", ")"),
            lambda: (f"{self.condition()} && cd {folder}", "cd - > /dev/null"),
            lambda: (f"D=$PWD; cd $D/{folder}", 'cd "$D"'),
        )
        return f"{there}\n{go[0]}\nvllm $(cat three) ${{PWD##*/}}\n{self.block(1)}{go[1]}"

    def piping(self) -> str:
        """What commands print, read line by line, or as the words of another one."""
        prints = self.one_of(
            lambda: f"echo {self.words()}",
            lambda: f"printf '%s\\n' {self.words()}",
            lambda: f"{{ echo {self.text()}; echo {self.quoted()}; }}",
            lambda: "cat one",
            lambda: f"seq 1 {self.number()}",
            lambda: f"for x in {self.words()}; do echo $x; done",
        )
        reads = self.one_of(
            lambda: f"while read -r A B; do\n{self.block()}done",
            lambda: f"while IFS= read -r A; do\n{self.block()}done",
            lambda: f"{{ read -r A; vllm $A; {self.launch()}; }}",
            lambda: f"xargs -n 1 vllm {self.text()}",
            lambda: 'xargs -I{} vllm "x={}"',
            lambda: f"(mapfile -t {self.draw(LISTS)}; {self.launch()})",
        )
        return f"{prints} | {reads}"

    def given_anew(self) -> str:
        """Arguments that depend on what can't be known."""
        return self.one_of(
            lambda: (
                f"if {self.condition()}; then set -- {self.words()}\n"
                f'else set -- {self.words()}; fi\nvllm "$@" $#'
            ),
            lambda: f'set -- {self.words()}\n{self.condition()} && shift\nvllm "$@"',
            lambda: f'set -- a "$@" {self.word()}\nvllm "${{@:2:2}}" "$2"',
            lambda: f'set -- {self.words()}\nfor x; do vllm "$x" $#; shift; done',
            lambda: f'set -- {self.words()}\nwhile (($#)); do vllm "$1"; shift; done',
        )

    def fed(self) -> str:
        """Here-strings and here-documents, for loops, commands and other shells."""
        return self.one_of(
            lambda: f"while read -r A; do\n{self.block()}done <<< {self.quoted()}",
            lambda: f"while IFS=, read -r A B; do\n{self.block()}done <<< $'a,b\\nc'",
            lambda: f'bash <<< "vllm {self.scalar()} \\$CACHE"',
            lambda: f"vllm $(cat <<< {self.quoted()})",
            lambda: f"cat <<< {self.quoted()} | while read -r A; do\n{self.block()}done",
            lambda: f"xargs vllm <<< {self.word_of_one()}",
            lambda: f"mapfile -t K < <(echo {self.text()}; echo b)\n{self.launch()}",
            lambda: f'read -r A B <<< "{self.draw(TEXTS)} c"\n{self.launch()}',
        )

    def trap(self) -> str:
        name = self.draw(NAMES)
        trap = f"trap 'vllm ended ${name} \"$N\"' EXIT"
        return self.one_of(
            lambda: trap,
            lambda: f"{self.condition()} && {trap}",
            lambda: f"( {trap}\n{self.block()})",
            lambda: "trap - EXIT",
        )

    def reference(self) -> str:
        name = self.new("f")
        return (
            f"{name}() {{ local -n to=$1; to={self.quoted()}; vllm $to; }}\n"
            f"{name} {self.draw(NAMES)}"
        )


def launcher(random: Random) -> str:
    """A script that bash accepts and that ends soon; it sets its variables first."""
    writer = _Writer(random, levels=2)
    begin = f"A={writer.text()} B={writer.text()} CACHE={writer.text()} N={writer.number()} P=2"
    lists = f"L=({writer.text()} {writer.text()}) K=({writer.text()}) R=A S=B\n"
    lists += f"declare -A H=([one]={writer.text()} [two]={writer.text()})"
    return f"{begin}\n{lists}\nset -- {writer.text()} {writer.text()}\n{writer.block(6)}wait\n"
