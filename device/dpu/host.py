"""DPUs for a host program: allocating and freeing them, loading programs."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from ... import config
from ...frontend.record import record, replace
from ...linker.elf import ElfError
from .device import CHECKS, Checks, Dpu
from .errors import (
    AllocationFailure,
    ElfInvalidFile,
    ElfNoSuchFile,
    InvalidDpuSet,
    InvalidProfile,
    LogContextMissing,
    LogFormatError,
    NoProgramLoaded,
    TooManyTasklets,
)
from .image import TaskletsError
from .log import LogError, log_of
from .program import Program, Symbol
from .sets import RANK, Allocation, DpuSet, check_idle, live, single

DPU_ALLOCATE_ALL = 0xFFFF_FFFF  # of a simulator, which has as many as one asks for: a rank
MAX_DPUS = 1 << 16
MAX_THREADS = 1 << 10
MAX_LIMIT = 10**18


@record
class Options:
    """What a profile, as in "check=strict,threads=2", says of DPUs.

    checks:  for mistakes that DPUs themselves do not notice.
    timing:  count cycles as DPUs need them.
    threads: of the host, that run the DPUs of an allocation; 0 for one each processor.
    limit:   instructions that a launch of a DPU may take; DPU_ERR_TIMEOUT after these.
    """

    checks: Checks = "off"
    timing: bool = False
    threads: int = 0
    limit: int | None = None


def _backend(options: Options, value: str) -> Options | None:
    return options if value == "simulator" else None


def _check(options: Options, value: str) -> Options | None:
    return replace(options, checks=CHECKS[value]) if value in CHECKS else None


def _timing(options: Options, value: str) -> Options | None:
    return replace(options, timing=value == "1") if value in ("0", "1") else None


def _threads(options: Options, value: str) -> Options | None:
    number = _number(value, MAX_THREADS)
    return replace(options, threads=number) if number else None


def _limit(options: Options, value: str) -> Options | None:
    number = _number(value, MAX_LIMIT)
    return replace(options, limit=number) if number else None


def _number(text: str, most: int) -> int:
    """1 to `most`, or 0 for what is not."""
    known = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    return int(text) if known and int(text) <= most else 0


KEYS: dict[str, tuple[Callable[[Options, str], Options | None], str]] = {
    "backend": (_backend, "simulator"),
    "check": (_check, "off, warn or strict"),
    "timing": (_timing, "0 or 1"),
    "threads": (_threads, f"1 to {MAX_THREADS}"),
    "limit": (_limit, f"1 to {MAX_LIMIT}"),
}


def read_profile(text: str | None) -> Options:
    """raises: InvalidProfile for keys not in KEYS, or given twice, and other values than theirs."""
    options = Options()
    seen = set()
    for part in (text or "").split(",") if text and text.strip() else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in KEYS:
            raise InvalidProfile(f"'{part.strip()}': known are {', '.join(f'{k}=' for k in KEYS)}")
        if key in seen:
            raise InvalidProfile(f"'{key}' is given twice")
        seen.add(key)
        read, values = KEYS[key]
        result = read(options, value)
        if result is None:
            raise InvalidProfile(f"'{key}={value}': it is {values}")
        options = result
    return options


def dpu_alloc(nr_dpus: int, profile: str | None = None) -> DpuSet:
    """A set of so many DPUs, DPU_ALLOCATE_ALL for 64, as `profile` wants them.

    raises: InvalidProfile; AllocationFailure for none, or more than this machine has room for.
    """
    options = read_profile(profile)
    count = operator.index(nr_dpus)
    if count == DPU_ALLOCATE_ALL:
        count = RANK
    if not 1 <= count <= MAX_DPUS:
        raise AllocationFailure(f"{count} DPUs: 1 to {MAX_DPUS} can be allocated")
    folder = config.cache_dir("translations")
    try:
        devices = [
            Dpu(options.checks, options.timing, Path(folder) if folder else None)
            for _ in range(count)
        ]
    except (OSError, MemoryError) as error:
        raise AllocationFailure(f"no memory for {count} DPUs: {error}") from error
    threads = options.threads or os.cpu_count() or 1
    allocation = Allocation(devices, threads, options.limit)
    return DpuSet(allocation, allocation.members, whole=True)


def dpu_alloc_ranks(nr_ranks: int, profile: str | None = None) -> DpuSet:
    """As dpu_alloc, of so many times 64 DPUs; DPU_ALLOCATE_ALL for one rank."""
    count = operator.index(nr_ranks)
    return dpu_alloc(RANK if count == DPU_ALLOCATE_ALL else RANK * count, profile)


def dpu_free(dpu_set: DpuSet) -> None:
    """Give back a set, as dpu_alloc gave it.

    raises: InvalidDpuSet for a part of one, and for one given back; DpuAlreadyRunning.
    """
    allocation = live(dpu_set).allocation
    with allocation.lock:
        if not live(dpu_set).whole:
            raise InvalidDpuSet("dpu_free takes a set as dpu_alloc gave it, not a part of one")
        check_idle(dpu_set.members, "dpu_free")
        allocation.free()


def dpu_load(dpu_set: DpuSet, path: str | os.PathLike[str]) -> Program:
    """Load a program from a file: all memories are as it has them, and zero elsewhere.

    raises: ElfNoSuchFile; otherwise as dpu_load_from_memory.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ElfNoSuchFile(f"{os.fspath(path)}: {error.strerror}") from None
    return dpu_load_from_memory(dpu_set, data)


def dpu_load_from_memory(dpu_set: DpuSet, data: bytes | bytearray | memoryview) -> Program:
    """Load a program, the bytes of its ELF file, into every DPU of a set.

    raises: ElfInvalidFile for what is not a program for DPUs, TooManyTasklets, DpuAlreadyRunning.
            DPUs have what they had, then.
    """
    elf = bytes(data)
    with live(dpu_set).allocation.lock:
        check_idle(live(dpu_set).members, "dpu_load")
        for member in dpu_set.members:
            try:
                member.device.load(elf)
            except TaskletsError as error:
                raise TooManyTasklets(error.reason) from None
            except ElfError as error:
                raise ElfInvalidFile(error.reason) from None
        program = Program(dpu_set.members[0].device.image.elf)
        for member in dpu_set.members:
            member.program, member.run = program, None
    return program


def dpu_get_symbol(program: Program, symbol_name: str) -> Symbol:
    """Where a variable or function of the program is. raises: UnknownSymbol."""
    return program.symbol(symbol_name)


def dpu_log_read(dpu: DpuSet, stream: TextIO) -> None:
    """Write what one DPU has printed since its last launch began to a text stream.

    Bytes that are no UTF-8 are written as "\\xff".
    raises: InvalidDpuSet for a set of several, DpuAlreadyRunning, NoProgramLoaded;
            LogContextMissing for a program that does not print, LogFormatError for a log that
            something else has written to.
    """
    with live(dpu).allocation.lock:
        member = single(dpu, "dpu_log_read")
        check_idle((member,), "dpu_log_read")
        if member.program is None:
            raise NoProgramLoaded(f"DPU {member.index} has none")
        try:
            text = log_of(member.device)
        except LogError as error:
            raise LogFormatError(f"DPU {member.index}: {error}") from None
    if text is None:
        raise LogContextMissing(f"the program of DPU {member.index} does not print")
    stream.write(text.decode(errors="backslashreplace"))
