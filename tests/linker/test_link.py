"""Linking small objects made by hand: resolution, collection, layout, relocation, errors."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from kcc.backend.encode import decode
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.linker import elf
from kcc.linker.attributes import build_attributes
from kcc.linker.elf import read_elf
from kcc.linker.link import LinkInput, LinkOptions, link
from kcc.linker.objfile import write_archive
from kcc.linker.reloc import KINDS

NOP = bytes.fromhex("13000000")
AUIPC, JALR, ADDI = (bytes.fromhex(t) for t in ("97000000", "e7800000", "13051500"))
WRITABLE = elf.SHF_ALLOC | elf.SHF_WRITE
AT_1000 = "SECTIONS { . = 0x1000; .text : { *(.text*) } .data : { *(.data*) } }"


def linked(*objects: bytes, script: str | None = None, **options) -> elf.ElfFile:
    """Everything stays unless a test names roots."""
    inputs = [LinkInput(f"{'abcdef'[i]}.o", data) for i, data in enumerate(objects)]
    options.setdefault("gc", "roots" in options)
    return read_elf(link(inputs, script, LinkOptions(**options)).elf)


def errors(*objects: bytes, script: str | None = None, **options) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as caught:
        linked(*objects, script=script, **options)
    return [(d.code, d.message) for d in caught.value.diagnostics if d.severity == "error"]


def bytes_of(file: elf.ElfFile, name: str) -> bytes:
    section = file.section(name)
    assert section is not None
    return file.contents(section)


def address(file: elf.ElfFile, name: str) -> int:
    symbol = file.symbol(name)
    assert symbol is not None, name
    return symbol.value


# -- names ------------------------------------------------------------------------------------


def define(maker, name: str, data: bytes = NOP, **symbol) -> bytes:
    m = maker()
    m.symbol(name, m.text(data, name=f".text.{name}"), size=len(data), **symbol)
    return m.build()


def call(maker, caller: str, *callees: str, **symbol) -> bytes:
    m = maker()
    text = m.text((AUIPC + JALR) * len(callees), name=f".text.{caller}")
    m.symbol(caller, text, size=8 * len(callees))
    for i, callee in enumerate(callees):
        if symbol:
            m.symbol(callee, **symbol)
        m.reloc(text, 8 * i, 18, callee)
    return m.build()


def test_strong_definition_beats_weak_in_either_order(maker):
    weak = define(maker, "f", NOP, binding=elf.STB_WEAK)
    strong = define(maker, "f", NOP * 3)
    for order in ((weak, strong), (strong, weak)):
        assert linked(*order).symbol("f").size == 12


def test_two_strong_definitions_clash(maker):
    found = errors(define(maker, "f"), define(maker, "f"))
    assert found == [("duplicate-symbol", "'f' is defined in a.o and in b.o")]


def test_all_undefined_symbols_are_reported_with_who_asks(maker):
    objects = call(maker, "main", "one", "two"), call(maker, "other", "one")
    with pytest.raises(CompileError) as caught:
        linked(*objects)
    found = {d.message: [n[0] for n in d.notes] for d in caught.value.diagnostics}
    assert found == {
        "undefined symbol 'one'": [
            "used by a.o:(.text.main+0x0) in function 'main'",
            "used by b.o:(.text.other+0x0) in function 'other'",
        ],
        "undefined symbol 'two'": ["used by a.o:(.text.main+0x8) in function 'main'"],
    }


def test_undefined_symbols_may_be_allowed_and_weak_ones_are_zero(maker):
    strong = call(maker, "main", "gone")
    weak = call(maker, "main", "gone", binding=elf.STB_WEAK)
    for data, allow in ((strong, True), (weak, False)):
        code = bytes_of(linked(data, allow_undefined=allow), ".text")
        high, low = (
            decode(int.from_bytes(code[:4], "little")),
            decode(int.from_bytes(code[4:8], "little")),
        )
        assert (0x10000 + high.operands["upper20"] + low.operands["imm12"]) % (1 << 64) == 0


def test_weak_undefined_far_away_is_reached_from_zero(maker):
    data = call(maker, "main", "gone", binding=elf.STB_WEAK)
    script = "SECTIONS { . = 0xffff0000; .text : { *(.text*) } }"
    code = bytes_of(linked(data, script=script), ".text")
    assert decode(int.from_bytes(code[:4], "little")).insn.name == "lui"


def test_common_symbols_share_the_largest_size_and_alignment(maker):
    objects = []
    for size, align in ((4, 4), (16, 2), (8, 32)):
        m = maker()
        m.symbol("shared", elf.SHN_COMMON, align, type=elf.STT_OBJECT, size=size)
        objects.append(m.build())
    file = linked(*objects)
    symbol = file.symbol("shared")
    assert symbol.size == 16
    assert symbol.value % 32 == 0
    assert file.section(".bss").size == 16


def test_first_comdat_group_wins(maker):
    objects = []
    for size in (4, 8):
        m = maker()
        text = m.text(NOP * (size // 4), name=".text.inline")
        m.symbol("inline", text, size=size, binding=elf.STB_WEAK)
        group = (1).to_bytes(4, "little") + text.to_bytes(4, "little")
        m.section(".group", group, type=elf.SHT_GROUP, flags=0, info=1)
        objects.append(m.build())
    file = linked(*objects)
    assert file.symbol("inline").size == 4
    assert file.section(".text").size == 4


def test_archive_members_come_in_only_when_asked_for(maker):
    members = {
        "one.o": call(maker, "one", "two"),
        "two.o": define(maker, "two"),
        "unused.o": define(maker, "unused"),
    }
    archive = LinkInput("lib.a", write_archive(list(members.items())))
    main = LinkInput("main.o", call(maker, "main", "one"))
    for inputs in ([archive, main], [main, archive]):
        result = link(inputs)
        file = read_elf(result.elf)
        assert [file.symbol(n) is not None for n in ("one", "two", "unused")] == [True, True, False]
        assert "lib.a(two.o)" in result.map
        assert "unused.o" not in result.map


def test_whole_archive_brings_everything(maker):
    data = write_archive([("unused.o", define(maker, "unused"))])
    result = link([LinkInput("lib.a", data, whole_archive=True)], options=LinkOptions(gc=False))
    assert read_elf(result.elf).symbol("unused")


def test_hidden_symbols_become_local(maker):
    file = linked(define(maker, "f", visibility=elf.STV_HIDDEN), gc=False)
    assert file.symbol("f").binding == elf.STB_LOCAL


# -- collection -------------------------------------------------------------------------------


def test_collection_keeps_what_roots_reach(maker):
    objects = call(maker, "main", "used"), define(maker, "used"), define(maker, "unused")
    file = linked(*objects, roots=("main",))
    assert file.section(".text").size == 12
    assert file.symbol("unused") is None
    assert linked(*objects, gc=True).symbol("unused")  # without roots, what is global is one
    assert linked(*objects, roots=("main",), gc=False).symbol("unused")


def test_keep_and_bounds_survive_collection(maker):
    m = maker()
    text = m.text(bytes(16))
    m.symbol("main", text)
    m.section("table", bytes(24), flags=WRITABLE, align=8)
    m.section(".kept", bytes(4))
    m.section(".lost", bytes(4))
    m.reloc(text, 0, 2, "__start_table")
    m.reloc(text, 8, 2, "__stop_table")
    script = AT_1000 + "SECTIONS { .kept : { KEEP(*(.kept)) } .lost : { *(.lost) } }"
    file = linked(m.build(), script=script, roots=("main",))
    assert file.section(".kept")
    assert file.section(".lost") is None
    start, stop = (int.from_bytes(bytes_of(file, ".text")[i : i + 8], "little") for i in (0, 8))
    assert (start, stop - start) == (file.section("table").addr, 24)


# -- relocation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code", "distance", "fits"),
    [
        (16, "63000000", 4094, True), (16, "63000000", 4096, False), (16, "63000000", -4096, True),
        (16, "63000000", 3, False), (16, "63000000", -4098, False),
        (17, "6f000000", (1 << 20) - 2, True), (17, "6f000000", 1 << 20, False),
        (44, "01c1", 254, True), (44, "01c1", 256, False), (44, "01c1", -256, True),
        (45, "01a0", 2046, True), (45, "01a0", 2048, False),
        (18, "97000000e7800000", 0x7FFFF7FE, True), (18, "97000000e7800000", 0x7FFFF800, False),
        (18, "97000000e7800000", -0x80000800, True), (18, "97000000e7800000", -0x80000802, False),
        (57, "00000000", (1 << 31) - 1, True), (57, "00000000", 1 << 31, False),
    ],
)  # fmt: skip
def test_relative_relocations_reach_exactly_their_range(maker, kind, code, distance, fits):
    place = 0x1_0000_0000
    m = maker()
    text = m.text(bytes.fromhex(code))
    m.symbol("here", text)
    m.symbol("target", elf.SHN_ABS, place + distance, type=elf.STT_NOTYPE)
    m.reloc(text, 0, kind, "target")
    script = f"SECTIONS {{ . = {place:#x}; .text : {{ *(.text) }} }}"
    if not fits:
        ((code_, message),) = errors(m.build(), script=script)
        assert code_ == "relocation-overflow"
        for part in (KINDS[kind].name, "'target'", "a.o:(.text+0x0)", str(distance)):
            assert part in message
        return
    data = bytes_of(linked(m.build(), script=script), ".text")
    if kind == 57:
        assert int.from_bytes(data, "little", signed=True) == distance
        return
    reached = 0
    at = 0
    while at < len(data):
        insn = decode(int.from_bytes(data[at : at + 4], "little"))
        assert insn is not None
        names = ("branch13", "jump21", "cb", "cj", "upper20", "imm12")
        reached += sum(v for k, v in insn.operands.items() if k in names)
        at += insn.insn.size
    assert reached == distance


@pytest.mark.parametrize(
    ("kinds", "before", "after"),
    [
        ([(1, 0x11)], "00000000", "11200000"),
        ([(2, -1)], "0000000000000000", "ff1f000000000000"),
        ([(35, 8), (39, 4)], "01000000", "05000000"),
        ([(34, 1)], "ffff", "0020"),
        ([(33, 1), (37, 2)], "10", "0f"),
        ([(36, 0), (40, 0)], "7700000000000000", "7700000000000000"),
        ([(53, 5), (52, 1)], "c0", "c4"),
        ([(54, 0x12)], "00", "12"),
        ([(55, 0x34)], "0000", "3420"),
        ([(56, 0)], "00000000", "00200000"),
        ([(60, 300), (61, 0)], "808000", "ac8200"),
    ],
)
def test_data_relocations(maker, kinds, before, after):
    m = maker()
    data = m.section(".data", bytes.fromhex(before), flags=WRITABLE)
    m.symbol("s", elf.SHN_ABS, 0x2000, type=elf.STT_NOTYPE)
    for kind, addend in kinds:
        m.reloc(data, 0, kind, "s", addend)
    assert bytes_of(linked(m.build()), ".data").hex() == after


def test_low_part_finds_its_auipc(maker):
    m = maker()
    text = m.text(ADDI + AUIPC + ADDI)
    m.symbol("label", text, 4, binding=elf.STB_LOCAL, type=elf.STT_NOTYPE)
    m.symbol("far", elf.SHN_ABS, 0x12345FFF, type=elf.STT_NOTYPE)
    m.reloc(text, 4, 23, "far", 1)
    m.reloc(text, 8, 24, "label")
    code = bytes_of(linked(m.build(), script=AT_1000), ".text")
    high = decode(int.from_bytes(code[4:8], "little")).operands["upper20"]
    low = decode(int.from_bytes(code[8:12], "little")).operands["imm12"]
    assert 0x1004 + high + low == 0x12346000


def test_low_part_without_auipc_is_an_error(maker):
    m = maker()
    text = m.text(ADDI)
    m.symbol("label", text)
    m.reloc(text, 0, 24, "label")
    ((code, message),) = errors(m.build())
    assert code == "bad-relocation"
    assert "no auipc" in message


@pytest.mark.parametrize(("kind", "feature"), [(29, "thread-local"), (58, "indirect"), (99, "99")])
def test_unsupported_relocations_are_named(maker, kind, feature):
    m = maker()
    text = m.text()
    m.symbol("f", text)
    m.reloc(text, 0, kind, "f")
    ((code, message),) = errors(m.build())
    assert code == "unsupported-relocation"
    assert feature in message


def test_reference_to_discarded_section_is_an_error(maker):
    m = maker()
    text = m.text(bytes(8))
    m.symbol("main", text)
    m.symbol("lost", m.section(".lost", bytes(8)))
    m.reloc(text, 0, 2, "lost")
    found = errors(m.build(), script=AT_1000 + "SECTIONS { /DISCARD/ : { *(.lost) } }")
    assert [code for code, _ in found] == ["discarded-reference"]


def test_got_has_one_slot_a_symbol(maker):
    m = maker()
    text = m.text(AUIPC * 3)
    m.symbol("main", text)
    m.symbol("x", elf.SHN_ABS, 0x1234, type=elf.STT_NOTYPE)
    for i, name in enumerate(("main", "x", "main")):
        m.reloc(text, 4 * i, 20, name)
    file = linked(m.build(), script=AT_1000)
    got = bytes_of(file, ".got")
    assert [int.from_bytes(got[i : i + 8], "little") for i in (0, 8)] == [0x1000, 0x1234]


def test_relaxable_padding_is_cut_to_the_alignment(maker):
    m = maker()
    nop = "13000000"
    text = m.text(bytes.fromhex("0100" + "0100" + nop * 3 + "82800000"), align=16)
    m.symbol("start", text, size=20)
    m.symbol("after", text, 16)
    m.reloc(text, 2, 43, "", 14)
    m.reloc(text, 16, 54, "after")
    file = linked(m.build(), script=AT_1000)
    assert address(file, "after") == 0x1010
    assert bytes_of(file, ".text")[:16].hex() == "0100" + "0100" + nop * 3


# -- layout -----------------------------------------------------------------------------------


def test_default_layout_is_that_of_the_device(maker):
    m = maker()
    m.symbol("kernel", m.text())
    m.section(".rodata", bytes(5), align=1)
    m.section(".data", bytes(4), flags=WRITABLE)
    m.section(".bss", size=24, type=elf.SHT_NOBITS, flags=WRITABLE, align=8)
    m.section(".local", size=64, type=elf.SHT_NOBITS, flags=WRITABLE)
    file = linked(m.build())
    places = {s.name: (s.addr, s.size) for s in file.sections if s.alloc}
    assert places == {
        ".text": (0x10000, 4), ".rodata": (0x10004, 5), ".data": (0x11000, 4),
        ".bss": (0x11010, 24), ".local": (0x10000000, 64),
    }  # fmt: skip
    loads = [(p.flags, p.vaddr, p.filesz, p.memsz) for p in file.loads()]
    assert loads == [
        (5, 0x10000, 9, 9), (6, 0x11000, 4, 0x28), (6, 0x10000000, 0, 64),
    ]  # fmt: skip


def test_load_addresses_follow_the_script(maker):
    m = maker()
    m.symbol("main", m.text())
    m.section(".data", bytes(6), flags=WRITABLE)
    script = """
        MEMORY { rom : ORIGIN = 0x1000, LENGTH = 1K ram : ORIGIN = 0x8000, LENGTH = 1K }
        SECTIONS { .text : { *(.text) } > rom  .data : { *(.data) } > ram AT> rom
                   .more : { LONG(1) } > ram  .at : AT(0x3000) { LONG(2) } > ram
                   copy_from = LOADADDR(.data); }"""
    file = linked(m.build(), script=script)
    placed = [(p.vaddr, p.paddr) for p in file.loads()]
    assert placed == [(0x1000, 0x1000), (0x8000, 0x1004), (0x800A, 0x3000)]
    assert address(file, "copy_from") == 0x1004


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("MEMORY { r : ORIGIN = 0, LENGTH = 6 } SECTIONS { .text : { *(.text) } > r }",
         "region-overflow", "2 bytes too long"),
        ("SECTIONS { .text : { *(.text) } .x 0x4 : { LONG(1) } }", "section-overlap", "overlaps"),
        ("SECTIONS { .text : { *(.text) } > nowhere }", "script-layout", "undefined memory region"),
        ("SECTIONS { .text : { *(.text) . = 2; } }", "script-expression", "back"),
        ("SECTIONS { .text : { *(.text) } } ASSERT(SIZEOF(.text) < 8, \"too big\")",
         "assertion", "too big"),
        ("x = missing + 1;", "script-expression", "undefined symbol 'missing'"),
        ("x = 1 / (2 - 2);", "script-expression", "division by zero"),
        ("x = ADDR(.nothing);", "script-expression", "undefined section"),
        ("x += 1;", "script-expression", "no value yet"),
        ("SECTIONS { .text : ALIGN(3) { *(.text) } }", "script-layout", "not a power of two"),
        ("SECTIONS { .text : { *(.text) . += SIZEOF(.text) + 1; } }", "script-layout", "settle"),
        ("SECTIONS { .text : { *(.text) . += 0x7fffffff; BYTE(1) } }", "output-too-large", "bytes"),
        ("PHDRS { a PT_LOAD FILEHDR PHDRS; } SECTIONS { .text : { *(.text) } }",
         "script-layout", "no room for the file headers"),
        ("PHDRS { a PT_LOAD; } SECTIONS { .text : { *(.text) } :b }", "script-layout", "'b'"),
    ],
)  # fmt: skip
def test_layout_errors(maker, script, code, message):
    m = maker()
    m.symbol("main", m.text(bytes(8)))
    found = errors(m.build(), script=script)
    assert any(c == code and message in text for c, text in found), found


def test_expressions_may_look_ahead(maker):
    m = maker()
    m.symbol("main", m.text(bytes(8)))
    script = """
        SECTIONS { .head : { LONG(SIZEOF(.text)) LONG(end) . += SIZEOF(.text); }
                   .text : { *(.text) } end = .; PROVIDE(chain = link); PROVIDE(link = 7);
                   uses = chain + 1; }"""
    file = linked(m.build(), script=script)
    assert bytes_of(file, ".head")[:8].hex() == "0800000018000000"
    assert address(file, "uses") == 8


def test_orphans_follow_their_kind_or_are_reported(maker):
    m = maker()
    m.symbol("main", m.text())
    m.section(".odd", bytes(4), flags=WRITABLE)
    m.section(".data", bytes(4), flags=WRITABLE)
    m.section(".constant", bytes(4))
    data = m.build()
    names = [s.name for s in linked(data, script=AT_1000).sections if s.alloc]
    assert names == [".text", ".constant", ".data", ".odd"]
    diags = Diagnostics()
    link([LinkInput("a.o", data)], AT_1000, LinkOptions(orphans="warn", gc=False), diags)
    assert [d.code for d in diags.seen] == ["orphan-section"] * 2
    assert {c for c, _ in errors(data, script=AT_1000, orphans="error")} == {"orphan-section"}
    assert linked(data, script=AT_1000, orphans="discard").section(".odd") is None


def test_sorted_patterns(maker):
    m = maker()
    for i, (name, align) in enumerate(((".x.b", 4), (".x.a", 1), (".x.c", 16), (".x.3", 1))):
        m.section(name, bytes([i + 1]), flags=WRITABLE, align=align)
    for sort, order in (
        ("SORT(.x.*)", [4, 2, 1, 3]), ("SORT_BY_ALIGNMENT(.x.*)", [3, 1, 2, 4]),
        ("SORT_NONE(.x.*)", [1, 2, 3, 4]), ("SORT_BY_INIT_PRIORITY(.x.*)", [4, 1, 2, 3]),
    ):  # fmt: skip
        script = f"SECTIONS {{ .x : {{ KEEP(*({sort})) }} }}"
        data = bytes_of(linked(m.build(), script=script), ".x")
        assert [b for b in data if b] == order


# -- the whole --------------------------------------------------------------------------------


def test_same_inputs_same_bytes_and_build_id_tells_others(maker):
    objects = call(maker, "main", "used"), define(maker, "used")
    script = AT_1000 + "SECTIONS { .note.gnu.build-id : { *(.note.gnu.build-id) } }"
    one, two = (linked(*objects, script=script, build_id=True).data for _ in range(2))
    assert one == two
    other = linked(*objects[::-1], script=script, build_id=True)
    assert bytes_of(read_elf(one), ".note.gnu.build-id") != bytes_of(other, ".note.gnu.build-id")


def test_entry_is_option_then_script_then_first_kernel(maker):
    objects = define(maker, "one"), define(maker, "two")
    assert linked(*objects, entry="two").entry == 0x10004
    assert linked(*objects, entry="0x123").entry == 0x123
    assert linked(*objects, script="ENTRY(two)" + AT_1000).entry == 0x1004
    assert linked(*objects).entry == 0
    assert errors(*objects, entry="three") == [("undefined-symbol", "undefined symbol 'three'")]
    diags = Diagnostics()
    link([LinkInput("a.o", objects[0])], "ENTRY(three)" + AT_1000, diags=diags)
    assert [d.code for d in diags.seen] == ["no-entry"]


def test_calling_conventions_must_agree(maker):
    soft, double = maker(), maker()
    soft.flags = 1
    for m, name in ((soft, "f"), (double, "g")):
        m.symbol(name, m.text())
    assert [c for c, _ in errors(soft.build(), double.build())] == ["abi-mismatch"]


def test_map_names_sections_symbols_and_what_was_left_out(maker):
    inputs = [LinkInput("a.o", call(maker, "main", "f")), LinkInput("b.o", define(maker, "f")),
              LinkInput("c.o", define(maker, "unused"))]  # fmt: skip
    text = link(inputs, options=LinkOptions(roots=("main",))).map
    assert "mainmem          0x0000000000010000 0x0000000007ff0000 rwx" in text
    assert " .text.f        0x0000000000010008        0x4 b.o" in text
    assert "0x0000000000010008                f" in text
    assert text.index(".text.unused") < text.index("Memory Configuration")


# -- damaged inputs ---------------------------------------------------------------------------


def test_inputs_that_are_no_objects_are_named(maker):
    for data, reason in (
        (b"", "not an ELF file"), (b"BC\xc0\xde1234", "bitcode"),
        (b"!<thin>\n", "thin archives"), (b"!<arch>\nxx", "malformed archive header"),
    ):  # fmt: skip
        ((code, message),) = errors(data)
        assert code == "bad-object"
        assert message.startswith("a.o: ")
        assert reason in message


def rich_object(maker) -> bytes:
    m = maker()
    text = m.text((AUIPC + JALR) * 2 + ADDI)
    data = m.section(".data", bytes(16), flags=WRITABLE, align=8)
    m.section(".bss", size=40, type=elf.SHT_NOBITS, flags=WRITABLE)
    m.symbol("main", text, size=20)
    m.symbol("local", data, 8, binding=elf.STB_LOCAL, type=elf.STT_OBJECT)
    m.symbol("shared", elf.SHN_COMMON, 8, type=elf.STT_OBJECT, size=8)
    m.reloc(text, 0, 18, "main")
    m.reloc(text, 8, 20, "shared")
    m.reloc(text, 16, 24, "main")
    m.reloc(data, 0, 2, "local", 4)
    return m.build()


def test_truncated_and_mutated_objects_never_crash_the_linker(maker):
    data = rich_object(maker)
    for size in range(0, len(data), 16):
        with pytest.raises(CompileError):
            linked(data[:size])
    mutate(data, 400, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 22))
def test_mutated_objects_at_length(maker, seed):
    mutate(rich_object(maker), 2000, seed)


def mutate(data: bytes, rounds: int, seed: int) -> None:
    numbers = random.Random(seed)
    for _ in range(rounds):
        damaged = bytearray(data)
        for _ in range(numbers.randint(1, 3)):
            damaged[numbers.randrange(len(damaged))] = numbers.choice((0, 1, 0x7F, 0x80, 0xFF))
        with suppress(CompileError):
            link([LinkInput("a.o", bytes(damaged))])


def test_mutated_archives_never_crash_the_linker(maker):
    archive = write_archive([("one.o", define(maker, "one")), ("two.o", rich_object(maker))])
    numbers = random.Random(3)
    main = LinkInput("main.o", call(maker, "start", "one"))
    for _ in range(200):
        damaged = bytearray(archive)
        damaged[numbers.randrange(200)] = numbers.randrange(256)
        with suppress(CompileError):
            link([main, LinkInput("lib.a", bytes(damaged))])


def test_absurd_numbers_in_names_are_only_names(maker):
    digits = "9" * 5000  # more than Python turns into a number
    first, second = maker(), maker()
    for m in (first, second):
        m.section(f".init_array.{digits}", bytes(8), flags=elf.SHF_ALLOC | elf.SHF_WRITE)
        attributes = build_attributes({5: f"rv64i{digits}p0_m2p0", 4: 16 * (m is first)})
        m.section(".riscv.attributes", attributes, flags=0, type=elf.SHT_RISCV_ATTRIBUTES)
    script = "SECTIONS { .init_array : { KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*))) } }"
    file = linked(first.build(), second.build(), script=script)
    assert len(bytes_of(file, ".init_array")) == 16
    assert b"m2p0" in bytes_of(file, ".riscv.attributes")


def test_regions_of_the_script_can_be_elsewhere(maker):
    inputs = [LinkInput("a.o", define(maker, "f", NOP * 4))]
    made = link(inputs, options=LinkOptions(regions={"mainmem": (0x8_0000, 16)}))
    assert address(elf.read_elf(made.elf), "f") == 0x8_0000
    for regions, message in (
        ({"mainmem": (0x8_0000, 12)}, "does not fit into memory region 'mainmem'"),
        ({"rom": (0, 1)}, "the script has no memory region 'rom'"),
    ):
        with pytest.raises(CompileError, match=message):
            link(inputs, options=LinkOptions(regions=regions))
