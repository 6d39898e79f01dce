"""Objects to link: compiled by other tools, or made byte by byte."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kcc.linker import elf
from kcc.linker.elf import EHDR, RELA, SHDR, SYM, Ehdr, Rela, Shdr, Sym

COMPILERS = {
    "clang": ("clang-19", "--target=riscv64", "-march=rv64gc", "-mabi=lp64d"),
    "gcc": ("riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d"),
}
FLAGS = ("-ffreestanding", "-O1", "-fno-pic", "-fno-asynchronous-unwind-tables", "-c")


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """compile_c(text, *flags, compiler="clang", suffix=".c") -> object; each once a session."""
    folder = tmp_path_factory.mktemp("objects")
    done: dict[str, bytes] = {}

    def run(text: str, *flags: str, compiler: str = "clang", suffix: str = ".c") -> bytes:
        command = [*COMPILERS[compiler], *FLAGS, *flags]
        key = hashlib.sha256(repr((command, text, suffix)).encode()).hexdigest()[:16]
        if key not in done:
            source, out = folder / (key + suffix), folder / (key + ".o")
            source.write_text(text)
            if "-mrelax" not in flags:
                command.append("-mno-relax")
            subprocess.run([*command, str(source), "-o", str(out)], check=True)
            done[key] = out.read_bytes()
        return done[key]

    return run


@pytest.fixture
def run_elf(tmp_path: Path) -> Callable[[bytes], int]:
    """The exit status of a static program under qemu-riscv64."""

    def run(data: bytes) -> int:
        path = tmp_path / "program.elf"
        path.write_bytes(data)
        path.chmod(0o755)
        return subprocess.run(["qemu-riscv64", str(path)], check=False).returncode

    return run


@dataclass
class ObjectMaker:
    """A relocatable object put together by hand; sections count from 1 as they are added."""

    flags: int = 5  # compressed code, double-float ABI
    sections: list[tuple[str, Shdr, bytes]] = field(default_factory=list)
    symbols: list[tuple[str, Sym]] = field(default_factory=list)
    relocs: dict[int, list[tuple[int, int, str, int]]] = field(default_factory=dict)

    def section(
        self,
        name: str,
        data: bytes = b"",
        *,
        flags: int = elf.SHF_ALLOC,
        type: int = elf.SHT_PROGBITS,
        size: int | None = None,
        align: int = 4,
        link: int = 0,
        info: int = 0,
    ) -> int:
        header = Shdr(
            0, type, flags, 0, 0, len(data) if size is None else size, link, info, align, 0
        )
        self.sections.append((name, header, data))
        return len(self.sections)

    def text(self, data: bytes = b"\x13\0\0\0", name: str = ".text", align: int = 4) -> int:
        return self.section(name, data, flags=elf.SHF_ALLOC | elf.SHF_EXECINSTR, align=align)

    def symbol(
        self,
        name: str,
        section: int = 0,
        value: int = 0,
        *,
        binding: int = elf.STB_GLOBAL,
        type: int = elf.STT_FUNC,
        size: int = 0,
        visibility: int = elf.STV_DEFAULT,
    ) -> None:
        self.symbols.append((name, Sym(0, binding << 4 | type, visibility, section, value, size)))

    def reloc(self, section: int, offset: int, kind: int, symbol: str, addend: int = 0) -> None:
        self.relocs.setdefault(section, []).append((offset, kind, symbol, addend))

    def build(self) -> bytes:
        ordered = sorted(self.symbols, key=lambda s: s[1].info >> 4 != elf.STB_LOCAL)
        for entries in self.relocs.values():
            for _, _, name, _ in entries:
                if name and all(name != n for n, _ in ordered):
                    ordered.append((name, Sym(0, elf.STB_GLOBAL << 4, 0, 0, 0, 0)))
        index = {name: i for i, (name, _) in enumerate(ordered, start=1)} | {"": 0}
        strings = bytearray(b"\0")

        def string(text: str) -> int:
            strings.extend(text.encode() + b"\0")
            return len(strings) - len(text.encode()) - 1

        local = sum(s.info >> 4 == elf.STB_LOCAL for _, s in ordered)
        table = bytes(SYM.size) + b"".join(SYM.pack(s._replace(name=string(n))) for n, s in ordered)
        parts = list(self.sections)
        symtab = len(parts) + len(self.relocs) + 1
        for section, entries in self.relocs.items():
            data = b"".join(
                RELA.pack(Rela(o, index[name] << 32 | kind, addend))
                for o, kind, name, addend in entries
            )
            head = Shdr(0, elf.SHT_RELA, 0, 0, 0, len(data), symtab, section, 8, RELA.size)
            parts.append((f".rela{section}", head, data))
        head = Shdr(0, elf.SHT_SYMTAB, 0, 0, 0, len(table), symtab + 1, local + 1, 8, SYM.size)
        parts.append((".symtab", head, table))
        names = [string(name) for name, _, _ in parts] + [string(".strtab")]
        out = bytearray(EHDR.size)
        headers = [Shdr(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
        for name, (_, head, data) in zip(names, parts, strict=False):
            headers.append(head._replace(name=name, offset=len(out)))
            out += data
        headers.append(Shdr(names[-1], elf.SHT_STRTAB, 0, 0, len(out), len(strings), 0, 0, 1, 0))
        out += strings
        out += bytes(-len(out) % 8)
        start = len(out)
        for h in headers:
            out += SHDR.pack(h)
        out[: EHDR.size] = EHDR.pack(
            Ehdr(
                elf.IDENT, elf.ET_REL, elf.EM_RISCV, 1, 0, 0, start, self.flags,
                64, 0, 0, 64, len(headers), len(headers) - 1,
            )
        )  # fmt: skip
        return bytes(out)


@pytest.fixture
def maker() -> Callable[[], ObjectMaker]:
    return ObjectMaker
