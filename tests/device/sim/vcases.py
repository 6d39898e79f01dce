"""Random cases for a row of the instruction table: legal ones mostly, values at the edges.

Nothing here says what an instruction does or which operands it takes: that is QEMU's to judge.
What is guessed from a name only makes a case more likely to be of interest.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from kcc.backend.disasm import disassemble
from kcc.backend.encode import decode
from kcc.backend.isa import TABLE, Field, Insn
from values import FLOATS, boxed, integer, integers
from vcompare import Excuse, Report, compare
from vdeparts import excuse as departs
from vharness import PAGE, SANDBOX, SCALARS, Case, Form, Setup, vtype_of

_MEMORY = re.compile(
    r"v[ls](?:(?P<index>[uo]x)|(?P<stride>s))?(?:seg(?P<nf>\d))?(?P<e>ei?)(?P<eew>\d+)(?:ff)?\.v"
)
_WHOLE = re.compile(r"v[ls](?P<nf>\d)r(?:e\d+)?\.v")
# QEMU 7.2 aborts on these: it records the opcode twice. There the mode is set around the others.
_ABORTS = re.compile(r"(vf[wn]?cvt)\.rtz(\.xu?\.f\.[vw])")
_POOL = 12  # register images of a kind


def is_vector(row: Insn) -> bool:
    return row.ext == "V"


def uses_memory(row: Insn) -> bool:
    return bool(_MEMORY.fullmatch(row.name) or _WHOLE.fullmatch(row.name)) or (
        row.name in ("vlm.v", "vsm.v") or "(rs1)" in row.syntax or "(cp1)" in row.syntax
    )


@dataclass(frozen=True)
class Shape:
    """Elements an instruction meets: SEW, LMUL as a power of two, and how many there can be."""

    sew: int
    lmul: int
    vlmax: int


class Generator:
    """Draws forms and cases. The same seed gives the same ones."""

    def __init__(self, vlen: int, seed: object) -> None:
        self.vlen = vlen
        self.rng = random.Random(f"{seed} {vlen}")
        self._images: dict[tuple[str, int], list[bytes]] = {}
        self._memory = [self.rng.randbytes(PAGE) for _ in range(4)]
        self._scalars = [self._draw_scalars() for _ in range(64)]

    # -- forms

    def shape(self, row: Insn) -> Shape:
        rng = self.rng
        sews = (16, 32, 32, 64, 64, 8) if is_float(row) else (8, 16, 32, 64)
        for _ in range(rng.choice((1, 30, 30, 30, 30, 30))):  # the first is perhaps reserved
            sew, lmul = rng.choice(sews), rng.choice((-3, -2, -1, 0, 0, 1, 2, 3))
            least, most = (lmul + n for n in _reach(row, sew))
            fits = 8 << lmul + 3 >= sew and least >= -3 and most <= 3
            if fits and (_MEMORY.fullmatch(row.name) or 8 <= _other(row, sew) <= 64):
                break
        return Shape(sew, lmul, max((self.vlen << lmul + 3) // 8 // sew, 1))

    def word(self, row: Insn, shape: Shape) -> int:
        """An instruction word. All groups are aligned to the same power of two, mostly."""
        rng = self.rng
        wide = shape.lmul + _width(row, shape.sew)
        align = rng.choice((wide, wide, wide, shape.lmul, 3)) if rng.random() < 0.9 else 0
        step = 1 << min(max(align, 0), 3)
        unmasked = rng.randrange(2)
        operands: dict[str, int] = {}
        for key, field in row.fields:
            operands[key] = self._operand(key, field, row, step, unmasked)
            if key != "vd" and operands[key] == operands.get("vd") and rng.random() < 0.6:
                operands[key] = self._operand(key, field, row, step, unmasked)
        return row.match | sum(field.place(operands[key]) for key, field in row.fields)

    def _operand(self, key: str, field: Field, row: Insn, step: int, unmasked: int) -> int:
        rng = self.rng
        file = next(o.file for o in row.operands if o.key == key)
        if key == "vm":
            return unmasked
        if key in ("vd", "vs1", "vs2", "vs3"):
            # A masked result over its own mask is reserved, nearly everywhere.
            avoid = key in ("vd", "vs3") and not unmasked and rng.random() < 0.9
            avoid |= key == "vs2" and "index" in kinds_of(row)  # v0 holds masks, no addresses
            return rng.randrange(step if avoid else 0, 32, step)
        if file == "f":
            return rng.randrange(32)
        if file == "x":
            based = key == "rs1" and uses_memory(row)
            return rng.randrange(5, 32) if based or rng.random() < 0.9 else 0
        if field.kind == "rm":
            return rng.choice((0, 1, 2, 3, 4, 7, 7, 7))
        while True:
            value = rng.randrange(field.bounds[0], field.bounds[1] + 1, field.scale)
            if field.fits(value):
                return value

    def form(self, row: Insn, shape: Shape) -> Form:
        rng = self.rng
        word = self.word(row, shape)
        while (decoded := decode(word)) is None or decoded.insn is not row:  # an excluded operand
            word = self.word(row, shape)
        body = _body(word, row.size)
        frm = rng.choice((0, 0, 0, 0, 1, 2, 3, 4)) if is_float(row) else 0
        if not is_vector(row):
            return Form(body, frm=frm)
        vtype = vtype_of(shape.sew, shape.lmul, rng.randrange(2), rng.randrange(2))
        if rng.random() < 0.02:
            vtype |= 4 if rng.random() < 0.5 else 1 << 8
            vtype &= ~3 if vtype >> 8 == 0 else -1
        twin: tuple[str, ...] = ()
        if found := _ABORTS.fullmatch(row.name):
            other = TABLE["".join(found.groups())]
            twin = ("fsrmi x2, 1", *_body(word & ~row.mask | other.match, row.size), "fsrm x2")
        return Form(body, vtype, rng.random() < 0.1, rng.random() < 0.12, frm, twin)

    # -- cases

    def case(self, row: Insn, form: Form, shape: Shape) -> Case:
        rng = self.rng
        memory = uses_memory(row)
        limit = shape.vlmax
        avl = rng.choice((limit, limit, limit, limit + 5, 0, 1, 2, limit - 1, -1))
        avl = avl if avl >= 0 else rng.randrange(limit + 1)
        scalars = rng.choice(self._scalars)
        if memory or rng.random() < 0.3:
            scalars = self._place(row, form, shape, min(avl, limit), scalars)
        vector = is_vector(row)
        return Case(
            form,
            scalars,
            rng.choice(self._pool(row, shape)) if vector else bytes(4 * self.vlen),
            self.page() if memory else b"",
            avl=avl if vector else 0,
            # Never 0: where only that is legal QEMU looks when it translates, then no more. Of
            # few values, since each is translated for.
            vstart=rng.choice((1, 1 + limit // 2)) if form.vstart else 0,
            vcsr=rng.randrange(8) if vector else 0,
            fflags=rng.choice((0, 0, rng.randrange(32))),
        )

    def _draw_scalars(self) -> bytes:
        rng = self.rng
        return SCALARS.pack(*(integer(rng) for _ in range(27)), *(boxed(rng) for _ in range(32)))

    def _place(self, row: Insn, form: Form, shape: Shape, vl: int, scalars: bytes) -> bytes:
        """The scalars with small numbers in them, or addresses where the row wants some."""
        rng = self.rng
        values = list(SCALARS.unpack(scalars))
        operands = form_operands(form)
        rs1, rs2 = operands.get("rs1", operands.get("cp1", 0)), operands.get("rs2", 0)
        if not uses_memory(row):
            for reg in (rs1, rs2):
                if reg > 4:
                    values[reg - 5] = rng.randrange(2 * shape.vlmax + 1)
            return SCALARS.pack(*values)
        low, high, stride, size = self._span(row, shape, vl)
        if rs2 > 4 and rs2 != rs1 and "stride" in (row.name, *kinds_of(row)):
            values[rs2 - 5] = stride & (1 << 64) - 1
        room = PAGE - high + low
        offset = rng.randrange(0, max(room, 1), size) - low
        if rng.random() < 0.06:  # run out of the page, on either side
            offset = rng.choice((PAGE - high // 2, -high // 2)) // size * size
        offset -= displacement(operands)
        values[rs1 - 5] = SANDBOX + offset & (1 << 64) - 1
        return SCALARS.pack(*values)

    def _span(self, row: Insn, shape: Shape, vl: int) -> tuple[int, int, int, int]:
        """Lowest and one past the highest byte from the base, the stride, and the alignment."""
        rng = self.rng
        if whole := _WHOLE.fullmatch(row.name):
            return 0, int(whole["nf"]) * self.vlen // 8, 0, 8
        found = _MEMORY.fullmatch(row.name)
        if found is None:
            return (
                0,
                8 if not is_vector(row) else -(-max(vl, 1) // 8),
                0,
                1 if is_vector(row) else 8,
            )
        nf, eew = int(found["nf"] or 1), int(found["eew"])
        size = (shape.sew if found["index"] else eew) // 8
        if found["index"]:
            return 0, min(PAGE // 2, 1 << eew) + nf * size, 0, size
        if not found["stride"]:
            return 0, max(vl, 1) * nf * size, 0, size
        most = max((PAGE - nf * size) // max(vl, 1) // size, 1)
        stride = rng.choice((0, 1, nf, -1, -nf, 2 * nf, rng.randrange(-most, most + 1))) * size
        ends = (0, (max(vl, 1) - 1) * stride)
        return min(ends), max(ends) + nf * size, stride, size

    def page(self) -> bytes:
        return self.rng.choice(self._memory)

    # -- vector registers

    def _pool(self, row: Insn, shape: Shape) -> list[bytes]:
        key = _values_of(row, shape.sew)
        if key not in self._images:
            self._images[key] = [self._image(*key) for _ in range(_POOL)]
        return self._images[key]

    def _image(self, kind: str, width: int) -> bytes:
        """All registers: mostly of the kind asked for, else of the double width, or random."""
        rng = self.rng
        size = self.vlen // 8
        parts = []
        for reg in range(32):
            pick = rng.random()
            if reg == 0 and pick < 0.4:
                parts.append(rng.choice((b"\xff", b"\0", b"\x55", b"\x01")) * size)
            elif pick < 0.65 or kind == "index":
                parts.append(self._values(kind, width, size))
            elif pick < 0.85 and width < 64:
                parts.append(self._values(kind, 2 * width, size))
            else:
                parts.append(rng.randbytes(size))
        return b"".join(parts)

    def _values(self, kind: str, width: int, size: int) -> bytes:
        rng = self.rng
        count = size * 8 // width
        if kind == "index":
            top = min(PAGE // 2, 1 << width) // 8
            found = [8 * rng.randrange(top) for _ in range(count)]
        elif kind == "small":
            top = min(2 * self.vlen * 8 // width, 1 << width)
            found = [rng.randrange(top) for _ in range(count)]
        else:
            edges = FLOATS[width] if kind == "float" and width > 8 else integers_of(width)
            found = rng.choices(edges, k=count)
            if rng.random() < 0.5:
                found = [n if rng.random() < 0.6 else rng.getrandbits(width) for n in found]
        return b"".join(n.to_bytes(width // 8, "little") for n in found)


integers_of = cache(integers)


def form_operands(form: Form) -> dict[str, int]:
    """Of the instruction that a drawn form consists of."""
    decoded = decode(int(form.body[0].split()[1], 16))
    assert decoded is not None
    return decoded.operands


def displacement(operands: dict[str, int]) -> int:
    """What an instruction adds to its base register."""
    return sum(operands.get(key, 0) for key in ("imm12", "store12", "clw", "cld"))


def _body(word: int, size: int) -> tuple[str, ...]:
    (line,) = disassemble(word.to_bytes(size, "little"), 0, {})
    return (f".{size}byte {word:#x} // {line.text}".replace("\t", " "),)


def is_float(row: Insn) -> bool:
    return row.name.startswith(("vf", "vmf", "f")) and not row.name.startswith(("vfirst", "fence"))


def _width(row: Insn, sew: int) -> int:
    """How much wider than LMUL the widest group seems to be, as a power of two."""
    if row.name.startswith(("vw", "vfw", "vn", "vfn")):
        return 1
    if row.name == "vrgatherei16.vv":
        return 5 - sew.bit_length()
    found = _MEMORY.fullmatch(row.name)
    return int(found["eew"]).bit_length() - sew.bit_length() if found else 0


def _other(row: Insn, sew: int) -> int:
    """The width of what the row extends, widens to or narrows from, in bits."""
    part = re.search(r"ext\.vf(\d)", row.name)
    return sew // int(part[1]) if part else sew << max(_width(row, sew), 0)


def _reach(row: Insn, sew: int) -> tuple[int, int]:
    """The least and the greatest group beside LMUL, as powers of two."""
    width = _width(row, sew)
    found = _MEMORY.fullmatch(row.name)
    nf = (int(found["nf"] or 1) - 1).bit_length() if found else 0
    data = nf if found and found["index"] else width + nf
    part = re.search(r"ext\.vf(\d)", row.name)
    least = 1 - int(part[1]).bit_length() if part else min(width, 0)
    return least, max(width, data, 0)


def kinds_of(row: Insn) -> tuple[str, ...]:
    found = _MEMORY.fullmatch(row.name)
    return tuple(key for key in ("index", "stride") if found and found[key])


def _values_of(row: Insn, sew: int) -> tuple[str, int]:
    """What to fill the vector registers with: a kind of values, and their width."""
    found = _MEMORY.fullmatch(row.name)
    if found and found["index"]:
        return "index", int(found["eew"])
    if row.name.startswith("vrgather"):
        return "small", 16 if "ei16" in row.name else sew
    return "float" if is_float(row) else "int", sew


def draw(rows: Sequence[Insn], vlen: int, seed: object, count: int, each: int) -> list[Case]:
    """`count` cases per row, `each` of them of the same form."""
    generator = Generator(vlen, seed)
    cases = []
    for row in rows:
        for _ in range(-(-count // each)):
            shape = generator.shape(row)
            form = generator.form(row, shape)
            cases += [generator.case(row, form, shape) for _ in range(each)]
    return cases


def sweep(
    *names: str,
    count: int = 60,
    vlen: int = 128,
    seed: object = 0,
    each: int = 6,
    flags: bool = True,
    excuse: Excuse | None = departs,
) -> Report:
    """Random cases of the rows named, `count` of each, on QEMU and our machine.

    excuse:  None: every difference counts, also where QEMU is known to be wrong.
    each:    cases that share a form, and so its translation.
    flags:   False: nobody reads fflags.
    returns: the report; report.check() raises AssertionError with the differences.
    """
    report = Report()
    rows = [TABLE[name] for name in names]
    vector = any(is_vector(row) for row in rows)
    for memory in (False, True):
        chosen = [row for row in rows if uses_memory(row) is memory]
        cases = draw(chosen, vlen if vector else 0, seed, count, each) if chosen else []
        report.add(compare(cases, Setup(vlen if vector else 0, flags, memory), excuse))
    return report


def with_known_vl(names: Sequence[str], vlen: int, count: int) -> list[Case]:
    """Random cases of rows, whose vl the translator knows, mostly less than VLMAX."""
    cases = []
    for n, case in enumerate(draw([TABLE[name] for name in names], vlen, "known", count, 1)):
        vtype = case.form.vtype or 0
        if vtype >> 8 or vtype & 7 == 4:  # reserved, or too long for the immediate
            continue
        sets = f"vsetivli x0, {n % 32}, {vtype}"
        form = replace(case.form, body=(sets, *case.form.body), vstart=False)
        cases.append(replace(case, form=form, vstart=0))
    return cases
