"""The .riscv.attributes of a program: what its objects together need of a machine.

Source: RISC-V ELF psABI, "Attributes". One subsection "riscv", one list for the whole file.
"""

from __future__ import annotations

import re

from .elf import SHT_RISCV_ATTRIBUTES, ElfError
from .model import ObjectFile

ARCH_TAG = 5
VENDOR = b"riscv\0"
WHOLE_FILE = 1
LETTERS = "iemafdqlcbkjtpvh"  # the order of single-letter extensions in an arch string
EXTENSION = re.compile(r"([a-z][a-z0-9]*?)(?:(\d{1,4})p(\d{1,4}))?")

Attributes = dict[int, int | str]  # by tag: odd ones are strings


def merge_attributes(objects: list[ObjectFile]) -> None:
    """Leave one attribute section, with the extensions of all; the others die.

    raises:  ElfError, naming the object, for a section that cannot be read.
    """
    sections = [s for o in objects for s in o.sections if s.live and s.type == SHT_RISCV_ATTRIBUTES]
    if len({s.data for s in sections}) > 1:
        merged: Attributes = {}
        for s in sections:
            try:
                _merge(merged, parse_attributes(s.data))
            except ElfError as e:
                raise ElfError(f"{s.file.name}: {e.reason}") from e
        sections[0].data = build_attributes(merged)
        sections[0].size = len(sections[0].data)
    for s in sections[1:]:
        s.live = False


def parse_attributes(data: bytes) -> Attributes:
    """The attributes of a section; those of other vendors are skipped."""
    found: Attributes = {}
    if data[:1] != b"A":
        raise ElfError("attributes of an unknown format")
    at = 1
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        if size < 4 or at + size > len(data):
            raise ElfError("malformed attributes")
        body = data[at + 4 : at + size]
        if body.startswith(VENDOR):
            _read_lists(body[len(VENDOR) :], found)
        at += size
    return found


def _read_lists(data: bytes, found: Attributes) -> None:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 5], "little")
        if size < 5 or at + size > len(data):
            raise ElfError("malformed attributes")
        end, cursor = at + size, at + 5
        while cursor < end and data[at] == WHOLE_FILE:
            tag, cursor = _read_number(data, cursor, end)
            if tag % 2:
                stop = data.find(b"\0", cursor, end)
                if stop < 0:
                    raise ElfError("malformed attributes")
                found[tag] = data[cursor:stop].decode("ascii", "replace")
                cursor = stop + 1
            else:
                found[tag], cursor = _read_number(data, cursor, end)
        at = end


def _read_number(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A ULEB128 number and the offset behind it."""
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ElfError("malformed attributes")


def build_attributes(attributes: Attributes) -> bytes:
    body = bytearray()
    for tag, value in sorted(attributes.items()):
        body += _number(tag)
        body += value.encode() + b"\0" if isinstance(value, str) else _number(value)
    whole = bytes([WHOLE_FILE]) + (len(body) + 5).to_bytes(4, "little") + body
    return b"A" + (len(whole) + len(VENDOR) + 4).to_bytes(4, "little") + VENDOR + whole


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _merge(merged: Attributes, more: Attributes) -> None:
    for tag, value in more.items():
        old = merged.get(tag, value)
        if tag == ARCH_TAG and isinstance(old, str) and isinstance(value, str):
            merged[tag] = join_arch(old, value)
        elif isinstance(old, int) and isinstance(value, int):
            merged[tag] = max(old, value)
        else:
            merged[tag] = old


def join_arch(first: str, second: str) -> str:
    """The arch string with the extensions of both, each in its newer version.

    raises:  ElfError for different register widths or a string that is none.
    """
    if first[:4] != second[:4] or first[:4] not in ("rv32", "rv64"):
        raise ElfError(f"arch '{second}' does not go with '{first}'")
    versions: dict[str, tuple[int, int]] = {}
    for text in (first, second):
        for part in text[4:].split("_"):
            m = EXTENSION.fullmatch(part)
            if m is None:
                raise ElfError(f"malformed arch '{text}'")
            version = (int(m[2] or 0), int(m[3] or 0))
            versions[m[1]] = max(version, versions.get(m[1], version))
    ordered = sorted(versions, key=_arch_order)
    return first[:4] + "_".join(f"{e}{versions[e][0]}p{versions[e][1]}" for e in ordered)


def _arch_order(name: str) -> tuple[int, int, str]:
    """Single letters, then Z by the letter after it, then S, then X."""
    if len(name) == 1:
        return (0, LETTERS.find(name), name)
    kind = "zsx".find(name[0]) + 1
    return (kind, LETTERS.find(name[1]) if kind == 1 else 0, name)
