"""Diagnostics as a whole: as text for people, as JSON or SARIF 2.1.0 for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .diag import Diagnostic, includes, macro_uses, render
from .source import SourceFile, Span

_BEHIND = 1 << 62  # every offset
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report(diagnostics: Sequence[Diagnostic], form: str, colour: bool, version: str) -> str:
    """What is printed for the diagnostics of one command.

    form:    "text", which is empty without diagnostics; "json", one array; "sarif", one log.
    version: kcc's own, which SARIF states.
    """
    diagnostics = in_order(diagnostics)
    if form == "text":
        text = "".join(render(d, colour) + "\n" for d in diagnostics)
        return text + summary(diagnostics)
    import json

    if form == "json":
        return json.dumps([_json(d) for d in diagnostics], indent=1) + "\n"
    return json.dumps(_sarif(diagnostics, version), indent=1) + "\n"


def in_order(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """By place in the text, an included file's at the line that includes it.

    The parser's come before the checker's otherwise. What has no place stays at the end of
    what it came behind.
    """
    roots: dict[SourceFile, int] = {}
    key: tuple[int, ...] = ()
    keys: list[tuple[int, ...]] = []
    for d in diagnostics:
        if d.span is not None:
            place: Span | None = d.span.outermost()
            offsets: list[int] = []
            while place is not None:
                offsets.insert(0, place.start)
                root = place.file
                place = None if root.included_from is None else root.included_from.outermost()
            key = (roots.setdefault(root, len(roots)), *offsets)
        else:
            key = (*key[:1], _BEHIND)
        keys.append(key)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [diagnostics[i] for i in order]


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """ "2 errors and 1 warning generated.", or nothing."""
    counts = [(word, sum(d.severity == word for d in diagnostics)) for word in ("warning", "error")]
    said = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in counts if count]
    return f"{' and '.join(said)} generated.\n" if said else ""


def _notes(d: Diagnostic) -> list[tuple[str, Span | None]]:
    return [*macro_uses(d.span), *includes(d.span), *d.notes]


def _region(span: Span) -> tuple[str, int, int, int, int]:
    """(file, line, column, and those of the end), in characters from 1; the end is exclusive."""
    at = span.outermost()
    name, line, column = at.file.presumed(at.start)
    _name, end_line, end_column = at.file.presumed(at.end)
    return name, line, column, max(line, end_line), end_column


# -- JSON -----------------------------------------------------------------------------------------


def _json(d: Diagnostic) -> dict[str, Any]:
    return {
        "severity": d.severity,
        "code": d.code,
        "message": d.message,
        "location": _json_place(d.span),
        "notes": [{"message": text, "location": _json_place(at)} for text, at in _notes(d)],
        "hint": d.hint,
        "fixes": [{"location": _json_place(span), "text": text} for span, text in d.fixes],
    }


def _json_place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    names = ("file", "line", "column", "end_line", "end_column")
    return dict(zip(names, _region(span), strict=True))


# -- SARIF ----------------------------------------------------------------------------------------


def _sarif(diagnostics: Sequence[Diagnostic], version: str) -> dict[str, Any]:
    rules = list(dict.fromkeys(d.code for d in diagnostics))
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kcc",
                        "version": version,
                        "rules": [{"id": code} for code in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, rules) for d in diagnostics],
            }
        ],
    }


def _result(d: Diagnostic, rules: list[str]) -> dict[str, Any]:
    text = d.message if d.hint is None else f"{d.message} ({d.hint})"
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": rules.index(d.code),
        "level": "note" if d.severity == "remark" else d.severity,
        "message": {"text": text},
    }
    if d.span is not None:
        result["locations"] = [{"physicalLocation": _physical(d.span)}]
    related = [
        {"message": {"text": note}, "physicalLocation": _physical(at)}
        for note, at in _notes(d)
        if at is not None
    ]
    if related:
        result["relatedLocations"] = related
    if d.fixes:
        changes = [
            {
                "artifactLocation": _physical(span)["artifactLocation"],
                "replacements": [
                    {
                        "deletedRegion": _physical(span)["region"],
                        "insertedContent": {"text": text},
                    }
                ],
            }
            for span, text in d.fixes
        ]
        result["fixes"] = [{"description": {"text": d.hint or ""}, "artifactChanges": changes}]
    return result


def _physical(span: Span) -> dict[str, Any]:
    from urllib.parse import quote

    name, line, column, end_line, end_column = _region(span)
    keys = ("startLine", "startColumn", "endLine", "endColumn")
    return {
        "artifactLocation": {"uri": quote(name)},
        "region": dict(zip(keys, (line, column, end_line, end_column), strict=True)),
    }
