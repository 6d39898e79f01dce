"""The flag table: clang's meanings, and errors that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcc.options import FLAGS, UsageError, parse_options, usage


def test_every_flag_sets_a_known_option() -> None:
    names = vars(parse_options([]))
    for spelling, _kind, destination, _value, text in FLAGS:
        assert destination.partition("=")[0].rstrip("*") in names, spelling
        assert text
        assert spelling in usage()


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["-o", "x.elf"], "output", "x.elf"),
        (["-ox.elf"], "output", "x.elf"),
        (["-DA", "-D", "B=1", "-UA"], "macros", ["DA", "DB=1", "UA"]),
        (["-Iinc", "-I", "more"], "include_dirs", ["inc", "more"]),
        (["-include", "a.h"], "includes", ["a.h"]),
        (["-O0"], "opt_level", 0),
        (["-O"], "opt_level", 2),
        (["-O3", "-cl-opt-disable"], "opt_level", 0),
        (["-c"], "mode", "obj"),
        (["-E"], "mode", "pp"),
        (["-w", "-Wall", "-Werror=unused"], "warnings", ["none", "all", "error=unused"]),
        (["-cl-std=CL2.0"], "cl_std", "CL2.0"),
        (["-MD"], "depfile", "all"),
        (["-Map=x.map"], "map_file", "x.map"),
        (["--", "-strange.cl"], "inputs", ["-strange.cl"]),
        (["-"], "inputs", ["-"]),
    ],
)
def test_flags_mean_what_clang_means(words: list[str], name: str, value: object) -> None:
    assert getattr(parse_options(words), name) == value


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-fsyntax-onyl"], "did you mean '-fsyntax-only'"),
        (["--emit=elff"], "unknown stage 'elff'"),
        (["-o"], "argument to '-o' is missing"),
        (["-O7"], "invalid value '7'"),
        (["-cl-std=CL9.9"], "CL1.2"),
        (["-c", "-o", "x", "a.cl", "b.cl"], "multiple output files"),
        (["-emit-llvm", "a.cl"], "add -S or -c"),
        (["-", "-"], "only once"),
        (["-D", ""], "macro name missing"),
        (["-ferror-limit=x"], "invalid value 'x'"),
        (["-fdiagnostics-format=xml"], "invalid value 'xml'"),
        (["-fcheck=all"], "invalid value 'all'"),
        (["-fwork-item-mode=hart"], "invalid value 'hart'"),
        (["-fwork-item-mode=wi", "-fsub-group-size=8"], "a sub-group is one work-item"),
        (["--memory=a=1"], "invalid value 'a=1' in '--memory=': REGION=ORIGIN:LENGTH"),
        (["--memory==1:2"], "invalid value '=1:2'"),
        (["--memory=a=1:-2"], "invalid value 'a=1:-2'"),
        (["--memory=a=x:2"], "invalid value 'a=x:2'"),
        (["-x", "fortran"], "not recognized"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_options(words)


def test_response_files_hold_words(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.write_text("-DX='a b' -O1")
    outer = tmp_path / "outer"
    outer.write_text(f"a.cl @{inner}\n-c")
    options = parse_options([f"@{outer}"])
    assert (options.inputs, options.macros, options.opt, options.mode) == (
        ["a.cl"], ["DX=a b"], "1", "obj",
    )  # fmt: skip


def test_a_response_file_that_includes_itself_is_an_error(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.write_text(f"@{loop}")
    with pytest.raises(UsageError, match="includes itself"):
        parse_options([f"@{loop}"])
