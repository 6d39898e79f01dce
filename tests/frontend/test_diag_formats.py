"""Diagnostics for programs, JSON and SARIF, and what pragmas make of warnings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kcc.frontend import pp
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostic, Diagnostics
from kcc.frontend.diag_formats import report, summary
from kcc.frontend.parse import parse
from kcc.frontend.source import NO_SPAN, SourceFile

TEXT = """\
#define TWICE(x) (x) * missing
kernel void k(global int *a, int number) {
    a[0] = TWICE(3);
    a[1] = numbr;
}
"""


def seen(text: str, *settings: str, folder: Path | None = None) -> list[Diagnostic]:
    diags = Diagnostics(settings=settings, max_errors=0)
    options = pp.PPOptions(include_dirs=(str(folder),) if folder else ())
    unit = parse(pp.preprocess(SourceFile("dir/a b.cl", text), options, diags), diags)
    check(unit, diags)
    return diags.seen


def test_json_says_all_that_the_text_says():
    first, second = json.loads(report(seen(TEXT), "json", False, "1"))
    assert (first["severity"], first["code"]) == ("error", "undeclared")
    place = {"file": "dir/a b.cl", "line": 3, "column": 12, "end_line": 3, "end_column": 20}
    assert first["location"] == place
    (note,) = first["notes"]
    assert note["message"] == "expanded from macro 'TWICE'"
    assert note["location"]["line"] == 1
    assert second["hint"] == "did you mean 'number'?"
    (fix,) = second["fixes"]
    assert fix["text"] == "number"
    assert (fix["location"]["column"], fix["location"]["end_column"]) == (12, 17)


def test_sarif_has_what_its_schema_requires():
    log = json.loads(report(seen(TEXT), "sarif", False, "0.1"))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("kcc", "0.1")
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        places = [*result["locations"], *result.get("relatedLocations", [])]
        for place in places:
            physical = place["physicalLocation"]
            assert physical["artifactLocation"]["uri"] == "dir/a%20b.cl"
            assert all(number >= 1 for number in physical["region"].values())
    (fix,) = run["results"][1]["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": "number"}


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_without_diagnostics_the_formats_are_still_whole(form):
    made = json.loads(report([], form, False, "1"))
    assert made == [] or made["runs"][0]["results"] == []


def test_the_summary_counts_as_clang_does():
    error, warning = (
        Diagnostic("error", "c", "m", NO_SPAN),
        Diagnostic("warning", "c", "m", NO_SPAN),
    )
    assert summary([]) == ""
    assert summary([warning]) == "1 warning generated.\n"
    assert summary([error, error]) == "2 errors generated.\n"
    assert summary([warning, error, error]) == "1 warning and 2 errors generated.\n"


CODE = "unused-value"


def found(text: str, *settings: str, folder: Path | None = None) -> list[tuple[str, str, int]]:
    return [
        (d.severity, d.code, d.span.file.position(d.span.start)[0])
        for d in seen(text, *settings, folder=folder)
        if d.span is not None
    ]


def test_a_pragma_makes_errors_and_takes_them_back():
    text = """\
#pragma clang diagnostic push
#pragma clang diagnostic error "-Wunused-value"
void f(int n) { n; }
#pragma clang diagnostic pop
void g(int n) { n; }
"""
    # After an error the rest of the file is not looked through for warnings.
    assert found(text) == [("error", "unused-value", 3)]


def test_a_pragma_holds_for_what_is_included_behind_it_and_beyond(tmp_path):
    (tmp_path / "quiet.h").write_text('#pragma clang diagnostic ignored "-Wunused-value"\n')
    (tmp_path / "plain.h").write_text("void inner(int n) { n; }\n")
    text = """\
void before(int n) { n; }
#include "quiet.h"
void behind(int n) { n; }
#include "plain.h"
#pragma clang diagnostic warning "-Wunused-value"
void last(int n) { n; }
"""
    assert found(text, folder=tmp_path) == [
        ("warning", "unused-value", 1),
        ("warning", "unused-value", 6),
    ]


def test_what_is_wrong_with_a_pragma_is_said():
    text = """\
#pragma clang diagnostic pop
#pragma clang diagnostic ignore "-Wall"
#pragma clang diagnostic ignored "-Wunused-valu"
#pragma clang diagnostic ignored "unused"
#pragma clang diagnostic ignored
"""
    hints = {d.span.file.position(d.span.start)[0]: d.hint for d in seen(text) if d.span}
    assert sorted(hints) == [1, 2, 3, 4, 5]
    assert hints[2] == "did you mean 'ignored'?"
    assert hints[3] == "did you mean '-Wunused-value'?"
    assert hints[4] == "did you mean '-Wunused'?"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((), "warning"),
        (("no-unused",), None),
        (("no-unused-value", "unused"), "warning"),
        (("unused", "no-unused-value"), None),
        (("no-unused-value", "everything"), None),
        (("everything", "no-everything"), None),
        (("no-everything", "unused"), "warning"),
        (("error=unused", "unused-value"), "error"),
        (("error=unused", "no-unused-value"), None),
        (("no-unused-value", "error=unused-value"), "error"),
        (("error", "no-error=unused-value"), "warning"),
        (("no-error=unused-value", "error"), "warning"),
        (("error=unused-value", "no-error=unused"), "warning"),
        (("error", "no-error"), "warning"),
        (("error", "none"), None),
    ],
)
def test_the_order_of_settings_counts_as_for_clang(settings, expected):
    found = [d.severity for d in seen("void f(int n) { n; }", *settings) if d.code == CODE]
    assert found == ([expected] if expected else [])
