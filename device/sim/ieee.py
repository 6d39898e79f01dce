"""IEEE arithmetic on the host with the guest's bits and flags, of scalars and of vectors alike.

The host has the same formats, rounds in the same modes but RMM, and raises the same flags. While
a hart runs, the host's floating-point environment is the hart's (runtime_float.py). All that is
left is that every operation must stay in its place among flags and modes, hence the constrained
intrinsics; that none may raise what the guest's would not; and what the host does otherwise:

* NaNs come out as they may. Who writes bits makes them canonical.
* inf * 0 + quiet NaN raises no flag on x86. It is looked for while mode.track_flags.
* Few hosts compute with halves. Singles (for fused operations doubles) do instead: rounding
  twice does no harm when the first result has more than twice the bits (Figueroa 1995).
* RMM asks softfloat.py, an element at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...backend.isa import TABLE
from . import host, state
from .build import Builder
from .marks import BITS, NAN_VALUE, TYPE_OF_VIEW, View
from .mode import HOST, RMM, RNE, RTZ
from .softfloat import FORMATS, Format

# Rounding to an integral value without the inexact flag, by mode: RNE RTZ RDN RUP, the host's.
_INTEGRAL = {0: "roundeven", 1: "trunc", 2: "floor", 3: "ceil", HOST: "nearbyint"}
# Vectors of halves this long at most are converted at once: LLVM 22 knows no more without
# AVX512-FP16, and aborts.
_HALVES = 8


@dataclass(frozen=True)
class Shape:
    """What is computed with: one number of a format, or a host vector of `lanes` of them."""

    view: View
    lanes: int | None = None

    @property
    def format(self) -> Format:
        return FORMATS[self.view]

    @property
    def bits(self) -> int:
        return BITS[TYPE_OF_VIEW[self.view]]

    def of(self, element: str) -> str:
        """The type with another element type."""
        return f"<{self.lanes} x {element}>" if self.lanes else element

    @property
    def floats(self) -> str:
        return self.of(TYPE_OF_VIEW[self.view])

    @property
    def ints(self) -> str:
        return self.of(f"i{self.bits}")

    @property
    def bools(self) -> str:
        return self.of("i1")

    @property
    def suffix(self) -> str:
        """Of intrinsics."""
        return self.suffixed(f"f{self.bits}")

    def suffixed(self, element: str) -> str:
        return f"v{self.lanes}{element}" if self.lanes else element

    def to(self, view: View) -> Shape:
        return replace(self, view=view)

    def all(self, element: str, value: str) -> str:
        """A constant in every lane."""
        return f"splat ({element} {value})" if self.lanes else value

    def number(self, value: float) -> str:
        """LLVM writes singles and doubles as a double's bits, halves as their own."""
        if self.view == "h":
            written = f"0xH{struct.unpack('<H', struct.pack('<e', value))[0]:04X}"
        else:
            written = f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
        return self.all(TYPE_OF_VIEW[self.view], written)

    @property
    def nan(self) -> str:
        return self.all(TYPE_OF_VIEW[self.view], NAN_VALUE[self.view])

    def int(self, value: int) -> str:
        top = 1 << self.bits - 1
        return self.all(f"i{self.bits}", str((value + top) % (2 * top) - top))


# -- helpers: nothing here raises a flag ----------------------------------------------------------


def select(b: Builder, s: Shape, cond: str, yes: str, no: str, *, of: str = "") -> str:
    """of: the whole type of the values, if it is not s.floats."""
    kind = of or s.floats
    return b.op(f"select {s.bools} {cond}, {kind} {yes}, {kind} {no}")


def as_bits(b: Builder, s: Shape, value: str) -> str:
    return b.op(f"bitcast {s.floats} {value} to {s.ints}")


def as_value(b: Builder, s: Shape, bits: str) -> str:
    return b.op(f"bitcast {s.ints} {bits} to {s.floats}")


def is_nan(b: Builder, s: Shape, value: str) -> str:
    """Without a flag where flags count, even if LLVM widens a short vector."""
    if s.view == "h" or b.mode.track_flags:  # by its bits, which serves every host
        size = b.op(f"and {s.ints} {as_bits(b, s, value)}, {s.int((1 << s.bits - 1) - 1)}")
        return b.op(f"icmp ugt {s.ints} {size}, {s.int(s.format.infinity)}")
    return b.op(f"fcmp uno {s.floats} {value}, {s.number(0.0)}")


def canonical(b: Builder, s: Shape, value: str) -> str:
    """An arithmetic result as its bits can be observed."""
    return select(b, s, is_nan(b, s, value), s.nan, value)


def magnitude(b: Builder, s: Shape, value: str) -> str:
    return b.call(s.floats, f"llvm.fabs.{s.suffix}", (s.floats, value))


def is_class(b: Builder, s: Shape, value: str, classes: int) -> str:
    """classes: as LLVM numbers them."""
    function = f"llvm.is.fpclass.{s.suffix}"
    return b.call(s.bools, function, (s.floats, value), ("i32", str(classes)))


# Bit of fclass's result, from 0 up -> LLVM's class.
_CLASSES = (4, 8, 16, 32, 64, 128, 256, 512, 1, 2)


def classify(b: Builder, s: Shape, value: str) -> str:
    """fclass's mask, in integers of the format's size."""
    result = s.int(0)
    for bit, llvm_class in enumerate(_CLASSES):
        result = select(b, s, is_class(b, s, value, llvm_class), s.int(1 << bit), result, of=s.ints)
    return result


def inject_sign(b: Builder, s: Shape, operation: str, x: str, y: str) -> str:
    """Bits x with the sign of bits y: as it is, inverted, or combined with x's."""
    top = 1 << s.bits - 1
    if operation == "fsgnjn":
        y = b.op(f"xor {s.ints} {y}, {s.int(-1)}")
    elif operation == "fsgnjx":
        y = b.op(f"xor {s.ints} {y}, {x}")
    sign = b.op(f"and {s.ints} {y}, {s.int(top)}")
    return b.op(f"or {s.ints} {b.op(f'and {s.ints} {x}, {s.int(top - 1)}')}, {sign}")


# -- arithmetic -----------------------------------------------------------------------------------


def arithmetic(b: Builder, s: Shape, name: str, mode: int, values: Sequence[str]) -> str:
    """fadd, fsub, fmul, fdiv, fsqrt, or a fused operation by its scalar name, fmadd to fnmadd.

    mode: RNE to RMM, or HOST.
    """
    if mode == RMM:
        return _softly(b, f"{name}.{s.view}", (s,) * len(values), s, values)
    with b.rounded(mode):
        return _compute(b, s, name, values)


# name -> whether the product, the addend is negated
_FUSED = {
    "fmadd": (False, False),
    "fmsub": (False, True),
    "fnmsub": (True, False),
    "fnmadd": (True, True),
}


def _compute(b: Builder, s: Shape, name: str, values: Sequence[str]) -> str:
    if s.view == "h" and not host.has_halves():
        wide = s.to("d" if name in _FUSED else "s")
        values = [_extended(b, s, wide, v) for v in values]
        return _truncated(b, wide, s, _compute(b, wide, name, values))
    if name in _FUSED:
        x, y, z = values
        negate_product, negate_addend = _FUSED[name]
        x = b.op(f"fneg {s.floats} {x}") if negate_product else x
        z = b.op(f"fneg {s.floats} {z}") if negate_addend else z
        if b.mode.track_flags:
            _raise_invalid_product(b, s, x, y, z)
        name, values = "fma", (x, y, z)
    operation = "sqrt" if name == "fsqrt" else name
    return b.strict(s.floats, f"{operation}.{s.suffix}", *((s.floats, v) for v in values))


def _raise_invalid_product(b: Builder, s: Shape, x: str, y: str, z: str) -> None:
    """Raise NV for inf * 0 where a quiet NaN hides it from the host."""
    look, go_on = b.new_label(), b.new_label()
    # By its bits, so that comparing raises nothing.
    size = b.op(f"and {s.ints} {as_bits(b, s, z)}, {s.int((1 << s.bits - 1) - 1)}")
    nan = b.op(f"icmp ugt {s.ints} {size}, {s.int(s.format.infinity)}")
    if s.lanes:
        nan = b.call("i1", f"llvm.vector.reduce.or.v{s.lanes}i1", (s.bools, nan))
    b.branch(nan, look, go_on)
    b.start(look)
    factors = []
    for value in (x, y):
        extreme = is_class(b, s, value, 4 | 512 | 32 | 64)  # infinities, zeros
        factors.append(select(b, s, extreme, value, s.number(1.0)))
    b.strict(s.floats, f"fmul.{s.suffix}", *((s.floats, f) for f in factors))
    b.goto(go_on)
    b.start(go_on)


def compare(b: Builder, s: Shape, predicate: str, x: str, y: str, *, quiet: bool = False) -> str:
    """An i1 or a vector of them. NV: for any NaN, or if quiet for signaling ones only."""
    if s.view == "h" and not host.has_halves():
        wide = s.to("s")
        x, y, s = _extended(b, s, wide, x), _extended(b, s, wide, y), wide
    name = f"{'fcmp' if quiet else 'fcmps'}.{s.suffix}"
    return b.strict(s.bools, name, (s.floats, x), (s.floats, y), rounds=False, predicate=predicate)


def extreme(b: Builder, s: Shape, less: str, x: str, y: str) -> str:
    """fmin (less: olt) or fmax (ogt): the number if the other is a NaN; -0 is less than +0."""
    if s.view == "h" and not host.has_halves():
        wide = s.to("s")
        x, y = _extended(b, s, wide, x), _extended(b, s, wide, y)
        return _truncated(b, wide, s, extreme(b, wide, less, x, y))
    wanted = compare(b, s, less, x, y, quiet=True)
    # If x is one, this is false: y.
    wanted = b.op(f"or {s.bools} {wanted}, {is_nan(b, s, y)}")
    chosen = select(b, s, wanted, x, y)
    # Equal numbers differ in the sign of zero at most: combine their bits.
    operation = "or" if less == "olt" else "and"
    combined = b.op(f"{operation} {s.ints} {as_bits(b, s, x)}, {as_bits(b, s, y)}")
    equal = compare(b, s, "oeq", x, y, quiet=True)
    return select(b, s, equal, as_value(b, s, combined), chosen)


# -- conversions ----------------------------------------------------------------------------------


def convert(b: Builder, source: Shape, target: Shape, mode: int, value: str) -> str:
    """Between formats."""
    if target.bits > source.bits:
        return _extended(b, source, target, value)
    if mode == RMM:
        name = f"fcvt.{target.view}.{source.view}"
        return _softly(b, name, (source,), target, (value,))
    with b.rounded(mode):
        return _truncated(b, source, target, value)


def _extended(b: Builder, source: Shape, target: Shape, value: str) -> str:
    if source.view == "h" and not host.has_halves():
        single = source.to("s")
        value = _in_pieces(b, source, single, "fpext", value)
        if target.view == "s":
            return value
        source = single
    name = f"fpext.{target.suffix}.{source.suffix}"
    return b.strict(target.floats, name, (source.floats, value), rounds=False)


def _truncated(b: Builder, source: Shape, target: Shape, value: str) -> str:
    if target.view == "h" and not host.has_halves():
        single = source.to("s")
        if source.view == "d":
            value = _to_odd_single(b, source, value)
        return _in_pieces(b, single, target, "fptrunc", value)
    name = f"fptrunc.{target.suffix}.{source.suffix}"
    return b.strict(target.floats, name, (source.floats, value))


def _in_pieces(b: Builder, source: Shape, target: Shape, operation: str, value: str) -> str:
    """A conversion that the host has for short vectors only."""
    rounds = operation == "fptrunc"
    total = source.lanes or 1
    size = min(total, _HALVES)
    part, whole = replace(source, lanes=source.lanes and size), source
    out = replace(target, lanes=part.lanes)
    results = []
    for at in range(0, total, size):
        piece = value
        if size < total:
            lanes = ", ".join(f"i32 {at + i}" for i in range(size))
            mask = f"<{size} x i32> <{lanes}>"
            piece = b.op(f"shufflevector {whole.floats} {value}, {whole.floats} poison, {mask}")
        name = f"{operation}.{out.suffix}.{part.suffix}"
        results.append(b.strict(out.floats, name, (part.floats, piece), rounds=rounds))
    while len(results) > 1:
        size *= 2
        lanes = ", ".join(f"i32 {i}" for i in range(size))
        results = [
            b.op(f"shufflevector {out.floats} {low}, {out.floats} {high}, <{size} x i32> <{lanes}>")
            for low, high in zip(results[::2], results[1::2], strict=True)
        ]
        out = replace(out, lanes=size)
    return results[0]


def _to_odd_single(b: Builder, s: Shape, value: str) -> str:
    """A double in the range of halves, rounded to odd: a second rounding then errs no more.

    Beyond that range it only has to stay there; NaNs and infinities are as they were.
    """
    rest = (1 << 29) - 1
    bits = as_bits(b, s, value)
    size = b.op(f"and {s.ints} {bits}, {s.int((1 << 63) - 1 - rest)}")
    cut = b.op(f"and {s.ints} {bits}, {s.int(rest)}")
    some = b.op(f"icmp ne {s.ints} {cut}, {s.int(0)}")
    size = select(b, s, some, b.op(f"or {s.ints} {size}, {s.int(1 << 29)}"), size, of=s.ints)
    # Within a single's normal range, so that nothing is lost: halves end long before.
    kept = b.op(f"icmp uge {s.ints} {size}, {s.int(s.format.infinity)}")
    zero = b.op(f"icmp eq {s.ints} {size}, {s.int(0)}")
    kept = b.op(f"or {s.bools} {kept}, {zero}")
    bounded = size
    for function, exponent in (("umin", 100), ("umax", -100)):
        end = s.int(1023 + exponent << 52)
        name = f"llvm.{function}.{s.suffixed('i64')}"
        bounded = b.call(s.ints, name, (s.ints, bounded), (s.ints, end))
    bounded = select(b, s, kept, size, bounded, of=s.ints)
    bounded = inject_sign(b, s, "fsgnj", bounded, bits)
    single = s.to("s")
    name = f"fptrunc.{single.suffix}.{s.suffix}"
    return b.strict(single.floats, name, (s.floats, as_value(b, s, bounded)))


def to_integer(b: Builder, s: Shape, value: str, target: tuple[int, bool], mode: int) -> str:
    """To integers of (bits, signed): out of range gives the nearest end, NaN the upper one."""
    bits, signed = target
    if s.view == "h":  # exactly
        value, s = _extended(b, s, s.to("s"), value), s.to("s")
    low = -(1 << bits - 1) if signed else 0
    high = (1 << bits - signed) - 1
    made = max(bits, 32)
    kind = s.of(f"i{made}")
    name = f"fpto{'s' if signed else 'u'}i.{s.suffixed(f'i{made}')}.{s.suffix}"
    whole = _integral(b, s, value, mode)
    above = compare(b, s, "oge", whole, s.number(float(low)), quiet=True)
    below = compare(b, s, "olt", whole, s.number(float(high + 1)), quiet=True)
    inside = b.op(f"and {s.bools} {above}, {below}")
    # Converting what was not rounded yet raises the flags: NX for a fraction, NV for a NaN.
    flagged = select(b, s, inside, value, s.nan)
    number = b.strict(kind, name, (s.floats, flagged), rounds=False)
    if mode != RTZ:
        exact = select(b, s, inside, whole, s.number(0.0))
        number = b.strict(kind, name, (s.floats, exact), rounds=False)

    def end(value: int) -> str:
        return s.all(f"i{made}", str(value - (1 << made) if value >> made - 1 > 0 else value))

    # Of what is outside, only numbers below the range fail to be above its end.
    least = compare(b, s, "olt", whole, s.number(float(low)), quiet=True)
    limit = select(b, s, least, end(low), end(high), of=kind)
    result = select(b, s, inside, number, limit, of=kind)
    return b.op(f"trunc {kind} {result} to {s.of(f'i{bits}')}") if bits < made else result


def _integral(b: Builder, s: Shape, value: str, mode: int) -> str:
    """Rounded to an integral value; NV for a signaling NaN."""
    if mode != RMM:
        name = f"{_INTEGRAL[mode]}.{s.suffix}"
        rounds = mode == HOST
        return b.strict(s.floats, name, (s.floats, value), rounds=rounds)
    # Beyond the precision all numbers are whole; below, what is cut off is exact, and so is
    # the sum with 1.
    size = magnitude(b, s, value)
    small = compare(b, s, "olt", size, s.number(2.0**s.format.precision), quiet=True)
    cut = select(b, s, small, size, s.number(0.0))
    whole = b.strict(s.floats, f"trunc.{s.suffix}", (s.floats, cut), rounds=False)
    rest = b.strict(s.floats, f"fsub.{s.suffix}", (s.floats, cut), (s.floats, whole))
    away = compare(b, s, "oge", rest, s.number(0.5), quiet=True)
    step = select(b, s, away, s.number(1.0), s.number(0.0))
    whole = b.strict(s.floats, f"fadd.{s.suffix}", (s.floats, whole), (s.floats, step))
    size = select(b, s, small, whole, size)
    bits = inject_sign(b, s, "fsgnj", as_bits(b, s, size), as_bits(b, s, value))
    return as_value(b, s, bits)


def from_integer(b: Builder, s: Shape, value: str, source: tuple[int, bool], mode: int) -> str:
    """From integers of (bits, signed)."""
    bits, signed = source
    if bits < 32:
        wide = s.of("i32")
        value = b.op(f"{'sext' if signed else 'zext'} {s.of(f'i{bits}')} {value} to {wide}")
        bits = 32
    if mode == RMM and bits >= s.format.precision:
        wide = s.of("i64")
        if bits < 64:
            value = b.op(f"{'sext' if signed else 'zext'} {s.of(f'i{bits}')} {value} to {wide}")
        name = f"fcvt.{s.view}.l{'' if signed else 'u'}"
        return _softly(b, name, (None,), s, (value,))
    with b.rounded(RNE if mode == RMM else mode):
        if s.view == "h" and not host.has_halves():
            # What a single cannot hold is beyond the range of halves, and stays so.
            return _truncated(b, s.to("s"), s, _from_integer(b, s.to("s"), value, bits, signed))
        return _from_integer(b, s, value, bits, signed)


def _from_integer(b: Builder, s: Shape, value: str, bits: int, signed: bool) -> str:
    name = f"{'s' if signed else 'u'}itofp.{s.suffix}.{s.suffixed(f'i{bits}')}"
    return b.strict(s.floats, name, (s.of(f"i{bits}"), value))


# -- softfloat ------------------------------------------------------------------------------------


def _softly(
    b: Builder,
    name: str,
    sources: Sequence[Shape | None],
    target: Shape,
    values: Sequence[str],
) -> str:
    """A scalar instruction of that name by softfloat, which also raises the flags.

    sources: shapes of the operands; None for 64-bit integers.
    """
    b.set_state("soft_word", str(TABLE[name].match | RMM << 32))
    if not target.lanes:
        return _soft_element(b, sources, target, values)
    # for (i = 0; i != lanes; i++) made[i] = soft(values[i])
    before, loop, done = b.label, b.new_label(), b.new_label()
    lane, made, lane_next, made_next = (b.name() for _ in range(4))
    b.goto(loop)
    b.start(loop)
    b.emit(f"%{lane} = phi i32 [ 0, %{before} ], [ %{lane_next}, %{loop} ]")
    b.emit(
        f"%{made} = phi {target.floats} [ zeroinitializer, %{before} ], [ %{made_next}, %{loop} ]"
    )
    kinds = [shape.floats if shape else target.of("i64") for shape in sources]
    elements = [
        b.op(f"extractelement {kind} {value}, i32 %{lane}")
        for kind, value in zip(kinds, values, strict=True)
    ]
    scalars = [shape and replace(shape, lanes=None) for shape in sources]
    one = replace(target, lanes=None)
    result = _soft_element(b, scalars, one, elements)
    b.emit(
        f"%{made_next} = insertelement {target.floats} %{made}, {one.floats} {result}, i32 %{lane}"
    )
    b.emit(f"%{lane_next} = add i32 %{lane}, 1")
    b.branch(b.op(f"icmp eq i32 %{lane_next}, {target.lanes}"), done, loop)
    b.start(done)
    return f"%{made_next}"


def _soft_element(
    b: Builder, sources: Sequence[Shape | None], target: Shape, values: Sequence[str]
) -> str:
    for i, (shape, value) in enumerate(zip(sources, values, strict=True)):
        bits = as_bits(b, shape, value) if shape else value
        if shape and shape.bits < 64:
            bits = b.op(f"zext {shape.ints} {bits} to i64")
        b.set_state("soft_operands", bits, i)
    b.consult(state.SOFT_FLOAT)
    result = b.state("soft_operands")
    if target.bits < 64:
        result = b.op(f"trunc i64 {result} to {target.ints}")
    return as_value(b, target, result)
