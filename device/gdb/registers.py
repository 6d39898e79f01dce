"""Registers as GDB knows them: their numbers, the description of them, reading and writing.

A description is XML in features whose names GDB gives a meaning to. Source: GDB manual,
"Target Description Format" and "RISC-V Features".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..sim import csr

if TYPE_CHECKING:
    from ..sim.machine import Machine

# Numbers of our own choice; those that GDB itself has for the first of each kind.
PC, F0, CSR0, V0 = 32, 33, 65, 4162

# What GDB asks for first when a hart stops.
EXPEDITED = (2, 8, PC)  # sp, the frame pointer, pc
CORE = range(PC + 1)  # what is in a 'g' packet; GDB takes all others one by one

Kind = Literal["x", "pc", "f", "csr", "v"]


@dataclass(frozen=True)
class Register:
    """index: within its kind; of a CSR its number. size: in bytes."""

    name: str
    number: int
    kind: Kind
    index: int
    size: int = 8
    type: str = "int"


class Registers:
    """The registers of a machine's harts."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._features = dict(_features(machine))
        self._rows = {row.number: row for rows in self._features.values() for row in rows}

    def read(self, hart: int, number: int) -> bytes | None:
        """A register's bytes, little-endian; None if there is none of that number."""
        row, machine = self._rows.get(number), self._machine
        if row is None:
            return None
        match row.kind:
            case "x":
                value = machine.read_x(hart, row.index)
            case "pc":
                value = machine.read_pc(hart)
            case "f":
                value = machine.read_f(hart, row.index)
            case "csr":
                value = machine.read_csr(hart, row.index)
            case "v":
                return machine.read_v(hart, row.index)
        return value.to_bytes(row.size, "little")

    def write(self, hart: int, number: int, data: bytes) -> bool:
        """Write a register; False if there is none of that number, size and value."""
        row, machine = self._rows.get(number), self._machine
        if row is None or len(data) != row.size:
            return False
        value = int.from_bytes(data, "little")
        match row.kind:
            case "x" if row.index:
                machine.write_x(hart, row.index, value)
            case "x":
                return value == 0
            case "pc" if value % 2 == 0:
                machine.write_pc(hart, value)
            case "pc":
                return False
            case "f":
                machine.write_f(hart, row.index, value)
            case "csr" if csr.TABLE[row.index].read_only:
                return False
            case "csr":
                machine.write_csr(hart, row.index, value)
            case "v":
                machine.write_v(hart, row.index, data)
        return True

    def description(self) -> str:
        """The target description, XML."""
        features = (_feature(name, rows) for name, rows in self._features.items())
        return (
            '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>'
            "<architecture>riscv:rv64</architecture><osabi>none</osabi>"
            f"{''.join(features)}</target>"
        )


def _features(machine: Machine) -> Iterable[tuple[str, list[Register]]]:
    x = [Register(f"x{n}", n, "x", n) for n in range(32)]
    yield "cpu", [*x, Register("pc", PC, "pc", 0, type="code_ptr")]
    absent: set[int] = set()
    if "F" in machine.extensions:
        yield "fpu", [Register(f"f{n}", F0 + n, "f", n, type="ieee_double") for n in range(32)]
    else:
        absent.update(csr.FLOAT_CSRS)
    if not machine.vlen:
        absent.update(csr.VECTOR_CSRS)
    rows = (row for row in csr.TABLE.values() if row.number not in absent)
    yield "csr", [Register(row.name, CSR0 + row.number, "csr", row.number) for row in rows]
    if machine.vlen:
        size = machine.vlen // 8
        yield "vector", [Register(f"v{n}", V0 + n, "v", n, size, "vector") for n in range(32)]


# Views of a vector register: field, type and bits of an element.
_VIEWS = (
    ("b", "uint8", 8),
    ("s", "uint16", 16),
    ("w", "uint32", 32),
    ("l", "uint64", 64),
    ("q", "uint128", 128),
    ("h", "ieee_half", 16),
    ("f", "ieee_single", 32),
    ("d", "ieee_double", 64),
)
_GROUPS = {"f": "float", "csr": "csr", "v": "vector"}


def _feature(name: str, rows: Iterable[Register]) -> str:
    text: list[str] = []
    for row in rows:
        if row.kind == "v" and row.index == 0:
            text += _vector_type(8 * row.size)
        group = f' group="{_GROUPS[row.kind]}"' if row.kind in _GROUPS else ""
        text.append(
            f'<reg name="{row.name}" bitsize="{8 * row.size}" regnum="{row.number}" '
            f'type="{row.type}"{group}/>'
        )
    return f'<feature name="org.gnu.gdb.riscv.{name}">{"".join(text)}</feature>'


def _vector_type(vlen: int) -> Iterable[str]:
    for field, element, bits in _VIEWS:
        yield f'<vector id="v{field}" type="{element}" count="{vlen // bits}"/>'
    fields = (f'<field name="{field}" type="v{field}"/>' for field, _, _ in _VIEWS)
    yield f'<union id="vector">{"".join(fields)}</union>'
