"""Traces of launches: what instructions did as text, or calls of functions for Perfetto.

A file's name decides: `.json` is the trace event format that ui.perfetto.dev and
chrome://tracing open, all else text; `-` is standard output. Everything is written as it
happens, so that a trace is worth reading after a run that did not end well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

from kcc.backend.disasm import render
from kcc.backend.regs import F_NAMES, VLMUL, VMASK, VSEW, VTAIL, X_NAMES
from kcc.device.sim.record import Executed, Filter, Recorder, Sink
from kcc.device.soc.traps import CAUSES, WITH_ADDRESS
from kcc.linker.source_lines import Heading, SourceLines

from .options import UsageError

if TYPE_CHECKING:
    from kcc.device.sim.effects import Touched
    from kcc.device.sim.interface import Fault
    from kcc.device.sim.machine import Machine
    from kcc.linker.elf import ElfFile

_FILTERS = "hart=N[,N-M]..., function=NAME or range=FIRST:END"
VILL = 1 << 63


STDERR = "/dev/stderr"  # the stream: to open that file would empty what it is redirected to


class Tracing:
    """An open trace and what it is to hold; one for all launches of a device.

    raises: UsageError for a filter that is not one; OSError when the file cannot be written.
    """

    def __init__(self, path: str, filters: Sequence[str]) -> None:
        self._wanted = [_parse(text) for text in filters]
        stream = {"-": sys.stdout, STDERR: sys.stderr}.get(path)
        self._close = stream is None
        self._out: IO[str] = open(path, "w") if stream is None else stream  # noqa: SIM115
        self._sink: _Writer = (JsonTrace if path.endswith(".json") else TextTrace)(self._out)

    def of(self, program: ElfFile) -> Callable[[Machine], None]:
        """What has the launches of a program traced, given the machine.

        raises: UsageError for a filter with a function that the program does not have.
        """
        self._sink.names = Names(program)
        self._sink.begin(SourceLines(program))
        only = _filter(self._wanted, program)
        try:
            only.addresses()
        except ValueError as e:
            raise UsageError(f"'--trace-filter': {e}") from e
        return lambda machine: machine.watch(Recorder(machine, self._sink, only))

    def close(self) -> None:
        """Complete the file."""
        self._sink.end()
        self._out.flush()
        if self._close:
            self._out.close()


def _parse(text: str) -> tuple[str, str]:
    kind, equals, value = text.partition("=")
    if kind not in ("hart", "function", "range") or not equals:
        raise UsageError(f"'--trace-filter {text}': expected {_FILTERS}")
    if (kind == "hart" and not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", value)) or (
        kind == "range" and not re.fullmatch(r"(0x[0-9a-fA-F]+|\d+):(0x[0-9a-fA-F]+|\d+)", value)
    ):
        raise UsageError(f"'--trace-filter {text}': expected {_FILTERS}")
    return kind, value


def _filter(wanted: Iterable[tuple[str, str]], program: ElfFile) -> Filter:
    """Harts that any of its filters names, at addresses that any of the others names."""
    harts: set[int] = set()
    ranges: list[range] = []
    for kind, value in wanted:
        if kind == "hart":
            for part in value.split(","):
                first, _, last = part.partition("-")
                harts.update(range(int(first), int(last or first) + 1))
        elif kind == "range":
            first, _, end = value.partition(":")
            ranges.append(range(int(first, 0), int(end, 0)))
        else:
            symbol = program.symbol(value)
            if symbol is None or not symbol.size:
                raise UsageError(f"'--trace-filter function={value}': no function is called so")
            ranges.append(range(symbol.value, symbol.value + symbol.size))
    return Filter(frozenset(harts) if harts else None, tuple(ranges) if ranges else None)


class Names:
    """The functions of a program, by address."""

    def __init__(self, program: ElfFile | None) -> None:
        self._program = program
        self._found: dict[int, tuple[str, int]] = {}

    def of(self, addr: int) -> tuple[str, int]:
        """The function an address is in, "" outside of all; bytes from its start."""
        found = self._found.get(addr)
        if found is None:
            symbol = self._program.symbol_at(addr) if self._program else None
            found = (symbol.name, addr - symbol.value) if symbol else ("", 0)
            self._found[addr] = found
        return found

    def place(self, addr: int) -> str:
        """As "function+0x12"; "" outside of all."""
        name, offset = self.of(addr)
        return f"{name}+{offset:#x}" if offset else name


class _Writer(Sink, Protocol):
    names: Names

    def begin(self, lines: SourceLines) -> None:
        """What comes is of a program with these lines."""

    def end(self) -> None: ...


# -- text -----------------------------------------------------------------------------------------


class TextTrace:
    """A line for each instruction.

    hart, instructions it retired before, address <function+offset>, word, disassembly; then
    registers it wrote, r for memory it read and w for memory it wrote. Where a hart comes to
    another line of the source, that stands before.
    """

    def __init__(self, out: IO[str]) -> None:
        self.names = Names(None)
        self._out = out
        self._lines: SourceLines | None = None
        self._headings: dict[int, Heading] = {}  # by hart

    def begin(self, lines: SourceLines) -> None:
        self._lines = lines or None
        self._headings = {}

    def executed(self, e: Executed) -> None:
        if self._lines is not None:
            if e.hart not in self._headings:
                self._headings[e.hart] = Heading(self._lines)
            for line in self._headings[e.hart].before(e.pc):
                self._out.write(f"{e.hart:>2} {line}\n")
        text = "unimp"
        if e.decoded is not None:
            text = render(e.decoded, e.pc, self._target).replace("\t", " ", 1)
        head = self._head(e.hart, e.retired, e.pc)
        effects = " ".join(_effects(e))
        line = f"{head}  {e.word:0{2 * e.size}x}{'':{8 - 2 * e.size}}  {text:<32} {effects}"
        self._out.write(line.rstrip() + "\n")

    def trapped(self, fault: Fault, retired: int) -> None:
        address = f", address {fault.tval:#x}" if fault.cause in WITH_ADDRESS else ""
        what = f"trap: {_trap_name(fault)}{address}"
        self._out.write(f"{self._head(fault.hart, retired, fault.pc)}  {what}\n")

    def end(self) -> None:
        """Nothing is left to write."""

    def _head(self, hart: int, retired: int, pc: int) -> str:
        place = self.names.place(pc)
        return f"{hart:>2} {retired:>9} {pc:>9x} {f'<{place}>' if place else '':<28}"

    def _target(self, addr: int) -> str:
        place = self.names.place(addr)
        return f" <{place}>" if place else ""


def _trap_name(fault: Fault) -> str:
    return CAUSES.get(fault.cause, f"exception {fault.cause}").lower()


def _effects(e: Executed) -> Iterable[str]:
    for file, number, value in e.registers:
        name = {"x": X_NAMES[number], "f": F_NAMES[number]}.get(file, f"v{number}")
        yield f"{name}={value:#x}"
    if e.vector is not None:
        yield f"vl={e.vector[0]} vtype={_vtype(e.vector[1])}"
    if e.fflags is not None:
        yield f"fflags={e.fflags:#x}"
    yield from map(_touched, e.memory)


def _vtype(value: int) -> str:
    sew, lmul = VSEW[value >> 3 & 7], VLMUL[value & 7]
    if value & VILL:
        return "vill"
    return f"{sew},{lmul},{VTAIL[value >> 6 & 1]},{VMASK[value >> 7 & 1]}"


def _touched(t: Touched) -> str:
    """As "w4:0x1000=0x7", "r4:0x1000+8*3" for three pieces that are 8 bytes apart."""
    where = f"{'w' if t.store else 'r'}{t.size}:{t.addr:#x}"
    if t.value is not None:
        return f"{where}={t.value:#x}"
    if t.count == 1:
        return where
    return f"{where}+{t.stride}*{t.count}" if t.stride is not None else f"{where}+[]*{t.count}"


# -- calls ----------------------------------------------------------------------------------------


@dataclass
class _Thread:
    """What is open of a hart. calls: function, and where it returns to."""

    instance: int = -1
    next_pc: int = -1
    end: int = 0
    calls: list[tuple[str, int]] = field(default_factory=list)


class JsonTrace:
    """Slices for calls of functions, a track for each hart; a microsecond is an instruction.

    A function begins when it is called, or is jumped to from another, or a new instance or the
    recorded code starts in it; it ends when control is back at the return address.
    """

    def __init__(self, out: IO[str]) -> None:
        self.names = Names(None)
        self._out = out
        self._lines: SourceLines | None = None
        self._threads: dict[int, _Thread] = {}
        self._first = True
        out.write('{"displayTimeUnit": "ns", "traceEvents": [\n')
        self._event("M", "process_name", 0, args={"name": "harts"})

    def begin(self, lines: SourceLines) -> None:
        self._lines = lines

    def executed(self, e: Executed) -> None:
        thread = self._thread(e.hart)
        name, time = self._name(e.pc), e.retired + 1
        if (thread.instance, thread.next_pc) != (e.instance, e.pc):
            self._finish(e.hart, 0)
            self._begin(e.hart, name, e.retired, -1, {"instance": e.instance})
        thread.instance, thread.next_pc, thread.end = e.instance, e.next_pc, time
        insn = e.decoded.insn.name if e.decoded else ""
        if insn == "ecall":
            self._event("i", insn, e.hart, e.retired, s="t")
        returns = [back for _, back in thread.calls]
        there = self._name(e.next_pc)
        if insn in ("jal", "jalr") and e.decoded and e.decoded.operands["rd"] in (1, 5):
            self._begin(e.hart, there, time, e.pc + e.size)
        elif insn == "jalr" and e.next_pc in returns:
            depth = len(returns) - 1 - returns[::-1].index(e.next_pc)
            self._finish(e.hart, depth)
        elif there != name and self.names.of(e.next_pc)[0]:  # a call that returns further out
            self._finish(e.hart, len(returns) - 1)
            self._begin(e.hart, there, time, returns[-1])

    def trapped(self, fault: Fault, retired: int) -> None:
        args = {"pc": hex(fault.pc), "at": self.names.place(fault.pc), "tval": hex(fault.tval)}
        source = self._lines.places(fault.pc) if self._lines is not None else ()
        args |= {"source": str(source[0])} if source else {}
        self._event("i", f"trap: {_trap_name(fault)}", fault.hart, retired, s="t", args=args)

    def end(self) -> None:
        for hart in self._threads:
            self._finish(hart, 0)
        self._out.write("\n]}\n")

    def _thread(self, hart: int) -> _Thread:
        if hart not in self._threads:
            self._threads[hart] = _Thread()
            self._event("M", "thread_name", hart, args={"name": f"hart {hart}"})
        return self._threads[hart]

    def _name(self, addr: int) -> str:
        return self.names.of(addr)[0] or f"{addr:#x}"

    def _begin(
        self, hart: int, name: str, time: int, back: int, args: Mapping[str, int] | None = None
    ) -> None:
        self._threads[hart].calls.append((name, back))
        self._event("B", name, hart, time, args=args or {})

    def _finish(self, hart: int, depth: int) -> None:
        """End calls until so many are left."""
        thread = self._threads[hart]
        while len(thread.calls) > depth:
            name, _ = thread.calls.pop()
            self._event("E", name, hart, thread.end)

    def _event(self, phase: str, name: str, hart: int, time: int = 0, **more: object) -> None:
        event = {"ph": phase, "name": name, "pid": 1, "tid": hart, "ts": time} | more
        self._out.write(("" if self._first else ",\n") + json.dumps(event))
        self._first = False
