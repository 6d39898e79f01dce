"""Linker scripts: what is understood, and what is refused with its place."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.source import NO_SPAN, SourceFile
from kcc.linker.link import default_script
from kcc.linker.script import (
    Assert,
    Assign,
    Binary,
    Call,
    Conditional,
    Fill,
    Glob,
    InputPattern,
    Name,
    Num,
    SectionCommand,
    SectionGlob,
)
from kcc.linker.scriptparse import parse_script


def parse(text: str, includes: dict[str, str] | None = None):
    files = {name: SourceFile(name, body) for name, body in (includes or {}).items()}
    return parse_script(SourceFile("x.ld", text), Diagnostics(), files.get)


def expr(text: str):
    (command,) = parse(f"a = {text};").commands
    assert isinstance(command, Assign)
    return command.expr


def num(value: int) -> Num:
    return Num(value, NO_SPAN)


def binary(op, left, right):
    return Binary(op, left, right, NO_SPAN)


def test_precedence_is_that_of_c():
    one, two, three = num(1), num(2), num(3)
    assert expr("1 + 2 * 3") == binary("+", one, binary("*", two, three))
    assert expr("1 - 2 - 3") == binary("-", binary("-", one, two), three)
    assert expr("1 << 2 + 3 == 1 && 2 | 3") == binary(
        "&&", binary("==", binary("<<", one, binary("+", two, three)), one), binary("|", two, three)
    )
    assert expr("1 ? 2 : 3 ? 1 : 2") == Conditional(
        one, two, Conditional(three, one, two, NO_SPAN), NO_SPAN
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("64K", 65536), ("0x10k", 0x4000), ("2m", 1 << 21), ("010", 8), ("0", 0), ("(7)", 7)],
)
def test_numbers(text, value):
    assert expr(text) == num(value)


def test_functions_take_names_or_expressions():
    assert expr("SIZEOF(.text)") == Call("SIZEOF", ".text", (), NO_SPAN)
    assert expr("ALIGN(., 8)") == Call("ALIGN", "", (Name(".", NO_SPAN), num(8)), NO_SPAN)
    assert expr("SIZEOF_HEADERS") == Call("SIZEOF_HEADERS", "", (), NO_SPAN)


def test_output_section_with_everything():
    script = parse(
        """
        MEMORY { ram (rwx!i) : o = 1K, l = 2K; rom : ORIGIN = 0, LENGTH = 4M }
        SECTIONS {
          .data 0x100 (NOLOAD) : AT(0x200) ALIGN(16) SUBALIGN(4) ONLY_IF_RW {
            KEEP(*(SORT_BY_NAME(.init*))) foo*.o(.a EXCLUDE_FILE(x.o y.o) .b, .c)
            lib.a:member.o(SORT_BY_ALIGNMENT(SORT(.d)))
            BYTE(1); x = .; ASSERT(x, "no x") FILL(1 + 2) . += 4;
          } > ram AT> rom :one :two =0x0102030405
        }""".replace("2K;", "2K")
    )
    assert [r.name for r in script.regions] == ["ram", "rom"]
    (data,) = script.commands
    assert isinstance(data, SectionCommand)
    assert (data.name, data.type, data.constraint) == (".data", "NOLOAD", "ONLY_IF_RW")
    assert (data.address, data.load_address) == (num(0x100), num(0x200))
    assert (data.align, data.subalign) == (num(16), num(4))
    assert (data.region, data.load_region, data.phdrs) == ("ram", "rom", ("one", "two"))
    assert data.fill == Fill(num(0x0102030405), bytes([1, 2, 3, 4, 5]), NO_SPAN)
    kept, files, member, byte, assign, check, fill, move = data.items
    assert kept == InputPattern(
        Glob("*"), (SectionGlob(Glob(".init*"), (), ("name",)),), NO_SPAN, keep=True
    )
    assert files == InputPattern(
        Glob("foo*.o"),
        (
            SectionGlob(Glob(".a")),
            SectionGlob(Glob(".b"), (Glob("x.o"), Glob("y.o"))),
            SectionGlob(Glob(".c")),
        ),
        NO_SPAN,
    )
    assert isinstance(member, InputPattern)
    assert member.sections[0].sorts == ("alignment", "name")
    assert byte.size == 1
    assert assign == Assign("x", "=", Name(".", NO_SPAN), NO_SPAN)
    assert isinstance(check, Assert)
    assert fill == Fill(binary("+", num(1), num(2)), None, NO_SPAN)
    assert move.op == "+="


def test_names_are_lexed_as_names_and_expressions_as_expressions():
    script = parse("SECTIONS { .text : { *crt-0.o(.text.a-b) x=a-b; } }")
    (section,) = script.commands
    pattern, assign = section.items
    assert pattern.file == Glob("*crt-0.o")
    assert pattern.sections == (SectionGlob(Glob(".text.a-b")),)
    assert assign.expr == binary("-", Name("a", NO_SPAN), Name("b", NO_SPAN))


def test_commands_outside_sections():
    script = parse("""
        OUTPUT_FORMAT("elf64-littleriscv", "elf64-bigriscv", "elf64-littleriscv")
        OUTPUT_ARCH(riscv) ENTRY(_start) EXTERN(one two) SEARCH_DIR(/lib)
        MEMORY { ram : ORIGIN = 0, LENGTH = 1 } REGION_ALIAS("alias", ram)
        PROVIDE(a = 1); PROVIDE_HIDDEN(b = 2); HIDDEN(c = 3); "odd name" = 4;
        PHDRS { text PT_LOAD FILEHDR PHDRS AT(16) FLAGS(5); note 4; }
        /* a comment */
    """)
    assert script.entry[0] == "_start"
    assert script.externs == ["one", "two"]
    assert script.aliases == {"alias": "ram"}
    assigns = [(a.symbol, a.provide, a.hidden) for a in script.commands]
    assert assigns == [
        ("a", True, False), ("b", True, True), ("c", False, True), ("odd name", False, False),
    ]  # fmt: skip
    text, note = script.phdrs
    assert (text.filehdr, text.phdrs, text.at, text.flags) == (True, True, num(16), num(5))
    assert note.type == num(4)


def test_include_reads_another_script():
    files = {"inner.ld": "x = 1;", "items.ld": "*(.text)"}
    script = parse("INCLUDE inner.ld SECTIONS { .t : { INCLUDE items.ld } }", files)
    assert [type(c) for c in script.commands] == [Assign, SectionCommand]
    assert len(script.commands[1].items) == 1


def test_include_of_itself_ends():
    with pytest.raises(CompileError, match="too deeply"):
        parse("INCLUDE me.ld", {"me.ld": "INCLUDE me.ld"})


BAD = [
    ("SECTIONS { .text { } }", "{", "expected an expression"),
    ("SECTIONS { .text : { *(.text }", "}", "expected an input section name"),
    ("SECTIONS { .text : { *(.text) }", "", "expected '}' at the end of SECTIONS"),
    ("MEMORY { ram : ORIGIN = 0 LENGHT = 4 }", "LENGHT", "expected LENGTH in memory region 'ram'"),
    ("MEMORY { a : o = 1, l = 1 a : o = 1, l = 1 }", "a", "described twice"),
    ("x = 1 + ;", ";", "expected an expression"),
    ("x = FOO(3);", "FOO", "not a function"),
    ("x = 99999999999999999999;", "99999999999999999999", "64 bits"),
    ("x = 089;", "089", "malformed number"),
    ("x = 1", "", None),
    ("OVERLAY { }", "OVERLAY", "OVERLAY is not supported"),
    ("GROUP(libc.a)", "GROUP", "GROUP is not supported"),
    ("SECTIONS { . *= 2; }", ". *= ", "cannot move the location counter"),
    ("INCLUDE nothing.ld", "INCLUDE nothing.ld", "cannot find"),
    ("x = 1; /* no end", "/*", "comment does not end"),
    ("ASSERT(1)", ")", "expected ','"),
    ("PROVIDE(x += 1);", "PROVIDE(x += 1", "expected symbol = expression"),
    ("FROB", "FROB", "expected a linker script command"),
    ("x = " + "(" * 100 + "1;", "(", "nested too deeply"),
    ("x = " + "-" * 5000 + "1;", "-", "nested too deeply"),
    ("x = 1" + "+1" * 5000 + ";", "+1", "too long"),
    ("SECTIONS { .t : { *(" + "SORT(" * 500 + " } }", None, "nested too deeply"),
    ("x = MAX(1);", "MAX(1", "takes 2 arguments"),
]


@pytest.mark.parametrize(("text", "at", "message"), BAD)
def test_error_points_at_the_place(text, at, message):
    if message is None:
        parse(text)
        return
    with pytest.raises(CompileError) as caught:
        parse(text)
    (d,) = caught.value.diagnostics
    assert d.code == "script-syntax"
    assert message in d.message
    if at:
        assert d.span is not None
        assert d.span.file.text[d.span.start : d.span.end].startswith(at.rstrip()[:1])


def test_every_truncation_of_the_default_script_parses_or_is_refused():
    text = default_script().text
    for size in range(len(text)):
        with suppress(CompileError):
            parse(text[:size])


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_scripts_parse_or_are_refused(seed):
    words = random.Random(seed)
    pieces = default_script().text.split()
    pieces += ["(", ")", "{", "}", ";", "=", "SORT(", "KEEP(", "ASSERT(", "?", ":", ">", "AT>"]
    for _ in range(200):
        text = " ".join(words.choices(pieces, k=30))
        with suppress(CompileError):
            parse(text)
