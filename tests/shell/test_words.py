"""How a word is cut into parts."""

from __future__ import annotations

import pytest

from doctor.shell import parse
from doctor.shell.tree import (
    Arithmetic,
    HereDocument,
    Literal,
    Parameter,
    Part,
    Simple,
    Span,
    Substitution,
    Word,
)

from .outline import outline


def first_command(text: str) -> Simple:
    command = parse(text).body[0].command
    assert isinstance(command, Simple)
    return command


def the_word(text: str) -> Word:
    """The only word of a script."""
    (word,) = first_command(text).words
    return word


def here_document(text: str) -> HereDocument:
    target = first_command(text).redirects[0].target
    assert isinstance(target, HereDocument)
    return target


def described(text: str, word: Word) -> list[tuple[str, str]]:
    """Each part's source with what it stands for."""
    return [(text[part.span.start : part.span.end], meaning(part)) for part in word.parts]


def meaning(part: Part) -> str:
    quotes = '"' if part.quoted else ""
    match part:
        case Literal():
            return f"{quotes}{part.text}{quotes}"
        case Parameter():
            return f"{quotes}${part.name}{quotes}"
        case Substitution():
            return f"{quotes}{part.opener}{quotes}"
        case Arithmetic():
            return f"{quotes}$(({quotes}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a-b/c.d:e=f,g%h^i~j", [("a-b/c.d:e=f,g%h^i~j", "a-b/c.d:e=f,g%h^i~j")]),
        ("'a b'", [("'a b'", '"a b"')]),
        ('""', [('""', '""')]),
        ("a'b'\"c\"d", [("a", "a"), ("'b'", '"b"'), ('"c"', '"c"'), ("d", "d")]),
        (r"a\ b", [("a", "a"), (r"\ ", '" "'), ("b", "b")]),
        (r'"a\"\$\`\\\n"', [(r'"a\"\$\`\\\n"', '"a"$`\\\\n"')]),
        ('"a\\\nb"', [('"a\\\nb"', '"ab"')]),
        ("'a\nb'", [("'a\nb'", '"a\nb"')]),
        ("a\\\nb", [("a", "a"), ("\\\n", ""), ("b", "b")]),
        ("a\\\r\nb", [("a", "a"), ("\\\r\n", ""), ("b", "b")]),
        (
            "$'a\\n\\x41\\101\\u00e9\\'\\cA\\q'",
            [("$'a\\n\\x41\\101\\u00e9\\'\\cA\\q'", '"a\nAA\u00e9\'\x01\\q"')],
        ),
        ("$'\\ud800\\UFFFFFFFF'", [("$'\\ud800\\UFFFFFFFF'", '"\ufffd\ufffd"')]),
        ('$"a $b"', [("$", '""'), ('"a ', '"a "'), ("$b", '"$b"'), ('"', '""')]),
        ('"$a"', [('"', '""'), ("$a", '"$a"'), ('"', '""')]),
        ('"a$"', [('"a$"', '"a$"')]),
        ("a$", [("a$", "a$")]),
        ("$a$1$12", [("$a", "$a"), ("$1", "$1"), ("$1", "$1"), ("2", "2")]),
        ("$@$*$#$?$!$-$$", [(f"${name}", f"${name}") for name in "@*#?!-$"]),
        ("~/{a,b}*", [("~/{a,b}*", "~/{a,b}*")]),
        ("@(a|b c)d", [("@(a|b c)", "@(a|b c)"), ("d", "d")]),
        (
            'a?(b|"c)"$d)',
            [("a", "a"), ("?(b|", "?(b|"), ('"c)"', '"c)"'), ("$d", "$d"), (")", ")")],
        ),
        ("a$(b)c", [("a", "a"), ("$(b)", "$("), ("c", "c")]),
        ('"`a`"', [('"', '""'), ("`a`", '"`"'), ('"', '""')]),
        ("<(a)", [("<(a)", "<(")]),
        ("a>(b)", [("a", "a"), (">(b)", ">(")]),
        ("$((1 + $a))", [("$((1 + $a))", "$((")]),
        ("$[a[1]]", [("$[a[1]]", "$((")]),
        ("a\u00e9\u4e2db", [("a\u00e9\u4e2db", "a\u00e9\u4e2db")]),
        ("${{ x }}", [("${{ x }}", "${{ x }}")]),
        ("a${}b", [("a${}b", "a${}b")]),
    ],
)
def test_parts(text: str, expected: list[tuple[str, str]]) -> None:
    assert described(text, the_word(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${a}", Parameter(Span(0, 4), "a")),
        ("${12}", Parameter(Span(0, 5), "12")),
        ("${a[1]}", Parameter(Span(0, 7), "a", "1")),
        ("${a[${b[2]}]}", Parameter(Span(0, 13), "a", "${b[2]}")),
        ('${a["x]"]}', Parameter(Span(0, 10), "a", '"x]"')),
        ("${#a}", Parameter(Span(0, 5), "a", length=True)),
        ("${#a[@]}", Parameter(Span(0, 8), "a", "@", length=True)),
        ("${#}", Parameter(Span(0, 4), "#")),
        ("${##}", Parameter(Span(0, 5), "#", length=True)),
        ("${!a}", Parameter(Span(0, 5), "a", indirect=True)),
        ("${!#}", Parameter(Span(0, 5), "#", indirect=True)),
        ("${!a[@]}", Parameter(Span(0, 8), "a", "@", indirect=True)),
        ("${!}", Parameter(Span(0, 4), "!")),
    ],
)
def test_parameters(text: str, expected: Parameter) -> None:
    assert the_word(text).parts == (expected,)


@pytest.mark.parametrize(
    ("text", "name", "operator", "argument"),
    [
        ("${a:-b c}", "a", ":-", "b c"),
        ("${a:-}", "a", ":-", ""),
        ("${a-b}", "a", "-", "b"),
        ("${a:=b}", "a", ":=", "b"),
        ("${a=b}", "a", "=", "b"),
        ("${a:?b}", "a", ":?", "b"),
        ("${a?b}", "a", "?", "b"),
        ("${a:+b}", "a", ":+", "b"),
        ("${a+b}", "a", "+", "b"),
        ("${a#*/}", "a", "#", "*/"),
        ("${a##*/}", "a", "##", "*/"),
        ("${##*/}", "#", "#", "*/"),
        ("${a%.*}", "a", "%", ".*"),
        ("${a%%.*}", "a", "%%", ".*"),
        ("${a/b/c}", "a", "/", "b/c"),
        ("${a//b/c}", "a", "//", "b/c"),
        ("${a/#b/c}", "a", "/#", "b/c"),
        ("${a/%b/c}", "a", "/%", "b/c"),
        ("${a:1:2}", "a", ":", "1:2"),
        ("${a: -1}", "a", ":", " -1"),
        ("${a^}", "a", "^", ""),
        ("${a^^[b]}", "a", "^^", "[b]"),
        ("${a,}", "a", ",", ""),
        ("${a,,}", "a", ",,", ""),
        ("${a@Q}", "a", "@", "Q"),
        ("${!a@}", "a", "@", ""),
        ("${!a*}", "a", "*", ""),
        ("${a[@]:1}", "a", ":", "1"),
        ("${@:2}", "@", ":", "2"),
    ],
)
def test_operators(text: str, name: str, operator: str, argument: str) -> None:
    (part,) = the_word(text).parts
    assert isinstance(part, Parameter)
    assert (part.name, part.operator) == (name, operator)
    assert part.argument is not None
    assert text[part.argument.span.start : part.argument.span.end] == argument


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${a:-'b}'$c\\}}", [("'b}'", '"b}"'), ("$c", "$c"), ("\\}", '"}"')]),
        ("${a:-$(b)}", [("$(b)", "$(")]),
        ("${a:-${b:-c}}", [("${b:-c}", "$b")]),
    ],
)
def test_an_argument_is_a_word(text: str, expected: list[tuple[str, str]]) -> None:
    (part,) = the_word(text).parts
    assert isinstance(part, Parameter)
    assert part.argument is not None
    assert described(text, part.argument) == expected


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (r"a\}\$b", [(r"a\}\$b", '"a}$b"')]),
        ("'}'", [("'}'", "\"'}'\"")]),
        ('a"b c"', [("a", '"a"'), ('"b c"', '"b c"')]),
        ("$b", [("$b", '"$b"')]),
    ],
)
def test_an_argument_between_double_quotes(argument: str, expected: list[tuple[str, str]]) -> None:
    text = f'"${{a:-{argument}}}"'
    _, part, _ = the_word(text).parts
    assert isinstance(part, Parameter)
    assert part.argument is not None
    assert described(text, part.argument) == expected


def test_single_quotes_count_in_a_quoted_pattern() -> None:
    text = "\"${a%'}'}\""
    part = the_word(text).parts[1]
    assert isinstance(part, Parameter)
    assert part.argument is not None
    assert part.argument.literal == "}"


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("$(a; b | c)", "a; (b | c)"),
        ("$(a # )\n)", "a"),
        ("$(a ')' \")\" \\))", "a ')' \")\" \\)"),
        ("$( (a); b)", "(a); b"),
        ("$((a); b)", "(a); b"),
        ("$(a $(b $(c)))", "a $(b $(c))"),
        ("$(case x in x) a;; esac)", "case x[x{a};;]"),
        ("$(a <<E\nb)\nE\n)", "a <<E'b)\\n'"),
        ("`a b`", "a b"),
        ("$(<f)", "<f"),
        ("$()", ""),
    ],
)
def test_substitutions(text: str, inner: str) -> None:
    (part,) = the_word(text).parts
    assert isinstance(part, Substitution)
    start = len(part.opener)
    # The inside is a script of its own, with the same tree at other offsets.
    assert outline(text[start:-1]) == inner
    assert len(part.body) == len(parse(text[start:-1]).body)


def test_backticks_in_backticks_keep_their_offsets() -> None:
    text = r"x=`a \`b \\\`c\\\` \$d\``"
    value: object = first_command(text).assignments[0].value
    names = list[str]()
    while isinstance(value, Word):
        (outer,) = (part for part in value.parts if isinstance(part, Substitution))
        command = outer.body[0].command
        assert isinstance(command, Simple)
        names.append(text[command.words[0].span.start : command.words[0].span.end])
        value = next((w for w in command.words if isinstance(w.parts[0], Substitution)), None)
    assert names == ["a", "b", "c"]


def test_double_quotes_are_escaped_in_quoted_backticks() -> None:
    text = '"`a \\"b c\\"`"'
    part = the_word(text).parts[1]
    assert isinstance(part, Substitution)
    command = part.body[0].command
    assert isinstance(command, Simple)
    assert [word.literal for word in command.words] == ["a", "b c"]


@pytest.mark.parametrize(
    ("text", "arithmetic"),
    [
        ("$((a))", True),
        ("$(((a) + (b)))", True),
        ("$(( ')' ))", True),
        ("$((a) )", False),
        ("$((a); (b))", False),
        ("$((a)+(b))", False),
    ],
)
def test_arithmetic_ends_in_two_parentheses(text: str, arithmetic: bool) -> None:
    (part,) = the_word(text).parts
    assert isinstance(part, Arithmetic if arithmetic else Substitution)


@pytest.mark.parametrize(
    "word",
    [
        "<FILL_ME>",
        "<your-model>",
        "<MY MODEL>",
        "a/<user_name>/b",
        "--x=<NAME>",
        "<model>",
        "<a b>",
    ],
)
def test_placeholders_are_words(word: str) -> None:
    (first, second) = first_command(f"run {word}\n").words
    assert (first.literal, second.literal) == ("run", word)


@pytest.mark.parametrize("between", [" ", " \\\n  ", "\t\\\r\n"])
def test_a_placeholder_may_stand_before_an_option(between: str) -> None:
    words = first_command(f"run <a model>{between}--port 1\n").words
    assert [word.literal for word in words] == ["run", "<a model>", "--port", "1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run <in> out", "run <in >out"),
        ("run <in> \\\n  out", "run <in >out"),
        ("run <in>out", "run <in >out"),
        ("run <IN >out", "run <IN >out"),
        ("run <in-file>out", "run <in-file >out"),
        ("run <in>&2", "run <in >&2"),
        ("run < IN > out", "run <IN >out"),
        ("run <in>>out", "run <in >>out"),
        ("run <NAME> out", "run <NAME> out"),
    ],
)
def test_redirections_are_no_placeholders(text: str, expected: str) -> None:
    assert outline(text) == expected


def test_a_here_document_is_read_like_double_quotes() -> None:
    text = 'a <<E\n\'b\' "$c" \\$d \\\\ \\"\\\ne `f`\nE\n'
    body = here_document(text).body
    assert described(text, body) == [
        ("'b' \"", '"\'b\' ""'),
        ("$c", '"$c"'),
        ('" \\$d \\\\ \\"\\\ne ', '"" $d \\ \\"e "'),
        ("`f`", '"`"'),
        ("\n", '"\n"'),
    ]


def test_a_quoted_here_document_is_one_literal() -> None:
    document = here_document("a <<'E'\n$b `c` \\\nE\n")
    assert document.quoted
    assert document.body.literal == "$b `c` \\\n"


def test_tabs_are_stripped_at_the_start_of_lines() -> None:
    document = here_document("a <<-E\n\t\ta\t$b\tc\n\td\n\tE\n")
    texts = [part.text for part in document.body.parts if isinstance(part, Literal)]
    assert document.strip_tabs
    assert texts == ["a\t", "\tc\nd\n"]
    assert here_document("a <<-'E'\n\ta\n\tE\n").body.literal == "a\n"


def test_a_fault_in_a_here_document_is_just_text() -> None:
    script = parse("a <<E\n${b $(c\nE\nd\n")
    assert not script.unparsed
    assert here_document(script.text).body.literal == "${b $(c\n"
