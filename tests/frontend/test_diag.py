"""How diagnostics look, and which of them the -W settings let through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kcc.frontend.diag import (
    CompileError,
    Diagnostic,
    Diagnostics,
    closest,
    render,
)
from kcc.frontend.source import Expansion, SourceFile, Span
from kcc.frontend.warning_table import WARNINGS

ROOT = Path(__file__).resolve().parent.parent.parent


def shown(text: str, start: int, end: int, **kw) -> list[str]:
    span = Span(SourceFile("a.cl", text), start, end)
    return render(Diagnostic("error", "code", "message", span), **kw).split("\n")


def test_an_error_shows_place_line_and_range():
    assert shown("int x;\n  foo bar\n", 9, 12) == [
        "a.cl:2:3: error[code]: message",
        "      foo bar",
        "      ^~~",
    ]


def test_tabs_stay_and_wide_characters_count_twice():
    assert shown("\tx = 1", 1, 2)[2] == "    \t^"
    assert shown("日本 = 1", 0, 2)[2] == "    ^~~~"
    assert shown("日本 = 1", 5, 6)[2] == "    " + " " * 7 + "^"
    assert shown("e\u0301 = 1", 3, 4)[2] == "    " + " " * 2 + "^"


def test_a_range_over_lines_ends_with_its_first_line():
    assert shown("f(a,  \n  b)", 0, 11)[1:] == ["    f(a,  ", "    ^~~~"]


def test_a_place_at_the_end_of_the_file_has_a_caret():
    assert shown("abc", 3, 3)[1:] == ["    abc", "       ^"]
    assert shown("abc\n", 4, 4)[0].startswith("a.cl:2:1:")


def test_a_long_line_is_cropped_around_the_caret():
    text = "x" * 5000 + "!" + "y" * 5000
    _head, line, marks = shown(text, 5000, 5001)
    assert len(line) < 150
    assert line[marks.index("^")] == "!"
    assert line.strip().startswith("...")
    assert line.endswith("...")
    _head, line, marks = shown(text, 0, len(text))
    assert len(marks) <= len(line)


def test_control_characters_do_not_reach_the_terminal():
    text = render(
        Diagnostic("error", "c", "bad \x1b[2J\n", Span(SourceFile("a\x07", "x\x1b[2J\0"), 0, 1))
    )
    assert not set(text) & {"\x1b", "\x07", "\0"}


def test_colour_is_only_added():
    plain, coloured = shown("a b", 2, 3), shown("a b", 2, 3, colour=True)
    assert "\x1b[" in coloured[0]
    for code in ("\x1b[1;31m", "\x1b[1;32m", "\x1b[1m", "\x1b[0m"):
        coloured = [line.replace(code, "") for line in coloured]
    assert plain == coloured


def test_macro_uses_are_listed_and_the_middle_of_many_left_out():
    file = SourceFile("a.cl", "use\nbody\n")
    span = Span(file, 0, 3)
    for index in range(100):
        span = Span(file, 4, 8, Expansion(f"M{index}", span))
    lines = render(Diagnostic("error", "c", "m", span)).split("\n")
    assert lines[0] == "a.cl:1:1: error[c]: m"
    assert "a.cl:2:1: note: expanded from macro 'M99'" in lines
    assert "a.cl:2:1: note: expanded from macro 'M0'" in lines
    assert "kcc: note: (94 more macro uses in between)" in lines
    assert len(lines) < 30


def test_includes_are_listed():
    outer = SourceFile("a.cl", '#include "b.h"\n')
    inner = SourceFile("b.h", "x", included_from=Span(outer, 9, 14))
    lines = render(Diagnostic("error", "c", "m", Span(inner, 0, 1))).split("\n")
    assert lines[-1] == "a.cl:1:10: note: included from here"


def test_span_of_an_argument_and_the_use_around_it_is_the_use():
    file = SourceFile("a.cl", "M(a)\nbody")
    use, argument = Span(file, 0, 4), Span(file, 2, 3)
    body = Span(file, 5, 9, Expansion("M", use))
    assert argument.to(body).outermost() == use
    assert Span(file, 0, 1).to(argument) == Span(file, 0, 3)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((), "warning"),
        (("none",), None),
        (("no-extra-tokens",), None),
        (("no-extra-tokens", "extra-tokens"), "warning"),
        (("error",), "error"),
        (("error", "no-error"), "warning"),
        (("error=extra-tokens",), "error"),
        (("error=undef",), "warning"),
        (("no-error=extra-tokens", "error"), "warning"),
        (("error=extra-tokens", "none"), None),
    ],
)
def test_warning_settings(settings, expected):
    diags = Diagnostics(settings=settings)
    diags.warning("extra-tokens", "m")
    assert [d.severity for d in diags.seen] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("settings", "count"), [((), 0), (("undef",), 1), (("everything",), 1), (("all",), 0)]
)
def test_a_group_that_is_off_until_asked_for(settings, count):
    diags = Diagnostics(settings=settings)
    diags.warning("undef", "m")
    assert len(diags.seen) == count


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        ((), False),
        (("all",), True),
        (("unused",), True),
        (("unused-variable",), True),
        (("extra",), False),
        (("all", "no-unused"), False),
        (("all", "no-unused-variable"), False),
        (("no-all", "unused-variable"), True),
        (("error=unused",), True),
    ],
)
def test_groups_of_groups(settings, on):
    assert Diagnostics(settings=settings).wants("unused-variable") is on


def test_every_group_that_a_warning_names_is_a_row():
    for name, row in WARNINGS.items():
        kind, *groups = row.split()
        assert kind in ("on", "off", "group")
        assert name not in groups
        assert set(groups) <= set(WARNINGS), name


def test_an_unknown_setting_is_warned_about():
    diags = Diagnostics(
        settings=("extra-token", "no-undef", "error=macro-redefned", "all", "error")
    )
    diags.check_settings()
    with pytest.raises(CompileError):
        diags.raise_errors()
    assert [d.code for d in diags.seen] == ["unknown-warning-option"] * 2
    assert diags.seen[0].hint == "did you mean '-Wextra-tokens'?"
    assert diags.seen[1].hint == "did you mean '-Werror=macro-redefined'?"


def test_too_many_errors_stop():
    diags = Diagnostics(max_errors=2)
    diags.error("c", "m")
    diags.error("c", "m")
    with pytest.raises(CompileError) as caught:
        diags.error("c", "m")
    assert [d.code for d in caught.value.diagnostics] == ["c", "c", "too-many-errors"]


def test_closest():
    assert closest("get_globl_id", ["get_global_id", "get_local_id"]) == "get_global_id"
    assert closest("zzz", ["get_global_id"]) is None
    assert closest("x" * 100000, ["y" * 100000]) is None


def test_every_warning_given_anywhere_is_in_the_table():
    given = re.compile(r"\.warning\(\s*\"([\w-]+)\"")
    missing = []
    for folder in ("frontend", "ir", "backend", "linker", "kcc"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found = given.findall(path.read_text())
            missing += [f"{path.name}: {code}" for code in found if code not in WARNINGS]
    assert not missing
