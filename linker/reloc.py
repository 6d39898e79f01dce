"""Relocations: what each kind computes and where it puts the result.

A row is (number, name, formula over S, A, P, place). S is the symbol, A the addend, P the place
relocated, G the symbol's slot in the global offset table, V what is already there. Places are
operand fields of the instruction table, or data. Source: RISC-V ELF psABI, "Relocations".
"""

from __future__ import annotations

from collections.abc import Iterable

from ..backend.isa import FIELDS, TABLE
from ..frontend.diag import Diagnostics
from ..frontend.record import record
from . import elf
from .elf import ADDRESS_LIMIT
from .model import InputSection, ObjectFile, Reloc, Symbol


@record
class Kind:
    number: int
    name: str
    formula: str
    place: str  # a field name, two for auipc + jalr, or data: u6 u8 u16 u32 u64 uleb


# fmt: off
KINDS = {k.number: k for k in (
    Kind(0,  "R_RISCV_NONE",         "none",   ""),
    Kind(1,  "R_RISCV_32",           "S+A",    "u32"),
    Kind(2,  "R_RISCV_64",           "S+A",    "u64"),
    Kind(16, "R_RISCV_BRANCH",       "S+A-P",  "branch13"),
    Kind(17, "R_RISCV_JAL",          "S+A-P",  "jump21"),
    Kind(18, "R_RISCV_CALL",         "S+A-P",  "upper20 imm12"),
    Kind(19, "R_RISCV_CALL_PLT",     "S+A-P",  "upper20 imm12"),
    Kind(20, "R_RISCV_GOT_HI20",     "G+A-P",  "upper20"),
    Kind(23, "R_RISCV_PCREL_HI20",   "S+A-P",  "upper20"),
    Kind(24, "R_RISCV_PCREL_LO12_I", "paired", "imm12"),
    Kind(25, "R_RISCV_PCREL_LO12_S", "paired", "store12"),
    Kind(26, "R_RISCV_HI20",         "S+A",    "upper20"),
    Kind(27, "R_RISCV_LO12_I",       "S+A",    "imm12"),
    Kind(28, "R_RISCV_LO12_S",       "S+A",    "store12"),
    Kind(33, "R_RISCV_ADD8",         "V+S+A",  "u8"),
    Kind(34, "R_RISCV_ADD16",        "V+S+A",  "u16"),
    Kind(35, "R_RISCV_ADD32",        "V+S+A",  "u32"),
    Kind(36, "R_RISCV_ADD64",        "V+S+A",  "u64"),
    Kind(37, "R_RISCV_SUB8",         "V-S-A",  "u8"),
    Kind(38, "R_RISCV_SUB16",        "V-S-A",  "u16"),
    Kind(39, "R_RISCV_SUB32",        "V-S-A",  "u32"),
    Kind(40, "R_RISCV_SUB64",        "V-S-A",  "u64"),
    Kind(41, "R_RISCV_GOT32_PCREL",  "G+A-P",  "s32"),
    Kind(43, "R_RISCV_ALIGN",        "none",   ""),  # settled when the object is read
    Kind(44, "R_RISCV_RVC_BRANCH",   "S+A-P",  "cb"),
    Kind(45, "R_RISCV_RVC_JUMP",     "S+A-P",  "cj"),
    Kind(51, "R_RISCV_RELAX",        "none",   ""),  # a permission, which we do not use
    Kind(52, "R_RISCV_SUB6",         "V-S-A",  "u6"),
    Kind(53, "R_RISCV_SET6",         "set",    "u6"),
    Kind(54, "R_RISCV_SET8",         "set",    "u8"),
    Kind(55, "R_RISCV_SET16",        "set",    "u16"),
    Kind(56, "R_RISCV_SET32",        "set",    "u32"),
    Kind(57, "R_RISCV_32_PCREL",     "S+A-P",  "s32"),
    Kind(59, "R_RISCV_PLT32",        "S+A-P",  "s32"),
    Kind(60, "R_RISCV_SET_ULEB128",  "set",    "uleb"),
    Kind(61, "R_RISCV_SUB_ULEB128",  "V-S-A",  "uleb"),
)}
UNSUPPORTED = {
    3: ("R_RISCV_RELATIVE", "dynamic linking"), 4: ("R_RISCV_COPY", "dynamic linking"),
    5: ("R_RISCV_JUMP_SLOT", "dynamic linking"), 58: ("R_RISCV_IRELATIVE", "indirect functions"),
    6: ("R_RISCV_TLS_DTPMOD32", "thread-local storage"),
    7: ("R_RISCV_TLS_DTPMOD64", "thread-local storage"),
    8: ("R_RISCV_TLS_DTPREL32", "thread-local storage"),
    9: ("R_RISCV_TLS_DTPREL64", "thread-local storage"),
    10: ("R_RISCV_TLS_TPREL32", "thread-local storage"),
    11: ("R_RISCV_TLS_TPREL64", "thread-local storage"),
    12: ("R_RISCV_TLSDESC", "thread-local storage"),
    21: ("R_RISCV_TLS_GOT_HI20", "thread-local storage"),
    22: ("R_RISCV_TLS_GD_HI20", "thread-local storage"),
    29: ("R_RISCV_TPREL_HI20", "thread-local storage"),
    30: ("R_RISCV_TPREL_LO12_I", "thread-local storage"),
    31: ("R_RISCV_TPREL_LO12_S", "thread-local storage"),
    32: ("R_RISCV_TPREL_ADD", "thread-local storage"),
    62: ("R_RISCV_TLSDESC_HI20", "thread-local storage"),
    63: ("R_RISCV_TLSDESC_LOAD_LO12", "thread-local storage"),
    64: ("R_RISCV_TLSDESC_ADD_LO12", "thread-local storage"),
    65: ("R_RISCV_TLSDESC_CALL", "thread-local storage"),
}
# fmt: on
_NUMBERS = {k.name: k.number for k in KINDS.values()}
R_RISCV_64, R_RISCV_ALIGN = _NUMBERS["R_RISCV_64"], _NUMBERS["R_RISCV_ALIGN"]
GOT_KINDS = (_NUMBERS["R_RISCV_GOT_HI20"], _NUMBERS["R_RISCV_GOT32_PCREL"])
PAIRING = frozenset(n for n, k in KINDS.items() if k.place == "upper20")
DATA_SIZES = {"u6": 1, "u8": 1, "u16": 2, "u32": 4, "s32": 4, "u64": 8}
# auipc and lui add a sign-extended multiple of 4096 to a sign-extended 12-bit number.
UPPER_RANGE = (-(1 << 31) - 0x800, (1 << 31) - 0x801)


def where(section: InputSection, offset: int) -> str:
    """A place for messages: object, section, offset and the function around it."""
    text = f"{section.file.name}:({section.name}+{offset:#x})"
    for s in section.file.symbols:
        inside = s.section is section and s.value <= offset < s.value + max(s.size, 1)
        if inside and s.type == elf.STT_FUNC and s.name:
            return f"{text} in function '{s.name}'"
    return text


def make_got(sections: Iterable[InputSection]) -> ObjectFile | None:
    """An object whose .got has an address for every symbol that `sections` reach by table."""
    slots: dict[Symbol, None] = {}
    for section in sections:
        for r in section.relocs:
            if r.type in GOT_KINDS:
                slots[section.file.symbols[r.symbol]] = None
    if not slots:
        return None
    file = ObjectFile("<linker>", symbols=list(slots))
    size = 8 * len(slots)
    flags = elf.SHF_ALLOC | elf.SHF_WRITE
    got = InputSection(file, ".got", elf.SHT_PROGBITS, flags, 8, size, bytes(size))
    got.relocs = [Reloc(8 * i, R_RISCV_64, i, 0) for i in range(len(slots))]
    file.sections.append(got)
    return file


class Relocator:
    """Computes the final bytes of sections; addresses must be final."""

    def __init__(self, got: ObjectFile | None, diags: Diagnostics, *, pie: bool = False) -> None:
        self.diags = diags
        self.pie = pie
        self.slots: dict[Symbol, int] = {}
        if got is not None:
            base = got.sections[0].addr
            self.slots = {s: base + 8 * i for i, s in enumerate(got.symbols)}
        self.uppers: dict[InputSection, dict[int, Reloc]] = {}

    def apply(self, section: InputSection) -> bytes:
        """The section's bytes, relocated.

        Errors: relocation-overflow for a value that does not fit, unsupported-relocation,
        bad-relocation for one that makes no sense where it stands, discarded-reference for
        one to what the output leaves out. They name symbol, place, value and range.
        """
        if not section.relocs:
            return section.data
        data = bytearray(section.data)
        for r in section.relocs:
            kind = KINDS.get(r.type)
            if kind is None:
                self.unknown(section, r)
            elif kind.formula != "none":
                self.one(section, data, r, kind)
        return bytes(data)

    def unknown(self, section: InputSection, r: Reloc) -> None:
        name, feature = UNSUPPORTED.get(r.type, (f"number {r.type}", "this kind"))
        message = f"relocation {name} at {where(section, r.offset)}: {feature} is not supported"
        self.diags.error("unsupported-relocation", message)

    def one(self, section: InputSection, data: bytearray, r: Reloc, kind: Kind) -> None:
        symbol = section.file.symbols[r.symbol]
        if _is_gone(symbol):
            if section.alloc and section.name != ".eh_frame":
                self.bad(section, r, kind, f"'{symbol.name}' is in a discarded section",
                         "discarded-reference")  # fmt: skip
            return
        place = section.addr + r.offset
        width = _width(kind.place, data, r.offset)
        if r.offset + width > len(data):
            self.bad(section, r, kind, "outside the section")
            return
        match kind.formula:
            case "S+A":
                value = _signed(symbol.addr + r.addend)
            case "S+A-P" | "G+A-P":
                value, absolute = self.reach(section, r, kind)
                if absolute:
                    _make_absolute(data, r.offset)
            case "paired":
                found = self.paired(symbol, section, r, kind)
                if found is None:
                    return
                value = found
            case "set":
                value = symbol.addr + r.addend
            case _:
                sign = 1 if kind.formula == "V+S+A" else -1
                value = _read(kind.place, data, r.offset, width) + sign * (symbol.addr + r.addend)
        wraps = kind.formula in ("set", "V+S+A", "V-S-A")
        if not wraps and not self.fits(section, r, kind, value, place):
            return
        _write(kind.place, data, r.offset, width, value)

    def reach(self, section: InputSection, r: Reloc, kind: Kind) -> tuple[int, bool]:
        """The distance to a target; or its address, and that it is one, if auipc is to be lui.

        That is where pc-relative code cannot reach what an address near 0 can: data far below
        the code, undefined weak symbols. GNU ld does the same. Not so what moves with a program,
        nor calls, but for those to nothing.
        """
        symbol = section.file.symbols[r.symbol]
        target = self.slots[symbol] if kind.formula == "G+A-P" else symbol.addr
        address = _signed(target + r.addend)
        distance = _signed(address - section.addr - r.offset)
        moves = self.pie and (symbol.section is not None or kind.formula == "G+A-P")
        may = kind.place == "upper20" or (kind.place == "upper20 imm12" and not symbol.defined)
        if may and not moves and not _in_reach(distance) and _in_reach(address):
            return address, True
        return distance, False

    def paired(self, label: Symbol, section: InputSection, r: Reloc, kind: Kind) -> int | None:
        """A low part: its symbol is the auipc that computed the high part."""
        home = label.section
        upper = None
        if isinstance(home, InputSection):
            if home not in self.uppers:
                self.uppers[home] = {u.offset: u for u in home.relocs if u.type in PAIRING}
            upper = self.uppers[home].get(label.value)
        if upper is None or not isinstance(home, InputSection):
            self.bad(section, r, kind, f"no auipc relocation at '{label.name}'")
            return None
        value, _absolute = self.reach(home, upper, KINDS[upper.type])
        return value + r.addend

    def fits(self, section: InputSection, r: Reloc, kind: Kind, value: int, place: int) -> bool:
        low, high, step = _range(kind)
        if low <= value <= high and value % step == 0:
            return True
        symbol = section.file.symbols[r.symbol]
        if value % step:
            reason = f"is not a multiple of {step}"
        else:
            reason = f"is not in [{low}, {high}]"
        message = (
            f"relocation {kind.name} at {where(section, r.offset)} against "
            f"'{symbol.name}': {value} {reason} (place {place:#x}, symbol {symbol.addr:#x})"
        )
        self.diags.error("relocation-overflow", message)
        return False

    def bad(
        self, section: InputSection, r: Reloc, kind: Kind, why: str, code: str = "bad-relocation"
    ) -> None:
        self.diags.error(code, f"relocation {kind.name} at {where(section, r.offset)}: {why}")


def _is_gone(symbol: Symbol) -> bool:
    return isinstance(symbol.section, InputSection) and symbol.section.out is None


def _in_reach(value: int) -> bool:
    return UPPER_RANGE[0] <= value <= UPPER_RANGE[1]


def _make_absolute(data: bytearray, offset: int) -> None:
    """auipc becomes lui, which counts from 0."""
    word = int.from_bytes(data[offset : offset + 4], "little")
    lui = TABLE["lui"]
    data[offset : offset + 4] = (word & ~lui.mask | lui.match).to_bytes(4, "little")


def _signed(value: int) -> int:
    value %= ADDRESS_LIMIT
    return value - ADDRESS_LIMIT if value >> 63 else value


def _width(place: str, data: bytearray, offset: int) -> int:
    """Bytes that a relocation touches."""
    if place == "uleb":
        end = offset
        while end < len(data) and data[end] & 0x80:
            end += 1
        return end + 1 - offset
    if place in DATA_SIZES:
        return DATA_SIZES[place]
    if place in ("cb", "cj"):
        return 2
    return 4 * len(place.split())


def _range(kind: Kind) -> tuple[int, int, int]:
    """Least and greatest value that fits, and what it must be a multiple of."""
    if kind.place.startswith("upper20"):
        return (*UPPER_RANGE, 1)
    if kind.place == "u64" or kind.place in ("imm12", "store12"):
        return (-ADDRESS_LIMIT, ADDRESS_LIMIT, 1)  # low parts take what they need
    if kind.place == "u32":
        return (-(1 << 31), (1 << 32) - 1, 1)
    if kind.place == "s32":
        return (-(1 << 31), (1 << 31) - 1, 1)
    field = FIELDS[kind.place]
    return (*field.bounds, field.scale)


def _read(place: str, data: bytearray, offset: int, width: int) -> int:
    if place == "uleb":
        return sum((data[offset + i] & 0x7F) << 7 * i for i in range(width))
    value = int.from_bytes(data[offset : offset + width], "little")
    return value & 0x3F if place == "u6" else value


def _write(place: str, data: bytearray, offset: int, width: int, value: int) -> None:
    if place == "uleb":  # as long as it was: code before it has been laid out
        for i in range(width):
            more = 0x80 if i < width - 1 else 0
            data[offset + i] = value >> 7 * i & 0x7F | more
    elif place == "u6":
        data[offset] = data[offset] & 0xC0 | value & 0x3F
    elif place in DATA_SIZES:
        data[offset : offset + width] = (value % (1 << 8 * width)).to_bytes(width, "little")
    else:
        fields = place.split()
        size = width // len(fields)
        for i, name in enumerate(fields):
            at = offset + i * size
            word = int.from_bytes(data[at : at + size], "little")
            part = (value + 0x800) & ~0xFFF if name == "upper20" else value
            word = word & ~FIELDS[name].mask | FIELDS[name].place(part)
            data[at : at + size] = word.to_bytes(size, "little")
