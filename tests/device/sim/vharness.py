"""Cases in bulk, on our machine and on QEMU: what each leaves must be the same, byte for byte.

A form is a piece of code; a case is a form and the state it meets. One program (programs/differ.S)
runs all cases and appends to its output what each left: x5..x31, f, fcsr, vl, vtype, vstart, vcsr,
v0..v31 and a page of memory. A case that traps leaves under QEMU a signal; on our machine the run
ends there, is a trap of that case, and goes on with the next.
"""

from __future__ import annotations

import mmap
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kcc.device.sim.machine import Cause, Done, Fault, HartStart, Machine, Reason, Resume

BASE, PAGE = 0x4000_0000, 4096
CONTROL = BASE + (4 << 20)  # code lies below, data behind
SIGNAL_STACK = CONTROL + PAGE
TABLES = SIGNAL_STACK + 5 * PAGE  # cases and images, then the output
SIZE = 64 << 20
SANDBOX = BASE + SIZE + 16 * PAGE  # a page with nothing around it
DRIVER = Path(__file__).parent / "programs" / "differ.S"
MARCH = "rv64gcv_zfh_zvfh_zba_zbb_zbc_zbs_zicond"
M64 = (1 << 64) - 1

SCALARS = struct.Struct("<59Q")  # x5..x31, f0..f31
_CASE = struct.Struct("<11Q")
_HEAD = struct.Struct("<65Q")  # signal, x, f, fcsr, vl, vtype, vstart, vcsr
VL, VTYPE, VSTART = 480, 488, 496  # in a state
SIGNALS = {4: "illegal", 7: "access", 11: "access"}
TRAPS = {
    Cause.ILLEGAL.value: "illegal",
    Cause.LOAD_FAULT.value: "access",
    Cause.STORE_FAULT.value: "access",
    Cause.LOAD_MISALIGNED.value: "misaligned",
    Cause.STORE_MISALIGNED.value: "misaligned",
}


@dataclass(frozen=True)
class Form:
    """The code under test.

    body:    lines of assembly, as clang takes them; x1..x4 are not to be written.
    vtype:   set before the body, vl from the case's avl; None: nothing is set.
    dynamic: by vsetvl, from a register, so that nobody can know it in advance.
    vstart:  the case's vstart is written just before the body.
    frm:     dynamic rounding mode.
    on_qemu: what QEMU runs for the body, where it cannot run that.
    """

    body: tuple[str, ...]
    vtype: int | None = None
    dynamic: bool = False
    vstart: bool = False
    frm: int = 0
    on_qemu: tuple[str, ...] = ()

    def lines(self, *, on_qemu: bool) -> Iterator[str]:
        if self.vtype is not None:
            if self.dynamic:
                yield from ("ld x1, 16(x4)", "ld x2, 24(x4)", "vsetvl x0, x1, x2")
            else:
                yield from ("ld x2, 16(x4)", f"vsetvli x0, x2, {self.vtype:#x}")
        if self.vstart:
            yield from ("ld x2, 32(x4)", "csrw vstart, x2")
        yield from self.on_qemu if on_qemu and self.on_qemu else self.body
        yield from ("ld x1, 8(x4)", "jr x1")

    def __str__(self) -> str:
        text = "; ".join(self.body)
        if self.vtype is not None:
            text += f"  [{vtype_text(self.vtype)}{' by vsetvl' if self.dynamic else ''}]"
        return text + (f"  frm={self.frm}" if self.frm else "")


@dataclass(frozen=True)
class Case:
    """A form and the state it meets.

    scalars: x5..x31, then f0..f31, 64 bits each; v: v0..v31 one after another.
    """

    form: Form
    scalars: bytes
    v: bytes = b""
    memory: bytes = b""
    avl: int = 0
    vstart: int = 0
    vcsr: int = 0  # vxrm above vxsat
    fflags: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a case left. trap: "" or its kind; then our machine tells nothing else."""

    trap: str
    state: bytes = b""  # as differ.S writes it, without the signal
    fault: Fault | None = None


@dataclass(frozen=True)
class Setup:
    """What all cases of a program share.

    vlen:   bits; 0: a machine without vectors.
    flags:  fflags are set before, and read after each case.
    memory: cases have a page of memory at SANDBOX.
    """

    vlen: int = 128
    flags: bool = True
    memory: bool = False

    @property
    def arch(self) -> str:
        vector = f"v_zvfh_zvl{self.vlen}b" if self.vlen else ""
        return f"rv64gc{vector}_zfh_zicond_zba_zbb_zbc_zbs"

    @property
    def cpu(self) -> str:
        vector = f"v=true,vlen={self.vlen},elen=64,vext_spec=v1.0," if self.vlen else ""
        return f"rv64,{vector}Zfh=true,zba=true,zbb=true,zbc=true,zbs=true"

    @property
    def result_size(self) -> int:
        return _HEAD.size + 4 * self.vlen + (PAGE if self.memory else 0)


def vtype_of(sew: int, lmul: int, ta: int = 0, ma: int = 0) -> int:
    """sew: in bits; lmul: its log2, -3..3."""
    return ma << 7 | ta << 6 | (sew.bit_length() - 4) << 3 | lmul & 7


def vtype_text(vtype: int) -> str:
    sew, lmul = 8 << (vtype >> 3 & 7), (vtype & 7 ^ 4) - 4
    agnostic = f"{',ta' * (vtype >> 6 & 1)}{',ma' * (vtype >> 7 & 1)}"
    size = f"m{1 << lmul}" if lmul >= 0 else f"mf{1 << -lmul}"
    return f"e{sew},{size}{agnostic}"


# -- the program -----------------------------------------------------------------------------


def _assemble(forms: Sequence[Form], setup: Setup, on_qemu: bool) -> tuple[bytes, list[int]]:
    """Code at BASE, which starts at its beginning, and where each form is; last, `done`."""
    lines = []
    for number, form in enumerate(forms):
        lines += [f"form{number}:", *form.lines(on_qemu=on_qemu)]
    symbols = {
        "VLENB": setup.vlen // 8, "FLAGS": int(setup.flags), "MEMORY": int(setup.memory),
        "CONTROL": CONTROL, "SANDBOX": SANDBOX, "SIGNAL_STACK": SIGNAL_STACK,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, made, flat = folder / "forms.inc", folder / "a.elf", folder / "a.bin"
        names = [f".dword form{n}" for n in range(len(forms))]
        text.write_text("\n".join([*lines, ".balign 8", *names, ".dword done", ""]))
        defines = [f"-D{key}={value:#x}" for key, value in symbols.items()]
        command = [
            *("clang-19", "--target=riscv64", f"-march={MARCH}", "-nostdlib", "-static"),
            *("-mno-relax", "-fuse-ld=lld-19", f"-Wl,-Ttext={BASE:#x}"),
            *defines, f'-DFORMS="{text}"', str(DRIVER), "-o", str(made),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        copy = ["riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text"]
        subprocess.run([*copy, str(made), str(flat)], check=True)
        code = flat.read_bytes()
    count = len(forms) + 1
    assert len(code) <= CONTROL - BASE
    return code, list(struct.unpack(f"<{count}Q", code[-8 * count :]))


@dataclass
class _Image:
    """Memory from BASE on, filled from TABLES upwards; equal pieces are put once."""

    code: bytes = b""
    data: bytearray = field(default_factory=bytearray)
    places: dict[bytes, int] = field(default_factory=dict)

    def put(self, piece: bytes) -> int:
        at = self.places.get(piece)
        if at is None:
            at = self.places[piece] = TABLES + len(self.data)
            self.data += piece.ljust(-(-len(piece) // 16) * 16, b"\0")
        return at


@dataclass(frozen=True)
class Program:
    """Cases as a program. `order` is theirs by rounding mode, as they run."""

    setup: Setup
    order: tuple[Case, ...]
    first_case: int
    output: int
    image: bytes  # from BASE on

    @property
    def end(self) -> int:
        return self.first_case + _CASE.size * len(self.order)


def build(cases: Sequence[Case], setup: Setup, *, on_qemu: bool = False) -> Program:
    order = tuple(sorted(cases, key=lambda case: case.form.frm))
    forms = list(dict.fromkeys(case.form for case in order))
    image = _Image()
    places = []
    for case in order:
        assert len(case.scalars) == SCALARS.size
        assert len(case.v) == 4 * setup.vlen
        pieces = case.scalars, case.v, case.memory
        places.append(tuple(image.put(piece) for piece in pieces))
    first_case = TABLES + len(image.data)
    output = first_case + _CASE.size * len(order) + 63 & ~63
    assert output + setup.result_size * len(order) <= BASE + SIZE, "too many cases for a program"
    code, addresses = _assemble(forms, setup, on_qemu)
    where = dict(zip(forms, addresses, strict=False))
    table = b"".join(
        _CASE.pack(
            where[c.form], addresses[-1], c.avl, c.form.vtype or 0, c.vstart, c.vcsr, c.fflags,
            c.form.frm, *place,
        )
        for c, place in zip(order, places, strict=True)
    )  # fmt: skip
    control = struct.pack("<5Q", first_case, first_case + len(table), output, 0, output)
    whole = bytearray(code.ljust(CONTROL - BASE, b"\0") + control)
    whole = whole.ljust(TABLES - BASE, b"\0") + image.data + table
    return Program(setup, order, first_case, output, bytes(whole))


# -- on QEMU ---------------------------------------------------------------------------------


def elf(segments: Iterable[tuple[int, bytes, int]], entry: int) -> bytes:
    """A static program. segments: (address, bytes, size in memory), addresses of whole pages."""
    segments = list(segments)
    head = struct.pack(
        "<4sBBBBQHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 243, 1, entry, 64, 0, 5, 64, 56,
        len(segments), 64, 0, 0,
    )  # fmt: skip
    offset, bodies = PAGE, []
    for addr, data, size in segments:
        head += struct.pack("<IIQQQQQQ", 1, 7, offset, addr, addr, len(data), size, PAGE)
        bodies.append(data.ljust(-(-len(data) // PAGE) * PAGE, b"\0"))
        offset += len(bodies[-1])
    return head.ljust(PAGE, b"\0") + b"".join(bodies)


def run_on_qemu(program: Program) -> list[Outcome]:
    segments = [(BASE, program.image, SIZE), (SANDBOX, b"\0" * PAGE, PAGE)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program"
        path.write_bytes(elf(segments, BASE))
        path.chmod(0o755)
        command = ["qemu-riscv64", "-cpu", program.setup.cpu, str(path)]
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    size = program.setup.result_size
    assert len(run.stdout) == size * len(program.order), "QEMU did not run all cases"
    results = (run.stdout[at : at + size] for at in range(0, len(run.stdout), size))
    # A signal fits into its lowest byte.
    return [Outcome(SIGNALS[r[0]] if r[0] else "", r[8:]) for r in results]


# -- on our machine --------------------------------------------------------------------------


def run_on_machine(program: Program, repeated: Callable[[int], bool]) -> list[Outcome | None]:
    """What each case left; None for one that was not run.

    repeated: asked after a trap, whether the case of that number would only repeat it.
    """
    setup = program.setup
    memory, sandbox = mmap.mmap(-1, SIZE), mmap.mmap(-1, PAGE)
    memory[: len(program.image)] = program.image
    machine = Machine(1, arch=setup.arch)
    machine.map_ram(BASE, SIZE, memoryview(memory))
    machine.map_ram(SANDBOX, PAGE, memoryview(sandbox))

    def word(addr: int) -> int:
        return int(struct.unpack_from("<Q", memory, addr - BASE)[0])

    def ecall(view):
        if view.x(17) == 93:
            return Done()
        view.set_x(10, view.x(12) if view.x(17) == 64 else 0)
        return Resume()

    outcomes: list[Outcome | None] = []
    while len(outcomes) < len(program.order):
        first = program.first_case + _CASE.size * len(outcomes)
        output = word(CONTROL + 16)
        struct.pack_into("<Q", memory, CONTROL - BASE, first)
        result = machine.begin_instances(
            [HartStart(SIGNAL_STACK)], entry=BASE, return_addr=0, first=0, count=1,
            limit=None, ecall=ecall,
        ).result()  # fmt: skip
        reached = (word(CONTROL + 24) - program.first_case) // _CASE.size
        for at in range(output, output + setup.result_size * (reached - len(outcomes)),
                        setup.result_size):  # fmt: skip
            data = bytes(memory[at - BASE : at - BASE + setup.result_size])
            outcomes.append(Outcome("", data[8:]))
        if result.ok:
            continue
        assert result.reason is Reason.FAULT, result
        assert result.fault is not None
        form = program.order[reached].form
        kind = TRAPS.get(result.fault.cause)
        assert kind, f"{form}: {result.fault}"
        outcomes.append(Outcome(kind, fault=result.fault))
        while len(outcomes) < len(program.order) and repeated(len(outcomes)):
            outcomes.append(None)
    return outcomes
