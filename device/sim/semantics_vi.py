"""V: integer arithmetic, chapter 11 of V 1.0."""

from __future__ import annotations

from collections.abc import Callable

from .build import Operands
from .vdivide import quotient
from .vector import Vector, VectorSemantics
from .velements import MASK, Lanes, elements, forms

# A result from elements of vs2, and of vs1 or a scalar.
Compute = Callable[[Lanes, str, str], str]

# fmt: off
_OPERATIONS = {  # IR operations
    "vadd": "add", "vsub": "sub", "vand": "and", "vor": "or", "vxor": "xor", "vmul": "mul",
}
_INTRINSICS = {"vminu": "umin", "vmin": "smin", "vmaxu": "umax", "vmax": "smax"}
_SHIFTS = {"sll": "shl", "srl": "lshr", "sra": "ashr"}
_COMPARES = {
    "vmseq": "eq", "vmsne": "ne", "vmsltu": "ult", "vmslt": "slt", "vmsleu": "ule",
    "vmsle": "sle", "vmsgtu": "ugt", "vmsgt": "sgt",
}
_HIGH = {"vmulh": (True, True), "vmulhu": (False, False), "vmulhsu": (True, False)}  # signed
_DIVIDES = {  # whether the result is the remainder, whether it is signed
    "vdivu": (False, False), "vdiv": (False, True), "vremu": (True, False), "vrem": (True, True),
}
_WIDENING = {  # operation; whether vs2 and the other are signed
    "vwaddu": ("add", False, False), "vwadd": ("add", True, True),
    "vwsubu": ("sub", False, False), "vwsub": ("sub", True, True),
    "vwmulu": ("mul", False, False), "vwmul": ("mul", True, True),
    "vwmulsu": ("mul", True, False),
}
_WIDENING_ADD = {  # as above, of products added to the target
    "vwmaccu": (False, False), "vwmacc": (True, True),
    "vwmaccsu": (False, True), "vwmaccus": (True, False),  # vs1 or rs1 is named first
}
# What is added to or subtracted from what: the product has vs2, or the target, as a factor.
_MULTIPLY_ADDS = {
    "vmacc": ("add", False), "vnmsac": ("sub", False),
    "vmadd": ("add", True), "vnmsub": ("sub", True),
}
# fmt: on


def _elementwise(compute: Compute) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o):
            e.write(compute(e.lanes, e.a, e.b))

    return emit


def _operation(operation: str) -> VectorSemantics:
    return _elementwise(lambda lanes, a, b: lanes.op(operation, a, b))


def _intrinsic(name: str) -> VectorSemantics:
    return _elementwise(lambda lanes, a, b: lanes.intrinsic(name, a, b))


def amount(lanes: Lanes, b: str) -> str:
    """The low bits of b that count as a shift's amount."""
    return lanes.op("and", b, lanes.all(lanes.bits - 1))


def _shift(operation: str) -> VectorSemantics:
    return _elementwise(lambda lanes, a, b: lanes.op(operation, a, amount(lanes, b)))


def _reversed_subtract(lanes: Lanes, a: str, b: str) -> str:
    return lanes.op("sub", b, a)


def _multiply_high(a_signed: bool, b_signed: bool) -> VectorSemantics:
    def compute(lanes: Lanes, a: str, b: str) -> str:
        wide = lanes.to(2 * lanes.bits)
        x = lanes.extended(wide.bits, a, signed=a_signed)
        y = lanes.extended(wide.bits, b, signed=b_signed)
        high = wide.op("lshr", wide.op("mul", x, y), wide.all(lanes.bits))
        return wide.truncated(lanes.bits, high)

    return _elementwise(compute)


def _divide(remainder: bool, signed: bool) -> VectorSemantics:
    """By zero it gives -1, or the dividend as the remainder; overflow wraps."""

    def compute(lanes: Lanes, a: str, b: str) -> str:
        zero = unsafe = lanes.compare("eq", b, lanes.all(0))
        bools = lanes.to(1)
        if signed:
            least = lanes.compare("eq", a, lanes.all(-(1 << lanes.bits - 1)))
            minus = lanes.compare("eq", b, lanes.all(-1))
            unsafe = bools.op("or", zero, bools.op("and", least, minus))
        # Dividing by one instead gives what overflow asks for: the dividend, or no remainder.
        divisor = lanes.select(unsafe, lanes.all(1), b)
        result = quotient(lanes, a, divisor, signed=signed)
        if remainder:
            result = lanes.op("sub", a, lanes.op("mul", result, divisor))
        return lanes.select(zero, a if remainder else lanes.all(-1), result)

    return _elementwise(compute)


# -- carries and comparisons ----------------------------------------------------------------------


def _with_carry(operation: str) -> VectorSemantics:
    """vadc, vsbc: v0 is an operand, every element of the body is active."""

    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o, mask_operand=True):
            result = e.lanes.op(operation, e.a, e.b)
            e.write(e.lanes.op(operation, result, e.lanes.extended_bools(e.mask)))

    return emit


def _carry_out(has_carry: bool) -> VectorSemantics:
    """The sum is less than an operand, or with a carry not greater."""

    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o, target=MASK):
            lanes = e.lanes
            total = lanes.op("add", e.a, e.b)
            out = lanes.compare("ult", total, e.a)
            if has_carry:
                carry = e.mask
                total = lanes.op("add", total, lanes.extended_bools(carry))
                out = lanes.to(1).select(carry, lanes.compare("ule", total, e.a), out)
            e.write(out)

    return emit


def _borrow_out(has_borrow: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o, target=MASK):
            out = e.lanes.compare("ult", e.a, e.b)
            if has_borrow:
                out = e.lanes.to(1).select(e.mask, e.lanes.compare("ule", e.a, e.b), out)
            e.write(out)

    return emit


def _compare(predicate: str) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o, target=MASK):
            e.write(e.lanes.compare(predicate, e.a, e.b))

    return emit


def _merge(v: Vector, o: Operands) -> None:
    for e in elements(v, o, mask_operand=True):
        e.write(e.lanes.select(e.mask, e.b, e.a))


def _move(v: Vector, o: Operands) -> None:
    for e in elements(v, o):
        e.write(e.b)


# -- other widths ---------------------------------------------------------------------------------


def _widening(operation: str, a_signed: bool, b_signed: bool, wide_first: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        wide = 2 * v.sew
        for e in elements(v, o, target=wide, first=wide if wide_first else v.sew):
            a = e.a if wide_first else e.lanes.extended(wide, e.a, signed=a_signed)
            b = e.lanes.extended(wide, e.b, signed=b_signed)
            e.write(e.lanes.to(wide).op(operation, a, b))

    return emit


def _extend(part: int, signed: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        narrow = v.sew // part
        if narrow < 8:
            v.illegal()
            return
        for e in elements(v, o, first=narrow):
            e.write(e.lanes.to(narrow).extended(v.sew, e.a, signed=signed))

    return emit


def _narrowing_shift(operation: str) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        wide = 2 * v.sew
        for e in elements(v, o, first=wide):
            lanes = e.lanes.to(wide)
            by = amount(lanes, e.lanes.extended(wide, e.b, signed=False))
            e.write(lanes.truncated(v.sew, lanes.op(operation, e.a, by)))

    return emit


# -- multiply and add -----------------------------------------------------------------------------


def _multiply_add(operation: str, target_is_factor: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        for e in elements(v, o):
            addend, factor = (e.a, e.old) if target_is_factor else (e.old, e.a)
            e.write(e.lanes.op(operation, addend, e.lanes.op("mul", e.b, factor)))

    return emit


def _widening_multiply_add(a_signed: bool, b_signed: bool) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        wide = 2 * v.sew
        for e in elements(v, o, target=wide):
            lanes = e.lanes.to(wide)
            a = e.lanes.extended(wide, e.a, signed=a_signed)
            b = e.lanes.extended(wide, e.b, signed=b_signed)
            e.write(lanes.op("add", e.old, lanes.op("mul", a, b)))

    return emit


# -- the table ------------------------------------------------------------------------------------

VSEMANTICS: dict[str, VectorSemantics] = forms(
    {name: _operation(operation) for name, operation in _OPERATIONS.items()}
    | {name: _intrinsic(function) for name, function in _INTRINSICS.items()}
    | {f"v{name}": _shift(operation) for name, operation in _SHIFTS.items()}
    | {f"vn{name}": _narrowing_shift(_SHIFTS[name]) for name in ("srl", "sra")}
    | {name: _compare(predicate) for name, predicate in _COMPARES.items()}
    | {name: _multiply_high(*signed) for name, signed in _HIGH.items()}
    | {name: _divide(*how) for name, how in _DIVIDES.items()}
    | {name: _multiply_add(*how) for name, how in _MULTIPLY_ADDS.items()}
    | {name: _widening_multiply_add(*signed) for name, signed in _WIDENING_ADD.items()}
    | {
        "vrsub": _elementwise(_reversed_subtract),
        "vadc": _with_carry("add"),
        "vsbc": _with_carry("sub"),
        "vmerge": _merge,
        "vmv.v": _move,
    }
)
for _form in ("vv", "vx", "vi"):
    VSEMANTICS[f"vmadc.{_form}"] = _carry_out(has_carry=False)
    VSEMANTICS[f"vmadc.{_form}m"] = _carry_out(has_carry=True)
for _form in ("vv", "vx"):
    VSEMANTICS[f"vmsbc.{_form}"] = _borrow_out(has_borrow=False)
    VSEMANTICS[f"vmsbc.{_form}m"] = _borrow_out(has_borrow=True)
for _name, _how in _WIDENING.items():
    for _form in ("vv", "vx"):
        VSEMANTICS[f"{_name}.{_form}"] = _widening(*_how, wide_first=False)
for _name in ("vwaddu", "vwadd", "vwsubu", "vwsub"):
    for _form in ("wv", "wx"):
        VSEMANTICS[f"{_name}.{_form}"] = _widening(*_WIDENING[_name], wide_first=True)
for _part in (2, 4, 8):
    VSEMANTICS[f"vzext.vf{_part}"] = _extend(_part, signed=False)
    VSEMANTICS[f"vsext.vf{_part}"] = _extend(_part, signed=True)
