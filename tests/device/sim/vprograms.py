"""Random programs of all extensions together, judged by what they leave.

Which words are legal under which vtype QEMU has said before, one by one; so no program traps.
A program is a row of steps: an instruction with the addresses it needs, a branch over some, a
loop of some, a new vtype. Loads and stores stay in a page of memory.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kcc.backend.encode import Decoded, expand
from kcc.backend.isa import TABLE, Insn
from vcases import Generator, Shape, displacement, form_operands, is_vector, kinds_of, uses_memory
from vcompare import compare
from vharness import PAGE, SANDBOX, Case, Form, Setup, build, run_on_qemu, vtype_of

COUNTER = 31  # the register that loops count with
# Jumps and what only a privileged program does; addresses relative to the code differ by build.
_LEFT_OUT = frozenset({"jal", "jalr", "auipc", "ecall", "ebreak", "mret", "wfi", "fence.i"})
_SCALAR = Shape(64, 0, 1)  # where there is no vtype
_FLOAT_CSRS = ("frflags x5", "fsflagsi 0", "frcsr x9", *(f"fsrmi {n}" for n in range(5)))
_VECTOR_CSRS = (
    *("csrr x7, vl", "csrr x8, vtype", "csrr x9, vcsr", "csrr x10, vstart", "csrr x11, vlenb"),
    *("csrwi vxsat, 0", *(f"csrwi vxrm, {n}" for n in range(4))),
)
_CSRS = (_FLOAT_CSRS, _FLOAT_CSRS + _VECTOR_CSRS)  # without vectors, and with
_UNORDERED = frozenset({"vfredusum.vs", "vfwredusum.vs"})  # the order is the machine's to choose


@dataclass(frozen=True)
class Step:
    """Lines of assembly that belong together, and what QEMU runs for them if not the same."""

    body: tuple[str, ...]
    on_qemu: tuple[str, ...] = ()

    @property
    def theirs(self) -> tuple[str, ...]:
        return self.on_qemu or self.body


@dataclass(frozen=True)
class Word:
    """A legal instruction."""

    row: Insn
    form: Form
    operands: dict[str, int]


def join(steps: Sequence[Step]) -> Step:
    return Step(
        tuple(line for step in steps for line in step.body),
        tuple(line for step in steps for line in step.theirs),
    )


def form_of(steps: Sequence[Step]) -> Form:
    whole = join(steps)
    return Form(whole.body, on_qemu=whole.on_qemu)


def candidates(vector: bool) -> list[Insn]:
    """Rows that a program may have, wherever it stands."""
    return [
        row
        for row in TABLE.values()
        if (vector or not is_vector(row))
        and row.ext not in ("Zicsr", "Zicond", "Xdpu", "M-mode")
        and row.name not in _LEFT_OUT | _UNORDERED
        and not row.name.startswith(("c.j", "c.b", "c.ebreak", "vset", "lr.", "sc."))
        and not any(f.kind == "target" for _, f in row.fields)
        and not re.search(r"\bsp\b", row.syntax)  # x2 is not the program's
    ]


class Programs:
    """Draws programs for one VLEN (0: without vectors). The same seed gives the same ones."""

    def __init__(self, vlen: int, seed: object, each: int = 2, shapes: int = 6) -> None:
        """each: words tried per row and shape; shapes: different vtypes that programs use."""
        self.vlen = vlen
        self.generator = Generator(vlen, seed)
        self.rng = random.Random(f"programs {seed} {vlen}")
        rows = candidates(vlen > 0)
        vectors = [row for row in rows if is_vector(row)]
        drawn = [
            self.generator.shape(self.rng.choice(vectors)) for _ in range(shapes if vlen else 0)
        ]
        self.shapes = [s for s in drawn if 8 << s.lmul + 3 >= s.sew]
        wanted = [(row, shape) for shape in self.shapes for row in vectors]
        wanted += [(row, _SCALAR) for row in rows if not is_vector(row)]
        self.words = self._legal(wanted * each)

    def _legal(self, wanted: Sequence[tuple[Insn, Shape]]) -> dict[Shape, list[Word]]:
        """Words of the rows that QEMU runs under the vtype."""
        cases, tried = [], []
        for row, shape in wanted:
            form = replace(self.generator.form(row, shape), dynamic=False, vstart=False, frm=0)
            if is_vector(row):
                form = replace(form, vtype=vtype_of(shape.sew, shape.lmul))
            operands = form_operands(form)
            if _usable(row, operands, shape):
                cases.append(replace(self.generator.case(row, form, shape), avl=1, vstart=0))
                tried.append((shape, Word(row, form, operands)))
        found: dict[Shape, list[Word]] = {shape: [] for shape in (_SCALAR, *self.shapes)}
        setup = Setup(self.vlen, memory=True)
        order = {id(case): n for n, case in enumerate(cases)}
        program = build(cases, setup, on_qemu=True)
        for case, outcome in zip(program.order, run_on_qemu(program), strict=True):
            shape, word = tried[order[id(case)]]
            if outcome.trap != "illegal":
                found[shape].append(word)
        return found

    # -- steps

    def steps(self, length: int) -> list[Step]:
        """A program of `length` steps, that starts with a vtype of its own."""
        found: list[Step] = []
        shape = _SCALAR
        while len(found) < length:
            pick = self.rng.random()
            if self.vlen and (shape is _SCALAR or pick < 0.06):
                shape = self.rng.choice(self.shapes)
                found.append(self._set(shape))
            elif pick < 0.12:
                found.append(self._skip(shape))
            elif pick < 0.16:
                found.append(self._loop(shape))
            else:
                found.append(self._one(shape))
        return found

    def _set(self, shape: Shape) -> Step:
        """vtype, and a new vl."""
        rng = self.rng
        vtype = vtype_of(shape.sew, shape.lmul, rng.randrange(2), rng.randrange(2))
        avl = rng.choice((0, shape.vlmax, rng.randrange(shape.vlmax + 1)))
        rd = rng.choice((0, 6, 17))
        match rng.randrange(5):
            case 0:
                return Step((f"vsetivli x{rd}, {min(avl, 31)}, {vtype:#x}",))
            case 1:
                return Step((f"li x28, {vtype}", f"li x27, {avl}", f"vsetvl x{rd}, x27, x28"))
            case 2:
                return Step((f"vsetvli x6, x0, {vtype:#x}",))
            case _:
                return Step((f"li x27, {avl}", f"vsetvli x{rd}, x27, {vtype:#x}"))

    def _one(self, shape: Shape) -> Step:
        """An instruction, with what it needs before it."""
        pick = self.rng.random()
        if pick < 0.05:
            return Step((self.rng.choice(_CSRS[self.vlen > 0]),))
        word = self.rng.choice(self.words[shape if pick < 0.65 else _SCALAR])
        before = self._addresses(word, shape) if uses_memory(word.row) else ()
        return join((Step(before), Step(word.form.body, word.form.on_qemu)))

    def _addresses(self, word: Word, shape: Shape) -> tuple[str, ...]:
        """Lines after which the word's addresses lie in the page."""
        rng, o = self.rng, word.operands
        kinds = kinds_of(word.row)
        base, lines = o.get("rs1", o.get("cp1", 0)), []
        first, room = PAGE // 2, PAGE // 4  # the widest group is a quarter of the page
        if "index" in kinds:
            first = 0
            lines = [f"li x29, {0xF8 if shape.sew == 8 else PAGE // 2 - 8}"]
            lines += [f"vand.vx v{o['vs2']}, v{o['vs2']}, x29"]
        elif "stride" in kinds and o["rs2"]:
            size = 1 << int(word.row.name.rpartition("e")[2].removesuffix(".v")).bit_length() - 4
            lines = [f"li x{o['rs2']}, {size * rng.randrange(-1, 2)}"]
        at = SANDBOX + first + rng.randrange(0, room - 64, 8)
        return (*lines, f"li x{base}, {at - displacement(o)}")

    def _skip(self, shape: Shape) -> Step:
        """A branch over a few instructions, perhaps over a new vl."""
        rng = self.rng
        a, b = rng.randrange(5, 32), rng.choice((0, rng.randrange(5, 32)))
        name = rng.choice(("beq", "bne", "blt", "bge", "bltu", "bgeu"))
        inside = self._few(shape)
        return join((Step((f"{name} x{a}, x{b}, 1f",)), *inside, Step(("1:",))))

    def _loop(self, shape: Shape) -> Step:
        head = (f"li x{COUNTER}, {self.rng.randrange(1, 5)}", "2:")
        tail = (f"addi x{COUNTER}, x{COUNTER}, -1", f"bnez x{COUNTER}, 2b")
        return join((Step(head), *self._few(shape), Step(tail)))

    def _few(self, shape: Shape) -> list[Step]:
        inside = [self._one(shape) for _ in range(self.rng.randrange(1, 6))]
        if shape is not _SCALAR and self.rng.random() < 0.4:
            inside.insert(self.rng.randrange(len(inside) + 1), self._set(shape))
        return inside

    def state(self) -> Case:
        """Registers and memory to start with; the form is to be replaced."""
        generator = self.generator
        row = TABLE["vfadd.vv" if self.vlen else "ld"]
        shape = self.rng.choice(self.shapes) if self.vlen else _SCALAR
        case = generator.case(row, generator.form(row, shape), shape)
        return replace(case, memory=generator.page())


def _usable(row: Insn, operands: dict[str, int], shape: Shape) -> bool:
    """The registers that the programs need stay as they are; indices can be made to fit."""
    plain = expand(Decoded(row, operands))
    file = next((o.file for o in plain.insn.operands if o.key == "rd"), "")
    if file == "x" and plain.operands["rd"] in (1, 2, 3, 4, COUNTER):
        return False
    if not uses_memory(row):
        return True
    kinds = kinds_of(row)
    if "index" in kinds and f"ei{shape.sew}." not in row.name:
        return False
    rs2 = operands["rs2"] if "stride" in kinds else 0
    base = operands.get("rs1", operands.get("cp1", 0))
    return base not in (29, COUNTER, rs2) and rs2 != COUNTER


def judge(programs: Programs, count: int, length: int) -> None:
    """Run `count` programs; of the first that differs, tell the least beginning that does."""
    setup = Setup(programs.vlen, memory=True)
    made = [programs.steps(length) for _ in range(count)]
    cases = [replace(programs.state(), form=form_of(steps)) for steps in made]
    report = compare(cases, setup)
    assert report.trapped == 0
    if not report.wrong:
        return
    for steps, case in zip(made, cases, strict=True):
        low, high = 0, len(steps)  # the beginnings of these lengths: the same; not the same
        if not compare([case], setup).wrong:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            begun = replace(case, form=form_of(steps[:middle]))
            low, high = (low, middle) if compare([begun], setup).wrong else (middle, high)
        last = replace(case, form=form_of(steps[:high]))
        text = "\n".join(line for step in steps[:high] for line in step.body)
        found = "\n".join(compare([last], setup).wrong[0].splitlines()[1:])
        raise AssertionError(f"after\n{text}\n{found}")
    raise AssertionError(report.wrong[0])
