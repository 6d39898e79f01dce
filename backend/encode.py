"""Operands to instruction words and back, by the table in isa.py alone."""

from __future__ import annotations

import re
from functools import cache

from ..frontend.record import record
from .isa import FIELDS, TABLE, Field, Insn


class EncodeError(ValueError):
    """An operand does not fit its field; `key` is the field's name."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@record
class Decoded:
    """An instruction and its operands by field name; immediates are final values in bytes."""

    insn: Insn
    operands: dict[str, int]


def encode(insn: Insn | str, **operands: int) -> int:
    """The instruction word, 16 or 32 bits by `insn.size`.

    operands:  by field name, final values (see isa.FIELDS); those with a default may be left out.
    raises:    EncodeError when a value does not fit; TypeError for a missing or unknown operand.
    """
    row = TABLE[insn] if isinstance(insn, str) else insn
    word = row.match
    used = 0
    for operand in row.operands:
        field = FIELDS[operand.key]
        value = operands.get(operand.key, operand.default)
        used += operand.key in operands
        if value is None:
            raise TypeError(f"{row.name} needs the operand {operand.key}")
        if not field.fits(value):
            raise EncodeError(operand.key, why_unfit(field, value))
        word |= field.place(value)
    if used != len(operands):
        unknown = sorted(set(operands) - {o.key for o in row.operands})
        raise TypeError(f"{row.name} has no operand {', '.join(unknown)}")
    return word


def why_unfit(field: Field, value: int) -> str:
    """What is wrong with `value`, for a message."""
    least, greatest = field.bounds
    if not least <= value <= greatest:
        return f"{value} is not in the range {least} to {greatest}"
    if value % field.scale:
        return f"{value} is not a multiple of {field.scale}"
    return f"{value} is not allowed here"


# Words are looked up by their low bits, then by each mask in use there, the strictest first: a
# row whose operands are excluded values (c.jr with rs2 = 0 against c.mv) gives way to the next.
_Bucket = tuple[tuple[int, dict[int, Insn]], ...]


def _low_bits(match: int) -> int:
    return match & 0x7F if match & 3 == 3 else match & 3 | match >> 11 & 0x1C


def _rows_by_low_bits() -> dict[int, list[Insn]]:
    found: dict[int, list[Insn]] = {}
    for row in TABLE.values():
        found.setdefault(_low_bits(row.match), []).append(row)
    return found


_ROWS = _rows_by_low_bits()


@cache  # most programs meet few opcodes, and the vector ones have hundreds of rows
def _bucket(low_bits: int) -> _Bucket:
    by_mask: dict[int, dict[int, Insn]] = {}
    for row in _ROWS.get(low_bits, ()):
        by_mask.setdefault(row.mask, {})[row.match] = row
    return tuple(sorted(by_mask.items(), key=lambda item: -item[0].bit_count()))


def decode(word: int) -> Decoded | None:
    """The instruction in the low 16 or 32 bits of `word`, or None if it is none kcc knows.

    Bits above the instruction are ignored, so a fetch may pass four bytes and look at
    `insn.size`. Reserved encodings are None; hints are what they look like.
    """
    if word & 3 == 3:
        word &= 0xFFFF_FFFF
    else:
        word &= 0xFFFF
    for mask, rows in _bucket(_low_bits(word)):
        row = rows.get(word & mask)
        if row is None:
            continue
        operands = {key: field.extract(word) for key, field in row.fields}
        if all(operands[key] not in field.excluded for key, field in row.fields):
            return Decoded(row, operands)
    return None


def _expansion(row: Insn) -> tuple[Insn, tuple[tuple[str, str | int], ...]]:
    """The base row, and for each of its operands the compressed field or the constant."""
    name, _, rest = row.base.partition(" ")
    base = TABLE[name]
    sources: list[str | int] = []
    for word in re.findall(r"\w+", rest):
        constant = re.fullmatch(r"x?(\d+)", word)
        sources.append(int(constant[1]) if constant else word)
    keys = [o.key for o in base.operands if FIELDS[o.key].kind != "flag"]
    return base, tuple(zip(keys, sources, strict=True))


_EXPANSIONS = {row.name: _expansion(row) for row in TABLE.values() if row.base}


def expand(decoded: Decoded) -> Decoded:
    """The instruction that a compressed one abbreviates; any other instruction as it is."""
    if not decoded.insn.base:
        return decoded
    base, mapping = _EXPANSIONS[decoded.insn.name]
    given = decoded.operands
    return Decoded(base, {k: given[v] if isinstance(v, str) else v for k, v in mapping})


def is_hint(decoded: Decoded) -> bool:
    """A compressed instruction that does nothing, c.nop aside: kept for future use."""
    given = decoded.operands
    match decoded.insn.name:
        case "c.nop":
            return given["cnop6"] != 0
        case "c.addi":
            return given["ci6"] == 0
        case "c.slli" | "c.srli" | "c.srai" if given["cshamt6"] == 0:
            return True
        case "c.li" | "c.lui" | "c.mv" | "c.add" | "c.slli":
            return given.get("cd", given.get("cd_n2")) == 0
    return False


def compress(decoded: Decoded) -> Decoded | None:
    """The compressed instruction that does the same as `decoded`, or None; never a hint."""
    for given in _spellings(decoded):
        for row, mapping in _COMPRESSIONS.get(given.insn.name, ()):
            operands: dict[str, int] = {}
            for key, source in mapping:
                value = given.operands[key]
                if isinstance(source, int):
                    if value != source:
                        break
                elif not FIELDS[source].fits(value) or operands.setdefault(source, value) != value:
                    break
            else:
                short = Decoded(row, operands)
                if not is_hint(short):
                    return short
    return None


_COMMUTATIVE = frozenset({"add", "addw", "and", "or", "xor"})


def _spellings(decoded: Decoded) -> list[Decoded]:
    """`decoded` and other ways to say it: operands swapped, a move as an addition."""
    insn, given = decoded.insn, decoded.operands
    if insn.name in _COMMUTATIVE and given["rs1"] and given["rs2"]:
        return [decoded, Decoded(insn, {**given, "rs1": given["rs2"], "rs2": given["rs1"]})]
    if insn.name == "addi" and given["imm12"] == 0 and given["rs1"]:
        move = {"rd": given["rd"], "rs1": 0, "rs2": given["rs1"]}
        return [decoded, Decoded(TABLE["add"], move)]
    return [decoded]


def _compressions() -> dict[str, list[tuple[Insn, tuple[tuple[str, str | int], ...]]]]:
    found: dict[str, list[tuple[Insn, tuple[tuple[str, str | int], ...]]]] = {}
    for name, (base, mapping) in _EXPANSIONS.items():
        found.setdefault(base.name, []).append((TABLE[name], mapping))
    return found


_COMPRESSIONS = _compressions()
