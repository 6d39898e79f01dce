"""`kcc info` and `kcc disasm`: what an ELF holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .errors import DeviceError
from .options import UsageError, unknown_flag

if TYPE_CHECKING:
    from kcc.ir.abi import KernelInfo
    from kcc.linker.elf import ElfFile


def info_main(argv: list[str]) -> int:
    """The `info` command; returns the exit status."""
    if argv in (["--help"], ["-h"]):
        print("usage: kcc info FILE.elf    kernels, arguments with their offsets, sections, sizes")
        return 0
    from kcc.linker.elf import ElfError
    from kcc.linker.notes import read_kernels

    path = _one_file("info", argv)
    elf = _open(path)
    try:
        lines = list(_describe(path, elf, read_kernels(elf)))
    except ElfError as e:
        raise DeviceError(f"'{path}': {e}") from e
    print("\n".join(lines))
    return 0


def disasm_main(argv: list[str]) -> int:
    """The `disasm` command; returns the exit status."""
    if argv in (["--help"], ["-h"]):
        print(
            "usage: kcc disasm [-S] FILE.elf    disassemble the executable sections, with symbols\n"
            "  -S, --source    and with the lines of the source, where -g has described them"
        )
        return 0
    rest = [word for word in argv if word not in ("-S", "--source")]
    path = _one_file("disasm", rest, ("-S", "--source"))
    for line in _disassembly(_open(path), with_source=rest != argv):
        sys.stdout.write(line + "\n")
    return 0


def _one_file(command: str, argv: list[str], flags: Sequence[str] = ()) -> str:
    for word in argv:
        if word.startswith("-") and word != "-":
            raise UsageError(unknown_flag(word, ["--help", *flags]))
    if len(argv) != 1:
        raise UsageError(f"'kcc {command}' takes one ELF file")
    return argv[0]


def _open(path: str) -> ElfFile:
    from kcc.linker.elf import ElfError, read_elf

    from .compilecache import read_input

    try:
        return read_elf(read_input(path))
    except ElfError as e:
        raise DeviceError(f"'{path}': {e}") from e


def _describe(path: str, elf: ElfFile, kernels: tuple[KernelInfo, ...]) -> Iterator[str]:
    from kcc.ir.abi import entry_name

    yield f"{path}: riscv64 program, entry 0x{elf.entry:x}"
    if not kernels:
        from .dpuinfo import describe_dpu, is_dpu_program

        yield from describe_dpu(elf) if is_dpu_program(elf) else ["no kernels described"]
    for kernel in kernels:
        entry = entry_name(kernel)
        symbol = elf.symbol(entry)
        where = f" at 0x{symbol.value:x}, {symbol.size} bytes" if symbol else ""
        yield ""
        yield f"kernel {kernel.name}{where}" + (f", {entry}" if entry != kernel.name else "")
        for index, arg in enumerate(kernel.args):
            kind: str = arg.kind
            if kind == "local":
                kind = f"{_local_word(kernel)} local memory"
            yield (
                f"  {index}: {arg.type:<28} {arg.name:<16} "
                f"offset {arg.offset:>4}  size {arg.size:>3}  align {arg.align:>3}  {kind}"
            )
            if arg.info is not None:
                told = f"address {arg.info.address}, access {arg.info.access}"
                words = ", ".join(arg.info.qualifiers) or "none"
                yield f"     {told}, type {arg.info.type_name}, qualifiers {words}"
        yield f"  argument block: {kernel.block_size} bytes"
        if kernel.by_items:
            yield "  a hart for each work-item of a group"
        if kernel.local_size:
            yield f"  local memory: {kernel.local_size} bytes"
        if kernel.item_room or kernel.group_room:
            room = f"{kernel.group_room} bytes, and {kernel.item_room} for each work-item"
            yield f"  kept across barriers: {room}"
        if kernel.sub_group_size:
            yield f"  sub-group size: {kernel.sub_group_size}"
        if not kernel.uniform:
            yield "  last work-groups: may be smaller"
        if kernel.reqd_work_group_size:
            yield f"  required work-group size: {_sizes(kernel.reqd_work_group_size)}"
        if kernel.work_group_size_hint:
            yield f"  work-group size hint: {_sizes(kernel.work_group_size_hint)}"
        if kernel.vec_type_hint:
            yield f"  vector type hint: {kernel.vec_type_hint}"
    yield ""
    yield "section                  address      size"
    total = 0
    for section in elf.sections[1:]:
        address = f"0x{section.addr:08x}" if section.alloc else "-"
        yield f"{section.name:<22} {address:>10} {section.size:>9}"
        total += section.size if section.alloc else 0
    yield f"{'loaded':<22} {'':>10} {total:>9}"


def _local_word(kernel: KernelInfo) -> str:
    """What the block holds for local memory."""
    if kernel.device == "formosa":
        return "offset in"
    return "address of" if kernel.by_items else "size of"


def _sizes(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))


def _disassembly(elf: ElfFile, *, with_source: bool) -> Iterator[str]:
    from kcc.backend.disasm import disassemble

    heading = None
    if with_source:
        from kcc.linker.source_lines import Heading, SourceLines

        heading = Heading(SourceLines(elf))

    SHF_EXECINSTR = 4
    for section in elf.sections:
        if not (section.alloc and section.header.flags & SHF_EXECINSTR and section.size):
            continue
        yield f"section {section.name}:"
        labels = {s.value: s.name for s in elf.symbols if s.name and s.defined}
        for line in disassemble(elf.contents(section), section.addr, labels):
            if heading is not None:
                yield from heading.before(line.addr)
            yield str(line)
