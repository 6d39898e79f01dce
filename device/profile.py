"""What a device is, in numbers: the one description, read from a TOML file.

`profiles/` has the devices that have names; a file of somebody else's describes another of
these families: more harts, longer vectors, memory elsewhere. All is checked before a device
is made: ranges do not meet, parts fit into what they are parts of, harts execute what the
driver says they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeAlias

from ..frontend.record import record, replace
from ..ir.abi import MAX_GROUP_ITEMS, KernelInfo
from .sim.isa_string import VLEN_MIN, extensions_of, vlen_of
from .sim.state import VLEN_MAX
from .soc.memory import MemoryKind
from .tomlfile import Document, Table, TomlFileError

NAMES = ("m1", "g1")  # of the profiles that come with kcc
SUFFIX = ".toml"
MAX_FILE = 1 << 16  # bytes; parsing takes time by the square of a dotted key
MAX_HARTS = 64
PAGE = 0x1000
NULL_PAGE = 0x1000  # bytes from address 0 on where nothing is: null pointers fault
ADDRESSES = 1 << 32  # commands and launch stubs hold addresses of 32 bits
CODE_ADDRESSES = 1 << 31  # code reaches what is no further from address 0
DMA_BYTES, COUNTER_BYTES = 0x100, 0x200  # of registers
ELEN = 64  # bits of the widest element of a vector
NEEDED = frozenset("IMAFD")  # by the ABI of kernels, lp64d


# What a family has, and of registers how many bytes.
MEMORY: dict[str, dict[MemoryKind, int | None]] = {
    "M": {
        MemoryKind.TCDM: None,
        MemoryKind.DRAM: None,
        MemoryKind.KERNEL_DMA_PRIVATE: DMA_BYTES,
        MemoryKind.PERF_COUNTERS: COUNTER_BYTES,
    },
    "G": {
        MemoryKind.TCIM: None,
        MemoryKind.TCDM: None,
        MemoryKind.DRAM: None,
        MemoryKind.PERF_COUNTERS: COUNTER_BYTES,
    },
}


class ProfileError(Exception):
    """What is wrong with a profile: a line for each thing, with file, line and key."""


@record
class Range:
    """Guest addresses; size in bytes."""

    base: int
    size: int

    @property
    def end(self) -> int:
        return self.base + self.size

    def __contains__(self, addr: int) -> bool:
        return self.base <= addr < self.end

    def holds(self, other: Range) -> bool:
        return self.base <= other.base and other.end <= self.end

    def meets(self, other: Range) -> bool:
        return self.base < other.end and other.base < self.end


MemoryMap: TypeAlias = Mapping[MemoryKind, Range]  # in the order in which the driver lists it


@record
class Profile:
    """A device of one of the families.

    source:      where it was read; messages only.
    isa:         as the driver reports it. arch: what harts execute, but for the vectors' length.
    harts:       there are; of these group_harts run work-groups in WG mode (all of an M).
    vlen:        bits of a vector register, 0 without V.
    program:     where programs are seen, in DRAM.
    local:       in the TCDM, for what the linker calls local memory.
    stack:       what a hart sees of its execution state and stack, at the same addresses as all.
    stack_area:  of an M: where in the TCDM that is, hart after hart; a G has it in DRAM.
    queue_depth: command buffers that may wait, of an M.
    reserved, local_memory, group_items: what hosts are told: bytes of DRAM that are not theirs,
                 bytes of local memory, items of a work-group.
    """

    source: str
    name: str
    family: Literal["M", "G"]
    isa: str
    arch: str
    harts: int
    group_harts: int
    vlen: int
    memory: MemoryMap
    program: Range
    local: Range
    stack: Range
    stack_area: Range | None
    queue_depth: int
    reserved: int
    local_memory: int
    group_items: int

    @property
    def executes(self) -> str:
        """What harts execute, all told: "rv64gcv_zvl256b"."""
        return f"{self.arch}_zvl{self.vlen}b" if self.vlen else self.arch

    @property
    def buffer_bytes(self) -> int:
        """No buffer has room for more."""
        return self.memory[MemoryKind.DRAM].size

    def group_room(self, info: KernelInfo) -> int:
        """A work-group of the kernel has no more work-items."""
        return min(self.group_items, self.harts) if info.by_items else self.group_items

    def local_room(self, info: KernelInfo) -> int:
        """A work-group of the kernel has no more, for all that is local or private."""
        return self.local.size if info.by_items else self.stack.size

    @property
    def extensions(self) -> frozenset[str]:
        return extensions_of(self.arch)


@lru_cache
def named_profile(name: str) -> Profile:
    """A profile that comes with kcc."""
    return _read_profile(name)


def load_profile(name: str, others: Sequence[str] = ()) -> Profile:
    """The profile called `name`, or the one in a file, whose name then ends in .toml.

    others: names of devices that are not described by profiles; messages only.
    raises: ProfileError for a name that there is none of, and for all that is wrong in a file;
            OSError when it cannot be read.
    """
    if name in NAMES:
        return named_profile(name)
    if not name.endswith(SUFFIX):
        raise ProfileError(
            f"no device is called '{name}'; there are: {', '.join((*NAMES, *others))}; "
            f"a file that describes one is called NAME{SUFFIX}"
        )
    return _read_profile(name)


def with_vlen(profile: Profile, vlen: int) -> Profile:
    """The same device with vector registers of other sizes, in bits. raises: ProfileError."""
    if not profile.vlen:
        raise ProfileError(f"the harts of '{profile.name}' have no vector registers")
    if not VLEN_MIN <= vlen <= VLEN_MAX or vlen & vlen - 1:
        raise ProfileError(
            f"vector registers have a power of two bits from {VLEN_MIN} to {VLEN_MAX}, not {vlen}"
        )
    return replace(profile, vlen=vlen)


def _read_profile(name: str) -> Profile:
    try:
        document = Document(name, _read)
        profile = _profile(document)
        document.check()
    except TomlFileError as e:
        raise ProfileError(str(e)) from e
    return profile


def _read(name: str, by: str) -> tuple[str, str]:
    """A profile's text; a file that extends another names it from where it is itself."""
    if name in NAMES:
        place = resources.files(__package__).joinpath(f"profiles/{name}{SUFFIX}")
        return f"<{name}>", place.read_text("utf-8")
    path = Path(by).parent / name
    with open(path, "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise TomlFileError(f"{path}: more than {MAX_FILE} bytes")
    try:
        return str(path), data.decode()
    except UnicodeDecodeError as e:
        raise TomlFileError(f"{path}: not UTF-8: {e.reason} at byte {e.start}") from e


# -- from tables to a profile ---------------------------------------------------------------------


def _profile(document: Document) -> Profile:
    top = document.top
    family = top.choice("family", ("M", "G"))
    is_m = family == "M"
    harts = top.table("harts")
    count = harts.number("count", 1, MAX_HARTS)
    isa = harts.text("isa")
    vlen = harts.number("vlen", 0, VLEN_MAX, default=0)
    arch = _arch(harts, isa, harts.text("executes", default=isa), vlen)
    group_harts = count if is_m else harts.number("group_harts", 1, count)
    harts.end()
    memory = _memory(top.table("memory"), MEMORY[family])
    program = _range(top.table("program"), PAGE, CODE_ADDRESSES)
    local = _range(top.table("local"), PAGE)
    stack, area = _stack(top.table("stack"), count, is_m)
    reported = top.table("reported")
    profile = Profile(
        source=document.name,
        name=top.text("name"),
        family="M" if is_m else "G",
        isa=isa,
        arch=arch,
        harts=count,
        group_harts=group_harts,
        vlen=vlen,
        memory=memory,
        program=program,
        local=local,
        stack=stack,
        stack_area=area,
        queue_depth=_queue_depth(top.table("queue")) if is_m else 0,
        reserved=reported.number("reserved", 0, ADDRESSES),
        local_memory=reported.number("local_memory", 1, ADDRESSES),
        group_items=reported.number("group_items", 1, MAX_GROUP_ITEMS),
    )
    reported.end()
    top.end()
    if not document.wrong:  # else what follows would be about numbers nobody wrote
        _check_places(document, profile)
    return profile


def _arch(harts: Table, isa: str, executes: str, vlen: int) -> str:
    """What harts execute; `vlen` is checked, too."""
    if not isa:
        return ""  # it is missing, which has been reported
    found = []
    for key, text in (("isa", isa), ("executes", executes)):
        try:
            found.append(extensions_of(text))
            if vlen_of(text) > VLEN_MIN:
                harts.report(key, f"'{text}' gives vectors a length; that is vlen's")
        except ValueError as e:
            harts.report(key if key in harts else "isa", str(e))
            return ""
    reported, executed = found
    if reported - executed:
        harts.report("executes", f"lacks {_list(reported - executed)} of '{isa}'")
    if NEEDED - executed:
        harts.report("isa", f"lacks {_list(NEEDED - executed)}, which kernels need")
    if "V" not in executed and vlen:
        harts.report("vlen", "0, or nothing, for harts without V")
    if "V" in executed and (vlen < VLEN_MIN or vlen & vlen - 1):
        harts.report(
            "vlen", f"a power of two from {VLEN_MIN} to {VLEN_MAX}, not {vlen}, for '{executes}'"
        )
    return executes.lower()


def _memory(table: Table, kinds: dict[MemoryKind, int | None]) -> dict[MemoryKind, Range]:
    """In the order of the file, not of `kinds`."""
    found = {}
    by_key = {kind.name.lower(): kind for kind in kinds}
    for key in sorted(by_key, key=[*table.keys(), *by_key].index):
        entry = table.table(key)
        registers = kinds[by_key[key]]
        found[by_key[key]] = _range(entry, 8 if registers else PAGE)
        if registers and "size" in entry and found[by_key[key]].size != registers:
            entry.report("size", f"{registers:#x}, which is what the registers take")
    table.end()
    return found


def _range(table: Table, align: int, end: int = ADDRESSES) -> Range:
    base = _multiple(table, "base", NULL_PAGE, end - align, align)
    size = _multiple(table, "size", align, end, align)
    table.end()
    if base + size > end:
        table.report("", f"ends at {base + size:#x}, beyond {end:#x}")
    return Range(base, size)


def _multiple(table: Table, key: str, least: int, most: int, align: int) -> int:
    value = table.number(key, least, most)
    if value % align:
        table.report(key, f"a multiple of {align:#x}, not {value:#x}")
    return value


def _stack(table: Table, harts: int, is_m: bool) -> tuple[Range, Range | None]:
    """(what a hart sees, the memory behind those of all if it has a fixed place)."""
    if not is_m:
        return _range(table, PAGE), None
    area = _range(table.table("area"), PAGE)
    base = _multiple(table, "base", NULL_PAGE, ADDRESSES - PAGE, PAGE)
    table.end()
    part = area.size // harts // PAGE * PAGE
    if not part and "area" in table:
        table.report("area", f"{area.size:#x} bytes are less than a page for each of {harts} harts")
    if base + part > ADDRESSES:
        table.report("base", f"ends at {base + part:#x}, beyond {ADDRESSES:#x}")
    return Range(base, part), area


def _queue_depth(table: Table) -> int:
    depth = table.number("depth", 1, 1 << 16)
    table.end()
    return depth


def _check_places(document: Document, profile: Profile) -> None:
    tcdm = profile.memory[MemoryKind.TCDM]
    dram = profile.memory[MemoryKind.DRAM]
    seen = {f"memory.{kind.name.lower()}": place for kind, place in profile.memory.items()}
    seen |= {"program": profile.program, "stack": profile.stack}
    for (one, a), (other, b) in combinations(seen.items(), 2):
        if a.meets(b):
            if document.says(one) and not document.says(other):
                one, other, a, b = other, one, b, a
            document.report(other, f"{_text(b)} overlaps {one}, {_text(a)}")
    within = {"local": profile.local}
    if profile.stack_area is not None:
        within["stack.area"] = profile.stack_area
    for key, place in within.items():
        if not tcdm.holds(place):
            document.report(key, f"{_text(place)} is not inside of memory.tcdm, {_text(tcdm)}")
    if profile.stack_area is not None and profile.local.meets(profile.stack_area):
        document.report("stack.area", f"overlaps local, {_text(profile.local)}")
    taken = profile.program.size
    if profile.stack_area is None:
        taken += profile.stack.size * profile.harts
    if taken + profile.reserved >= dram.size:
        document.report(
            "memory.dram",
            f"{dram.size:#x} bytes have no room for the program, the stacks and what is reserved",
        )


def _text(place: Range) -> str:
    return f"{place.base:#x} to {place.end - 1:#x}"


def _list(names: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))
