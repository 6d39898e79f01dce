"""Properties of the instruction table: rows do not overlap, words and operands are one thing."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.backend.encode import EncodeError, compress, decode, encode, expand, is_hint
from kcc.backend.isa import FIELDS, TABLE, Insn

ROWS = list(TABLE.values())


def excluded(row: Insn, word: int) -> bool:
    return any(field.extract(word) in field.excluded for _, field in row.fields)


def test_every_fixed_bit_is_outside_the_operands() -> None:
    for row in ROWS:
        assert row.match & ~row.mask == 0, row.name
        masks = [field.mask for _, field in row.fields]
        assert sum(masks) == sum(masks) & ((1 << 8 * row.size) - 1), row.name
        assert all(not a & b for a, b in combinations(masks, 2)), row.name


def test_no_word_is_two_instructions() -> None:
    """Where masks leave a word to two rows, an excluded operand value takes it from one."""
    for a, b in combinations(ROWS, 2):
        if a.size != b.size or (a.match ^ b.match) & a.mask & b.mask:
            continue
        common = a.match | b.match
        fixed = a.mask | b.mask
        assert any(
            field.mask & fixed == field.mask and field.extract(common) in field.excluded
            for row in (a, b)
            for _, field in row.fields
        ), (a.name, b.name)


@given(row=st.sampled_from(ROWS), bits=st.integers(0, 2**32 - 1))
def test_decode_then_encode_is_identity(row: Insn, bits: int) -> None:
    word = row.match | bits & ~row.mask & (1 << 8 * row.size) - 1  # any operands whatever
    hit = decode(word)
    if excluded(row, word):
        assert hit is None or hit.insn is not row
        return
    assert hit is not None
    assert hit.insn is row
    assert encode(row, **hit.operands) == word


@given(word=st.integers(0, 2**32 - 1))
def test_any_word_decodes_or_not(word: int) -> None:
    hit = decode(word)
    if hit is not None:
        assert encode(hit.insn, **hit.operands) == word & (1 << 8 * hit.insn.size) - 1


def test_every_compressed_word_expands_to_a_base_instruction() -> None:
    for word in range(1 << 16):
        hit = decode(word)
        if word & 3 == 3 or hit is None:
            continue
        base = expand(hit)
        assert base.insn.size == 4
        again = decode(encode(base.insn, **base.operands))
        assert again is not None
        assert again.insn is base.insn
        short = compress(base)
        assert is_hint(hit) or short is not None
        if short is not None:  # the same, with the operands of a sum in another order at most
            again = expand(short)
            assert short.insn.name == "c.mv" or again.insn is base.insn
            assert sorted(again.operands.values()) == sorted(base.operands.values())


def test_reserved_words_are_no_instructions() -> None:
    for word in (
        0x0000,  # all zeros: illegal by definition
        0x0004,  # c.addi4spn with immediate 0
        0x2001,  # c.addiw with rd = 0
        0x6101,  # c.addi16sp with immediate 0
        0x6001 | 3 << 7,  # c.lui with immediate 0
        0x4002,  # c.lwsp with rd = 0
        0x6002,  # c.ldsp with rd = 0
        0x8002,  # c.jr with rs1 = 0
        0x9C41,  # reserved arithmetic
        0x8000,  # reserved, quadrant 0
        0xFFFF_FFFF,
        0x0000_5053 | 5 << 12,  # fadd.s with a reserved rounding mode
        0x0200_501B,  # slliw-like with shamt bit 5 set
        0x1010_202F | 1 << 20,  # lr.w with rs2 set
    ):
        assert decode(word) is None, hex(word)


# Words of the vector opcodes, by the bits that matter: funct6, vm, vs2, vs1, funct3.
@pytest.mark.parametrize(
    ("funct6", "vm", "vs2", "vs1", "funct3"),
    [
        (0b010000, 1, 1, 1, 0),  # vadc.vvm has vm = 0 alone
        (0b010010, 1, 1, 1, 4),  # vsbc.vxm
        (0b010010, 0, 1, 1, 3),  # vsbc has no immediate form
        (0b010111, 1, 1, 1, 0),  # vmv.v.v with vs2 set
        (0b010111, 1, 1, 1, 5),  # vfmv.v.f with vs2 set
        (0b010111, 0, 1, 1, 2),  # a masked vcompress
        (0b011001, 0, 1, 1, 2),  # a masked vmand.mm
        (0b100111, 1, 1, 2, 3),  # vmv3r.v
        (0b100111, 0, 1, 0, 3),  # a masked vmv1r.v
        (0b010000, 0, 1, 0, 2),  # a masked vmv.x.s
        (0b010000, 0, 0, 1, 6),  # a masked vmv.s.x
        (0b010000, 1, 1, 1, 6),  # vmv.s.x with vs2 set
        (0b010000, 1, 1, 1, 1),  # vfmv.f.s with vs1 set
        (0b010100, 1, 1, 17, 2),  # vid.v with vs2 set
        (0b010010, 1, 1, 1, 2),  # an extension by no factor
        (0b010010, 1, 1, 4, 1),  # a conversion that is none
        (0b010011, 1, 1, 1, 1),  # neither root nor reciprocal
        (0b000001, 1, 1, 1, 0),  # vandn.vv, of another extension
        (0b110101, 1, 1, 1, 0),  # vwsll.vv, of another extension
        (0b000011, 1, 1, 1, 0),  # vrsub.vv
        (0b111110, 1, 1, 1, 2),  # vwmaccus.vv
        (0b001110, 1, 1, 1, 1),  # vfslide1up.vv
        (0b110000, 1, 1, 1, 4),  # vwredsumu with a scalar
        (0b100000, 1, 0, 0, 7),  # vsetvl with bit 25 set
    ],
)
def test_reserved_vector_words(funct6: int, vm: int, vs2: int, vs1: int, funct3: int) -> None:
    word = funct6 << 26 | vm << 25 | vs2 << 20 | vs1 << 15 | funct3 << 12 | 3 << 7 | 0x57
    assert decode(word) is None


@pytest.mark.parametrize("opcode", [0x07, 0x27])
@pytest.mark.parametrize(
    "bits",
    [
        1 << 28 | 1 << 25,  # mew
        1 << 25 | 1 << 20,  # unit-stride with a lumop that is none
        1 << 25 | 1 << 23 | 2 << 29,  # three whole registers
        1 << 23 | 5 << 12,  # whole registers, masked
        11 << 20,  # a mask register, masked
        1 << 25 | 11 << 20 | 5 << 12,  # a mask register of 16-bit elements
        1 << 25 | 11 << 20 | 1 << 29,  # two mask registers
    ],
)
def test_reserved_vector_accesses(opcode: int, bits: int) -> None:
    assert decode(opcode | bits) is None


def test_stores_have_no_first_fault_and_one_width_of_whole_registers() -> None:
    for bits in (1 << 25 | 16 << 20, 1 << 25 | 1 << 23 | 6 << 12):
        load = decode(0x07 | bits)
        assert load is not None
        assert load.insn.name in ("vle8ff.v", "vl1re32.v")
        assert decode(0x27 | bits) is None


def test_bits_above_a_compressed_instruction_do_not_matter() -> None:
    assert decode(0xDEAD_8082) == decode(0x8082)


def test_fences_ignore_their_reserved_bits() -> None:
    for word in (0x0FF0_000F, 0x8330_000F, 0xF330_8F8F, 0x0000_000F):
        hit = decode(word)
        assert hit is not None
        assert hit.insn.name == "fence"
    hit = decode(0xFFF0_908F)
    assert hit is not None
    assert hit.insn.name == "fence.i"


@pytest.mark.parametrize(
    ("name", "operands", "word"),
    [
        ("lui", {"rd": 5, "upper20": -0x8000_0000}, 0x8000_02B7),
        ("jal", {"rd": 0, "jump21": -2}, 0xFFFF_F06F),
        ("beq", {"rs1": 1, "rs2": 2, "branch13": -4096}, 0x8020_8063),
        ("sd", {"rs2": 3, "rs1": 2, "store12": -1}, 0xFE31_3FA3),
        ("fadd.d", {"rd": 1, "rs1": 2, "rs2": 3}, 0x0231_70D3),
        ("fcvt.d.w", {"rd": 1, "rs1": 2}, 0xD201_00D3),
        ("amoadd.w", {"rd": 1, "rs1": 2, "rs2": 3, "aq": 1}, 0x0431_20AF),
        ("fence", {}, 0x0FF0_000F),
        ("c.j", {"cj": -2048}, 0xB001),
        ("vsetivli", {"rd": 10, "uimm5": 31, "zimm10": 0xD1}, 0xCD1F_F557),
        ("vadd.vi", {"vd": 1, "vs2": 2, "simm5": -16}, 0x0228_30D7),
        ("vadd.vi", {"vd": 1, "vs2": 2, "simm5": -16, "vm": 0}, 0x0028_30D7),
        ("vmacc.vx", {"vd": 1, "vs2": 2, "rs1": 3}, 0xB621_E0D7),
        ("vlsseg3e16.v", {"vd": 8, "rs1": 10, "rs2": 11}, 0x4AB5_5407),
        ("vsuxei64.v", {"vs3": 8, "rs1": 10, "vs2": 16, "vm": 0}, 0x0505_7427),
    ],
)
def test_known_words(name: str, operands: dict[str, int], word: int) -> None:
    assert encode(name, **operands) == word


@pytest.mark.parametrize(
    ("name", "operands", "why"),
    [
        ("addi", {"rd": 1, "rs1": 1, "imm12": 2048}, "not in the range -2048 to 2047"),
        ("addi", {"rd": 32, "rs1": 1, "imm12": 0}, "not in the range 0 to 31"),
        ("beq", {"rs1": 1, "rs2": 1, "branch13": 3}, "not a multiple of 2"),
        ("c.lw", {"cp2": 7, "cp1": 8, "clw": 0}, "not in the range 8 to 15"),
        ("c.lui", {"cd_n2": 2, "clui": 4096}, "not allowed here"),
        ("fadd.s", {"rd": 1, "rs1": 1, "rs2": 1, "rm": 5}, "not allowed here"),
    ],
)
def test_misfits_are_refused(name: str, operands: dict[str, int], why: str) -> None:
    with pytest.raises(EncodeError, match=why):
        encode(name, **operands)


def test_operand_names_are_checked() -> None:
    with pytest.raises(TypeError, match="needs the operand rs1"):
        encode("addi", rd=1, imm12=0)
    with pytest.raises(TypeError, match="no operand shamt6"):
        encode("addi", rd=1, rs1=1, imm12=0, shamt6=1)


def test_bounds_are_what_the_bits_can_say() -> None:
    for key, field in FIELDS.items():
        for value in field.bounds:
            if value not in field.excluded:
                assert field.extract(field.place(value)) == value, key
