"""Devices to test, and programs for them made of encoded instructions, without a compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from kcc.backend.encode import encode
from kcc.device import refsi
from kcc.device.hal import Hal
from kcc.device.profile import named_profile
from kcc.device.soc.commands import Op, Reg, command
from kcc.device.soc.device import DeviceOptions
from kcc.device.soc.m1_device import M1Device
from kcc.ir.abi import KernelInfo, encode_metadata
from kcc.linker import elf

TEXT = 0x1_0000


def make_elf(
    words: Sequence[int],
    symbols: dict[str, int],
    *,
    kernels: Sequence[KernelInfo] = (),
    bss: int = 0,
    base: int = TEXT,
    data: bytes = b"",
) -> bytes:
    """A program of one segment: code at `base`, then data, then `bss` zero bytes."""
    code = b"".join(w.to_bytes(4 if w & 3 == 3 else 2, "little") for w in words) + data
    note = encode_metadata(kernels) if kernels else b""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
    table = elf.SYM.pack(elf.Sym(0, 0, 0, 0, 0, 0))
    for name, value in symbols.items():
        at = strings.index(b"\0" + name.encode() + b"\0") + 1
        info = elf.STB_GLOBAL << 4 | elf.STT_FUNC
        table += elf.SYM.pack(elf.Sym(at, info, 0, 1, value, 0))
    names = b"\0.text\0.note.kcc\0.symtab\0.strtab\0.shstrtab\0"
    parts = [code, note, table, strings, names]
    places = []
    at = elf.EHDR.size + elf.PHDR.size
    body = b""
    for part in parts:
        at_aligned = -(-at // 8) * 8
        body += bytes(at_aligned - at) + part
        places.append(at_aligned)
        at = at_aligned + len(part)
    headers = [elf.Shdr(*[0] * 10)]
    # fmt: off
    rows = (
        (b".text", elf.SHT_PROGBITS, elf.SHF_ALLOC | elf.SHF_EXECINSTR, base, 0, 0, 0),
        (b".note.kcc", elf.SHT_NOTE, 0, 0, 0, 4, 0),
        (b".symtab", elf.SHT_SYMTAB, 0, 0, 4, 8, elf.SYM.size),
        (b".strtab", elf.SHT_STRTAB, 0, 0, 0, 1, 0),
        (b".shstrtab", elf.SHT_STRTAB, 0, 0, 0, 1, 0),
    )
    # fmt: on
    for (name, kind, flags, addr, link, align, entsize), place, part in zip(
        rows, places, parts, strict=True
    ):
        headers.append(
            elf.Shdr(
                names.index(name + b"\0"),
                kind,
                flags,
                addr,
                place,
                len(part),
                link,
                1 if kind == elf.SHT_SYMTAB else 0,
                max(align, 1),
                entsize,
            )
        )
    header = elf.Ehdr(
        elf.IDENT, elf.ET_EXEC, elf.EM_RISCV, 1, base, elf.EHDR.size, -(-at // 8) * 8,
        0, elf.EHDR.size, elf.PHDR.size, 1, elf.SHDR.size, len(headers), 5,
    )  # fmt: skip
    load = elf.Phdr(elf.PT_LOAD, 7, places[0], base, base, len(code), len(code) + bss, 1)
    data = elf.EHDR.pack(header) + elf.PHDR.pack(load) + body
    data += bytes(-len(data) % 8)
    return data + b"".join(elf.SHDR.pack(h) for h in headers)


@pytest.fixture
def build_elf() -> Callable[..., bytes]:
    return make_elf


@pytest.fixture
def m1_device(commands) -> M1Device:
    return commands.device


@pytest.fixture
def printed() -> list[bytes]:
    """What kernels on the HALs below print."""
    return []


@pytest.fixture
def hal(printed) -> Iterator[Hal]:
    made = Hal.open(output=printed.append)
    yield made
    made.close()


@pytest.fixture
def guarded(printed) -> Iterator[Hal]:
    made = Hal.open(guard=True, output=printed.append)
    yield made
    made.close()


@pytest.fixture(scope="session")
def translations(tmp_path_factory) -> Path:
    """Where the G1's ROM, which every launch runs, need be translated only once."""
    return tmp_path_factory.mktemp("translations")


@pytest.fixture
def g1(printed, translations) -> Iterator[Hal]:
    made = Hal.open(named_profile("g1"), cache_dir=translations, output=printed.append)
    yield made
    made.close()


@pytest.fixture
def g1_guarded(printed, translations) -> Iterator[Hal]:
    made = Hal.open(named_profile("g1"), guard=True, cache_dir=translations, output=printed.append)
    yield made
    made.close()


@pytest.fixture
def load(build_elf):
    """load(hal, words) -> (program, kernel) of one kernel called "k"."""

    def make(hal: Hal, words: list[int], **options) -> tuple[int, int]:
        program = hal.program_load(build_elf(words, {"k": 0x1_0000}, **options))
        assert program, hal.last_error
        return program, hal.program_find_kernel(program, "k")

    return make


CODE = 0x4000_1000
BUFFER = 0x4100_0000
RETURN = 0x4000_0000


class Commands:
    """Runs words as a command buffer, and code as the kernel of one."""

    def __init__(self, device: M1Device) -> None:
        self.device = device

    def run(self, *words: int, size: int | None = None):
        """The status of a buffer with these words; size in bytes, if not theirs."""
        data = b"".join(w.to_bytes(8, "little") for w in words)
        assert self.device.write(BUFFER, data)
        return self.device.run(BUFFER, len(data) if size is None else size)

    def code(self, *words: int) -> None:
        data = b"".join(w.to_bytes(4 if w & 3 == 3 else 2, "little") for w in words)
        assert self.device.write(CODE, data)

    def setup(self, **registers: int) -> list[int]:
        """Words that start at CODE and return to RETURN, and set more registers."""
        values = {"ENTRY_PT_FN": CODE, "RETURN_ADDR": RETURN} | registers
        words = command(Op.SYNC_CACHE, inline=3)
        for name, value in values.items():
            words += command(Op.WRITE_REG64, value, inline=Reg[name])
        return words

    def word(self, addr: int) -> int:
        data = bytearray(8)
        assert self.device.read_into(memoryview(data), addr)
        return int.from_bytes(data, "little")


@pytest.fixture
def make_commands() -> Iterator[Callable[..., Commands]]:
    """make_commands(**device options)"""
    devices = []

    def make(**options: object) -> Commands:
        devices.append(refsi.open_device(DeviceOptions(**options)))
        return Commands(devices[-1])

    yield make
    for device in devices:
        device.close()


@pytest.fixture
def commands(make_commands) -> Commands:
    return make_commands()


@pytest.fixture
def e():
    """The encoder, short because tests spell programs with it."""
    return encode
