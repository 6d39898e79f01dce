"""F and D: floating point, written once for both formats.

The host computes with the same IEEE formats, rounding to nearest. That serves every instruction
but for two things: other rounding modes, and the flags. Where either matters, an instruction
asks softfloat.py, unless it is plain that the host's result is right and raises no new flag.
NaNs and boxes are the builder's business.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from . import state
from .build import Builder, Operands, Semantics
from .softfloat import FORMATS, NV, NX, RNE, Format

# Rounding to an integral value, by mode: RNE RTZ RDN RUP RMM.
_INTEGRAL = ("roundeven", "trunc", "floor", "ceil", "round")


@dataclass(frozen=True)
class _Kind:
    """A format as the host knows it."""

    letter: str
    type: str  # in LLVM IR
    suffix: str  # of intrinsics
    bits: str  # the integer type of the same size

    @property
    def format(self) -> Format:
        return FORMATS[self.letter]

    def read(self, b: Builder, reg: int) -> str:
        return b.f32(reg) if self.letter == "s" else b.f64(reg)

    def write(self, b: Builder, reg: int, value: str, *, exact: bool = False) -> None:
        (b.set_f32 if self.letter == "s" else b.set_f64)(reg, value, exact=exact)

    def read_bits(self, b: Builder, reg: int) -> str:
        return b.f32_bits(reg) if self.letter == "s" else b.f_bits(reg)

    def write_bits(self, b: Builder, reg: int, bits: str) -> None:
        (b.set_f32_bits if self.letter == "s" else b.set_f_bits)(reg, bits)

    def widen(self, b: Builder, bits: str) -> str:
        """Bits of this format as an i64."""
        return b.op(f"zext i32 {bits} to i64") if self.letter == "s" else bits

    def number(self, value: float) -> str:
        """A constant: LLVM writes both formats as a double's bits."""
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


S = _Kind("s", "float", "f32", "i32")
D = _Kind("d", "double", "f64", "i64")
KINDS = (S, D)

# From the values of the operands to the value, as the host computes it.
Compute = Callable[[Builder, _Kind, list[str]], str]


def _host_binary(operation: str) -> Compute:
    return lambda b, k, v: b.op(f"{operation} {k.type} {v[0]}, {v[1]}")


def _host_root(b: Builder, k: _Kind, v: list[str]) -> str:
    # LLVM takes the host's NaN to be as good as any other, so it gets none but the canonical.
    rooted = b.op(f"fcmp oge {k.type} {v[0]}, 0.0")
    safe = b.select(rooted, k.type, v[0], "0x7FF8000000000000")
    return b.call(k.type, f"llvm.sqrt.{k.suffix}", (k.type, safe))


def _host_fused(negate_product: bool, negate_addend: bool) -> Compute:
    def compute(b: Builder, k: _Kind, v: list[str]) -> str:
        x = b.op(f"fneg {k.type} {v[0]}") if negate_product else v[0]
        z = b.op(f"fneg {k.type} {v[2]}") if negate_addend else v[2]
        return b.call(k.type, f"llvm.fma.{k.suffix}", (k.type, x), (k.type, v[1]), (k.type, z))

    return compute


def _arithmetic(k: _Kind, registers: tuple[str, ...], compute: Compute) -> Semantics:
    """An operation that rounds once."""

    def emit(b: Builder, o: Operands) -> None:
        mode = b.rounding(o["rm"])
        if mode is None:
            b.illegal()
            return
        if mode == RNE and not b.mode.track_flags:
            k.write(b, o["rd"], compute(b, k, [k.read(b, o[r]) for r in registers]))
            return
        bits = [k.widen(b, k.read_bits(b, o[r])) for r in registers]
        if mode != RNE:
            _write_exact(b, k, o["rd"], _exactly(b, mode, bits))
            return
        # With "inexact" raised already, a result well inside the range raises nothing new.
        value = compute(b, k, [k.read(b, o[r]) for r in registers])
        old = b.op(f"and i64 {b.state('fflags')}, {NX}")
        raised = b.op(f"icmp ne i64 {old}, 0")
        plain = b.op(f"and i1 {raised}, {_is_inside(b, k, value)}")
        fast, slow, done = b.label, b.new_label(), b.new_label()
        b.branch(plain, done, slow)
        b.start(slow)
        exact = _exactly(b, mode, bits)
        if k is S:
            exact = b.op(f"trunc i64 {exact} to i32")
        exact_value = b.op(f"bitcast {k.bits} {exact} to {k.type}")
        b.goto(done)
        b.start(done)
        joined = b.op(f"phi {k.type} [ {value}, %{fast} ], [ {exact_value}, %{slow} ]")
        k.write(b, o["rd"], joined)

    return emit


def _is_inside(b: Builder, k: _Kind, value: str) -> str:
    """An i1: finite, and so far from the least normal number that nothing underflowed."""
    low = 2.0 ** (k.format.emin + k.format.precision)
    high = 2.0 ** (-k.format.emin - k.format.precision)
    size = b.call(k.type, f"llvm.fabs.{k.suffix}", (k.type, value))
    above = b.op(f"fcmp oge {k.type} {size}, {k.number(low)}")
    below = b.op(f"fcmp ole {k.type} {size}, {k.number(high)}")
    return b.op(f"and i1 {above}, {below}")


def _exactly(b: Builder, mode: int, bits: list[str]) -> str:
    """The result of the current instruction by softfloat, which also raises its flags: an i64."""
    for i, value in enumerate(bits):
        b.set_state("soft_operands", value, i)
    b.set_state("soft_word", str(b.word | mode << 32))
    b.consult(state.SOFT_FLOAT)
    return b.state("soft_operands")


def _write_exact(b: Builder, k: _Kind, reg: int, bits: str) -> None:
    k.write_bits(b, reg, b.op(f"trunc i64 {bits} to i32") if k is S else bits)


# -- conversions ----------------------------------------------------------------------------------


def _to_integer(k: _Kind, bits: int, signed: bool) -> Semantics:
    """Out of range gives the nearest end of the range, NaN the upper one."""
    kind = f"i{bits}"
    function = f"llvm.fpto{'s' if signed else 'u'}i.sat.{kind}.{k.suffix}"
    limit = k.number(2.0 ** (bits - signed))
    lowest = k.number(-(2.0 ** (bits - 1)) if signed else 0.0)
    greatest = str((1 << bits - 1) - 1) if signed else "-1"

    def emit(b: Builder, o: Operands) -> None:
        mode = b.rounding(o["rm"])
        if mode is None:
            b.illegal()
            return
        value = k.read(b, o["rs1"])
        whole = b.call(k.type, f"llvm.{_INTEGRAL[mode]}.{k.suffix}", (k.type, value))
        number = b.call(kind, function, (k.type, whole))
        nan = b.op(f"fcmp uno {k.type} {value}, {k.number(0.0)}")
        result = b.select(nan, kind, greatest, number)
        if b.mode.track_flags:
            above = b.op(f"fcmp oge {k.type} {whole}, {lowest}")
            below = b.op(f"fcmp olt {k.type} {whole}, {limit}")
            inside = b.op(f"and i1 {above}, {below}")
            same = b.op(f"fcmp oeq {k.type} {whole}, {value}")
            inexact = b.select(same, "i64", "0", str(NX))
            b.raise_flags(b.select(inside, "i64", inexact, str(NV)))
        (b.set_x if bits == 64 else b.set_x32)(o["rd"], result)

    return emit


def _from_integer(k: _Kind, bits: int, signed: bool) -> Semantics:
    kind = f"i{bits}"
    always_exact = bits < k.format.precision

    def emit(b: Builder, o: Operands) -> None:
        mode = b.rounding(o["rm"])
        if mode is None:
            b.illegal()
            return
        if always_exact or (mode == RNE and not b.mode.track_flags):
            value = b.x(o["rs1"]) if bits == 64 else b.x32(o["rs1"])
            operation = "sitofp" if signed else "uitofp"
            k.write(b, o["rd"], b.op(f"{operation} {kind} {value} to {k.type}"))
        else:
            _write_exact(b, k, o["rd"], _exactly(b, mode, [b.x(o["rs1"])]))

    return emit


def _narrow(b: Builder, o: Operands) -> None:
    mode = b.rounding(o["rm"])
    if mode is None:
        b.illegal()
    elif mode == RNE and not b.mode.track_flags:
        b.set_f32(o["rd"], b.op(f"fptrunc double {b.f64(o['rs1'])} to float"))
    else:
        _write_exact(b, S, o["rd"], _exactly(b, mode, [b.f_bits(o["rs1"])]))


def _widen(b: Builder, o: Operands) -> None:
    if b.rounding(o["rm"]) is None:
        b.illegal()
        return
    _raise_if_signaling(b, S, o["rs1"])
    b.set_f64(o["rd"], b.op(f"fpext float {b.f32(o['rs1'])} to double"))


# -- comparisons, signs, moves --------------------------------------------------------------------


def _raise_if(b: Builder, cond: str, flag: int) -> None:
    b.raise_flags(b.select(cond, "i64", str(flag), "0"))


def _raise_if_signaling(b: Builder, k: _Kind, *regs: int) -> None:
    if not b.mode.track_flags:
        return
    for reg in dict.fromkeys(regs):
        value = b.op(f"bitcast {k.bits} {k.read_bits(b, reg)} to {k.type}")
        _raise_if(b, _is_class(b, k, value, 1), NV)


def _is_class(b: Builder, k: _Kind, value: str, classes: int) -> str:
    function = f"llvm.is.fpclass.{k.suffix}"
    return b.call("i1", function, (k.type, value), ("i32", str(classes)))


def _compare(k: _Kind, predicate: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        x, y = k.read(b, o["rs1"]), k.read(b, o["rs2"])
        if predicate == "oeq":
            _raise_if_signaling(b, k, o["rs1"], o["rs2"])
        elif b.mode.track_flags:
            _raise_if(b, b.op(f"fcmp uno {k.type} {x}, {y}"), NV)
        holds = b.op(f"fcmp {predicate} {k.type} {x}, {y}")
        b.set_x(o["rd"], b.op(f"zext i1 {holds} to i64"))

    return emit


def _extreme(k: _Kind, less: str) -> Semantics:
    """The number if the other is a NaN; -0 is less than +0."""

    def emit(b: Builder, o: Operands) -> None:
        _raise_if_signaling(b, k, o["rs1"], o["rs2"])
        x, y = k.read(b, o["rs1"]), k.read(b, o["rs2"])
        wanted = b.op(f"fcmp {less} {k.type} {x}, {y}")
        chosen = b.select(wanted, k.type, x, y)
        # Equal numbers differ in the sign of zero at most: combine their bits.
        xs, ys = (b.op(f"bitcast {k.type} {v} to {k.bits}") for v in (x, y))
        combined = b.op(f"{'or' if less == 'olt' else 'and'} {k.bits} {xs}, {ys}")
        zero = b.op(f"bitcast {k.bits} {combined} to {k.type}")
        chosen = b.select(b.op(f"fcmp oeq {k.type} {x}, {y}"), k.type, zero, chosen)
        y_nan = b.op(f"fcmp uno {k.type} {y}, {y}")
        chosen = b.select(y_nan, k.type, x, chosen)  # if x is one, "less" was false: y
        k.write(b, o["rd"], chosen)

    return emit


def _sign(k: _Kind, operation: str) -> Semantics:
    """The second operand's sign: as it is, inverted, or combined with the first's."""
    top = 1 << k.format.bits - 1
    rest = top - 1

    def emit(b: Builder, o: Operands) -> None:
        rd, rs1, rs2 = o["rd"], o["rs1"], o["rs2"]
        if operation == "fsgnj" and rs1 == rs2:
            (b.copy_f32 if k is S else b.copy_f64)(rd, rs1)
            return
        x, y = k.read_bits(b, rs1), k.read_bits(b, rs2)
        if operation == "fsgnjn":
            y = b.op(f"xor {k.bits} {y}, -1")
        elif operation == "fsgnjx":
            y = b.op(f"xor {k.bits} {y}, {x}")
        sign = b.op(f"and {k.bits} {y}, -{top}")
        bits = b.op(f"or {k.bits} {b.op(f'and {k.bits} {x}, {rest}')}, {sign}")
        k.write_bits(b, rd, bits)

    return emit


# Bit of fclass's result, from 0 up -> LLVM's class.
_CLASSES = (4, 8, 16, 32, 64, 128, 256, 512, 1, 2)


def _classify(k: _Kind) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = b.op(f"bitcast {k.bits} {k.read_bits(b, o['rs1'])} to {k.type}")
        result = "0"
        for bit, llvm_class in enumerate(_CLASSES):
            result = b.select(_is_class(b, k, value, llvm_class), "i64", str(1 << bit), result)
        b.set_x(o["rd"], result)

    return emit


def _load(k: _Kind) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        k.write(b, o["rd"], b.load(k.type, o["rs1"], o["imm12"]), exact=True)

    return emit


def _store(k: _Kind) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        bits = b.f_bits(o["rs2"])  # as they are, boxed or not
        if k is S:
            bits = b.op(f"trunc i64 {bits} to i32")
        b.store(k.bits, bits, o["rs1"], o["store12"])

    return emit


def _move_word_to_integer(b: Builder, o: Operands) -> None:
    b.set_x32(o["rd"], b.op(f"trunc i64 {b.f_bits(o['rs1'])} to i32"))


def _move_word_from_integer(b: Builder, o: Operands) -> None:
    b.set_f32_bits(o["rd"], b.x32(o["rs1"]))


def _move_to_integer(b: Builder, o: Operands) -> None:
    b.set_x(o["rd"], b.f_bits(o["rs1"]))


def _move_from_integer(b: Builder, o: Operands) -> None:
    b.set_f_bits(o["rd"], b.x(o["rs1"]))


# -- the table ------------------------------------------------------------------------------------

_FUSED = {
    "fmadd": (False, False),
    "fmsub": (False, True),
    "fnmsub": (True, False),
    "fnmadd": (True, True),
}
_COMPARISONS = {"feq": "oeq", "flt": "olt", "fle": "ole"}
_INTEGERS = {"w": (32, True), "wu": (32, False), "l": (64, True), "lu": (64, False)}


def _of_kind(k: _Kind) -> dict[str, Semantics]:
    two = ("rs1", "rs2")
    rows = {
        f"{name}.{k.letter}": _arithmetic(k, two, _host_binary(name))
        for name in ("fadd", "fsub", "fmul", "fdiv")
    }
    rows[f"fsqrt.{k.letter}"] = _arithmetic(k, ("rs1",), _host_root)
    for name, signs in _FUSED.items():
        rows[f"{name}.{k.letter}"] = _arithmetic(k, (*two, "rs3"), _host_fused(*signs))
    for name, predicate in _COMPARISONS.items():
        rows[f"{name}.{k.letter}"] = _compare(k, predicate)
    for name, how in _INTEGERS.items():
        rows[f"fcvt.{name}.{k.letter}"] = _to_integer(k, *how)
        rows[f"fcvt.{k.letter}.{name}"] = _from_integer(k, *how)
    for name in ("fsgnj", "fsgnjn", "fsgnjx"):
        rows[f"{name}.{k.letter}"] = _sign(k, name)
    rows[f"fmin.{k.letter}"] = _extreme(k, "olt")
    rows[f"fmax.{k.letter}"] = _extreme(k, "ogt")
    rows[f"fclass.{k.letter}"] = _classify(k)
    return rows


SEMANTICS: dict[str, Semantics] = {
    **_of_kind(S),
    **_of_kind(D),
    "flw": _load(S),
    "fld": _load(D),
    "fsw": _store(S),
    "fsd": _store(D),
    "fmv.x.w": _move_word_to_integer,
    "fmv.w.x": _move_word_from_integer,
    "fmv.x.d": _move_to_integer,
    "fmv.d.x": _move_from_integer,
    "fcvt.s.d": _narrow,
    "fcvt.d.s": _widen,
}
