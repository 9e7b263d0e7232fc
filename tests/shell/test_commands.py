"""What each construct is parsed into."""

import subprocess
import sys

import pytest

from doctor.shell import parse
from doctor.shell.tree import Array, Assignment, Simple, Word

from .outline import outline


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n  \n# nothing\n", ""),
        ("a b c", "a b c"),
        ("a; b & c", "a; b &; c"),
        ("a &\nb", "a &; b"),
        ("a && b || c", "(a && b || c)"),
        ("a &&\n\n # why\n b", "(a && b)"),
        ("a | b |& c", "(a | b |& c)"),
        ("! a | b", "(! a | b)"),
        ("! ! a", "(a)"),
        ("a | b && ! c &", "((a | b) && (! c)) &"),
        ("a \\\n  b\\\n  c", "a b c"),
        ("a\r\nb \\\r\nc\r\n", "a; b c"),
        ("time -p a | b", "(a | b)"),
        ("time", "time"),
        ("time; a", "time; a"),
        ("coproc a b", "a b"),
        ("coproc N { a; }", "{a}"),
        ("echo if then { } ! [[ case", "echo if then { } ! [[ case"),
        ("X=1 if", "X=1 if"),
        ('"if" a', '"if" a'),
        ("\\if a", "\\if a"),
        ("a#b #c", "a#b"),
        ("{MODEL} {{ x }} {% if a %}", "{MODEL} {{ x }} {% if a %}"),
    ],
)
def test_lists(text: str, expected: str) -> None:
    assert outline(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a; then b; c; fi", "if{a}then{b; c}"),
        ("if a\nthen\n\n b\nelse c\nfi", "if{a}then{b}else{c}"),
        (
            "if a; then b; elif c; then d; elif e; then f; elif g; then h; else i; fi",
            "if{a}then{b}elif{c}then{d}elif{e}then{f}elif{g}then{h}else{i}",
        ),
        ("if ! a; then b; fi >f 2>&1", "if{(! a)}then{b} >f 2>&1"),
        ("if [[ a ]] then b; fi", "if{[[a]]}then{b}"),
        ("if (a) then (b) fi", "if{(a)}then{(b)}"),
        ("if !(a); then b; fi", "if{(! (a))}then{b}"),
        ("while a; do b; done <f", "while{a}do{b} <f"),
        ("while a\ndo b\ndone", "while{a}do{b}"),
        ("while a # why\n\ndo b; done", "while{a}do{b}"),
        ("until a | b\ndo c; done", "until{(a | b)}do{c}"),
        ("while { a; }\ndo b; done", "while{{a}}do{b}"),
        ("while a && b\ndo c; done", "while{(a && b)}do{c}"),
        ("while a; b &\ndo c; done", "while{a; b &}do{c}"),
        ("for x in a 'b c' $d; do e; done", "for x in a 'b c' $d{e}"),
        ("for x\nin a\ndo b\ndone", "for x in a{b}"),
        ("for x in a # why\ndo b; done", "for x in a{b}"),
        ("for x do a; done", "for x{a}"),
        ("for x; do a; done", "for x{a}"),
        ("for x in; do a; done", "for x in {a}"),
        ("for in in in; do a; done", "for in in in{a}"),
        ("for x in a; { b; }", "for x in a{b}"),
        ("for ((i=0; i < n; i++)); do a; done", "for((i=0;i < n;i++)){a}"),
        ("for((;;)) do a; done", "for((;;)){a}"),
        ("for ((;;)) { a; }", "for((;;)){a}"),
        ("for ((i=(1);;\ni++)) ;\ndo a; done", "for((i=(1);;i++)){a}"),
        ("select x in a b; do c; done", "select x in a b{c}"),
        ("{ a; b & } >f", "{a; b &} >f"),
        ("(a; b) | { c; }", "((a; b) | {c})"),
        ("( (a) )", "((a))"),
        ("((a); (b))", "((a); (b))"),
        ("(( a > (b + 1) )) && c", "(((a > (b + 1))) && c)"),
        ("((x++)) >f", "((x++)) >f"),
        ("f() { a; }", "f(){a}"),
        ("f ()\n{\n a\n} >g", "f(){a} >g"),
        ("function f { a; }; f", "f(){a}; f"),
        ("function f-g.h ()\n\n(a)", "f-g.h()(a)"),
        ("f() [[ a ]]", "f()[[a]]"),
        ("a() if b; then c; fi", "a()if{b}then{c}"),
        ("f() { echo }; }", "f(){echo }}"),
    ],
)
def test_compound_commands(text: str, expected: str) -> None:
    assert outline(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("case $x in a) b;; esac", "case $x[a{b};;]"),
        ("case x in esac", "case x[]"),
        ("case x\nin\n (a|'b c') d\n e;;\n *) ;; esac >f", "case x[a|'b c'{d; e};; *{};;] >f"),
        ("case x in a) b;& c) d;;& e) f; esac", "case x[a{b};& c{d};;& e{f}]"),
        ("case x in @(a|b)*) c;; [!a]) d; esac", "case x[@(a|b)*{c};; [!a]{d}]"),
        ("case a in a) case b in b) c; esac;; esac; d", "case a[a{case b[b{c}]};;]; d"),
        ("x=$(case a in a) b;; esac)", "x=$(case a in a) b;; esac)"),
        ("if case a in a) b;; esac then c; fi", "if{case a[a{b};;]}then{c}"),
        ("[[ -f $a && ( b == c* || ! d ) ]]", "[[-f $a && ( b == c* || ! d )]]"),
        ("[[ $a =~ ^(x y|z)[0-9]+$ ]] || b", "([[$a =~ ^(x y|z)[0-9]+$]] || b)"),
        ("[[ a < b ]] && [[ -n <(c) ]]", "([[a < b]] && [[-n <(c)]])"),
        ("[[ a\n&&\nb ]]", "[[a && b]]"),
        ("[[ $x == @(a|b c) ]]", "[[$x == @(a|b c)]]"),
    ],
)
def test_case_and_conditions(text: str, expected: str) -> None:
    assert outline(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a >b 2>>c <d", "a >b 2>>c <d"),
        ("a > b 2>& 1 >&- <&3", "a >b 2>&1 >&- <&3"),
        ("a &> b &>>c", "a &>b &>>c"),
        ("a &>b&", "a &>b &"),
        ("a >| b <> c <<< 'd e'", "a >|b <>c <<<'d e'"),
        (">f", ">f"),
        ("<f a >g b", "a b <f >g"),
        ("X=1 <f Y=2 a", "X=1 Y=2 a <f"),
        ("a {fd}>f {other}>&-", "a {fd}>f {other}>&-"),
        ("echo 2 >f", "echo 2 >f"),
        ("echo a2>f", "echo a2 >f"),
        ("a > \\\n b", "a >b"),
        ("a >f\\\ng", "a >f g"),
        ("a < <(b) > >(c)", "a <<(b) >>(c)"),
        ("a | while b; do c; done >f | d", "(a | while{b}do{c} >f | d)"),
    ],
)
def test_redirections(text: str, expected: str) -> None:
    assert outline(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a <<E\nx\n  y\nE\nb", "a <<E'x\\n  y\\n'; b"),
        ("a <<'E F' >f\nx\nE F\nb", "a <<E F'x\\n' >f; b"),
        ("a << \\E\nx\nE\n", "a <<E'x\\n'"),
        ("a <<-E\n\tx\n\t\tE\nb", "a <<-E'\\tx\\n'; b"),
        ("a <<E; b <<F\nx\nE\ny\nF\nc", "a <<E'x\\n'; b <<F'y\\n'; c"),
        ("a <<E && b |\nx\nE\nc", "(a <<E'x\\n' && (b | c))"),
        ("a <<E\n", "a <<E''"),
        ("a <<E\nE", "a <<E''"),
        ("a <<E\nx", "a <<E'x'"),
        ("a <<E\r\nx\r\nE\r\nb", "a <<E'x\\r\\n'; b"),
        ("if a <<E; then\nx\nE\nb; fi", "if{a <<E'x\\n'}then{b}"),
        ("while a <<E\nx\nE\ndo b; done", "while{a <<E'x\\n'}do{b}"),
        ("f() {\n a <<E\n}\nE\n}\nb", "f(){a <<E'}\\n'}; b"),
        ("{ a; } <<E\nx\nE\nb", "{a} <<E'x\\n'; b"),
        ("case x in a) b <<E ;; esac\nx\nE\nc", "case x[a{b <<E'x\\n'};;]; c"),
        ('x="$(a <<E)"\ny\nE\nb', 'x="$(a <<E)"; b'),
        ('a <<E "b\nc"\nx\nE\nd', "a \"b c\" <<E'x\\n'; d"),
    ],
)
def test_here_documents(text: str, expected: str) -> None:
    assert outline(text) == expected


def only_command(text: str) -> Simple:
    """The script's only command, which is a simple one."""
    (statement,) = parse(text).body
    assert isinstance(statement.command, Simple)
    return statement.command


def assignment(text: str) -> Assignment:
    (found,) = only_command(text).assignments
    return found


@pytest.mark.parametrize(
    ("text", "name", "subscript", "append", "value"),
    [
        ("a=b", "a", None, False, "b"),
        ("a=", "a", None, False, ""),
        ("a+='b c'", "a", None, True, "'b c'"),
        ("a[1 + 2]=b", "a", "1 + 2", False, "b"),
        ('a["x y"]+=b', "a", '"x y"', True, "b"),
        ("a[${b[0]}]=c", "a", "${b[0]}", False, "c"),
        ("a==b", "a", None, False, "=b"),
    ],
)
def test_assignments(text: str, name: str, subscript: str | None, append: bool, value: str) -> None:
    found = assignment(text)
    assert (found.name, found.subscript, found.append) == (name, subscript, append)
    assert text[found.value.span.start : found.value.span.end] == value


def test_an_array_has_elements_with_keys() -> None:
    text = "a=(b 'c d' # e )\n\t[k]=f [x y]+=g $(h)\n)"
    value = assignment(text).value
    assert isinstance(value, Array)
    elements = [
        (
            element.key and element.key.literal,
            text[element.value.span.start : element.value.span.end],
        )
        for element in value.elements
    ]
    expected = [(None, "b"), (None, "'c d'"), ("k", "f"), ("x y", "g"), (None, "$(h)")]
    assert elements == expected
    assert parse(text).comments[0].text == "# e )"


def test_an_array_may_be_empty_or_hold_a_placeholder() -> None:
    assert assignment("a=()").value == Array(assignment("a=()").value.span, ())
    value = assignment("a=(--model <model> x)").value
    assert isinstance(value, Array)
    assert [element.value.literal for element in value.elements] == ["--model", "<model>", "x"]


@pytest.mark.parametrize("command", ["export", "declare", "local", "readonly", "typeset"])
def test_declarations_take_assignments(command: str) -> None:
    found = only_command(f"X=1 {command} -a A=(1 2) B C='d e'")
    kinds = [type(argument) for argument in found.arguments]
    assert kinds == [Word, Word, Assignment, Word, Assignment]
    assert [assignment.name for assignment in found.assignments] == ["X"]


def test_other_commands_take_words() -> None:
    found = only_command("env A=1 b")
    assert [word.literal for word in found.words] == ["env", "A=1", "b"]


@pytest.mark.parametrize(
    "text", ["a", "  a", "if a; then b; fi >f", "f() { a; }", "a | b", "case a in b) ;; esac"]
)
def test_a_command_spans_all_of_its_text(text: str) -> None:
    command = parse(f"\n{text}  # c\n").body[0].command
    assert f"\n{text}  # c\n"[command.span.start : command.span.end] == text.strip()


def test_comments_are_kept_with_their_places() -> None:
    text = "#!/bin/sh\na # b\r\nc=$(d # e\n)\n'# f' g#h\n"
    assert [comment.text for comment in parse(text).comments] == ["#!/bin/sh", "# b", "# e"]
    for comment in parse(text).comments:
        assert text[comment.span.start : comment.span.end] == comment.text


@pytest.mark.parametrize(("text", "needed"), [("a $(b); c >d", False), ("a | b", True)])
def test_bashlex_is_imported_only_when_needed(text: str, needed: bool) -> None:
    code = f"import sys, doctor.shell as s; s.parse({text!r}); print('bashlex' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.decode().strip() == str(needed)
