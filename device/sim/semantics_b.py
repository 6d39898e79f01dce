"""Zba, Zbb, Zbc, Zbs, Zicond: addresses, counts, rotations, carry-less products, bits, choices."""

from __future__ import annotations

from collections.abc import Callable

from .build import Builder, Operands, Semantics

# From the value of rs1, and of rs2 or the shift amount where there is one, to the result.
Unary = Callable[[Builder, str], str]
Binary = Callable[[Builder, str, str], str]


def _unary(compute: Unary) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x(o["rd"], compute(b, b.x(o["rs1"])))

    return emit


def _binary(compute: Binary) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x(o["rd"], compute(b, b.x(o["rs1"]), b.x(o["rs2"])))

    return emit


def _immediate(compute: Binary) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x(o["rd"], compute(b, b.x(o["rs1"]), str(o["shamt6"])))

    return emit


def _inverted(operation: str) -> Binary:
    return lambda b, x, y: b.op(f"{operation} i64 {x}, {b.op(f'xor i64 {y}, -1')}")


def _xnor(b: Builder, x: str, y: str) -> str:
    return b.op(f"xor i64 {b.op(f'xor i64 {x}, {y}')}, -1")


def _low_word(b: Builder, x: str) -> str:
    return b.op(f"and i64 {x}, {0xFFFF_FFFF}")


def _shift_add(shift: int, unsigned_word: bool) -> Binary:
    def compute(b: Builder, x: str, y: str) -> str:
        index = _low_word(b, x) if unsigned_word else x
        return b.op(f"add i64 {b.op(f'shl i64 {index}, {shift}')}, {y}")

    return compute


def _count(name: str, kind: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = b.x(o["rs1"]) if kind == "i64" else b.x32(o["rs1"])
        # Zero is no special case: it has as many zeros as bits.
        zero_is_undefined = [("i1", "false")] if name != "ctpop" else []
        count = b.call(kind, f"llvm.{name}.{kind}", (kind, value), *zero_is_undefined)
        (b.set_x if kind == "i64" else b.set_x32)(o["rd"], count)

    return emit


def _extend(operation: str, kind: str) -> Unary:
    return lambda b, x: b.op(f"{operation} {kind} {b.op(f'trunc i64 {x} to {kind}')} to i64")


def _choose(name: str) -> Binary:
    return lambda b, x, y: b.call("i64", f"llvm.{name}.i64", ("i64", x), ("i64", y))


def _rotate(direction: str) -> Binary:
    def compute(b: Builder, x: str, y: str) -> str:
        return b.call("i64", f"llvm.fsh{direction}.i64", ("i64", x), ("i64", x), ("i64", y))

    return compute


def _rotate_word(direction: str, operand: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        x = b.x32(o["rs1"])
        amount = b.x32(o["rs2"]) if operand == "rs2" else str(o[operand])
        function = f"llvm.fsh{direction}.i32"
        b.set_x32(o["rd"], b.call("i32", function, ("i32", x), ("i32", x), ("i32", amount)))

    return emit


def _swap_bytes(b: Builder, x: str) -> str:
    return b.call("i64", "llvm.bswap.i64", ("i64", x))


def _or_combine(b: Builder, x: str) -> str:
    parts = b.op(f"bitcast i64 {x} to <8 x i8>")
    some = b.op(f"icmp ne <8 x i8> {parts}, zeroinitializer")
    full = b.op(f"sext <8 x i1> {some} to <8 x i8>")
    return b.op(f"bitcast <8 x i8> {full} to i64")


def _bit(b: Builder, index: str) -> str:
    return b.op(f"shl i64 1, {b.op(f'and i64 {index}, 63')}")


def _clear(b: Builder, x: str, index: str) -> str:
    return b.op(f"and i64 {x}, {b.op(f'xor i64 {_bit(b, index)}, -1')}")


def _extract(b: Builder, x: str, index: str) -> str:
    shifted = b.op(f"lshr i64 {x}, {b.op(f'and i64 {index}, 63')}")
    return b.op(f"and i64 {shifted}, 1")


def _invert(b: Builder, x: str, index: str) -> str:
    return b.op(f"xor i64 {x}, {_bit(b, index)}")


def _set(b: Builder, x: str, index: str) -> str:
    return b.op(f"or i64 {x}, {_bit(b, index)}")


# -- carry-less products --------------------------------------------------------------------------

_EVERY_FOURTH = 0x1111_1111_1111_1111


def _carryless(b: Builder, x: str, y: str) -> str:
    """The low half of the carry-less product, by ordinary multiplications.

    Of each factor only every fourth bit takes part at a time. A column then sums at most 16
    ones, and only in the topmost columns that many: carries never reach a bit that is kept.
    """
    xs = [b.op(f"and i64 {x}, {_mask(k)}") for k in range(4)]
    ys = [b.op(f"and i64 {y}, {_mask(k)}") for k in range(4)]
    result = ""
    for k in range(4):
        column = ""
        for i in range(4):
            product = b.op(f"mul i64 {xs[i]}, {ys[(k - i) % 4]}")
            column = b.op(f"xor i64 {column}, {product}") if column else product
        column = b.op(f"and i64 {column}, {_mask(k)}")
        result = b.op(f"or i64 {result}, {column}") if result else column
    return result


def _mask(k: int) -> int:
    mask = _EVERY_FOURTH << k
    return mask - (mask >> 63 << 64)  # signed, as LLVM writes constants


def _carryless_reversed(b: Builder, x: str, y: str) -> str:
    """Bits 126 to 63: the product of the reversed factors, reversed."""
    return _reverse(b, _carryless(b, _reverse(b, x), _reverse(b, y)))


def _carryless_high(b: Builder, x: str, y: str) -> str:
    return b.op(f"lshr i64 {_carryless_reversed(b, x, y)}, 1")


def _reverse(b: Builder, x: str) -> str:
    return b.call("i64", "llvm.bitreverse.i64", ("i64", x))


def _zero_if(predicate: str) -> Binary:
    """The first value, or 0 where the second one compares so with 0."""

    def compute(b: Builder, x: str, y: str) -> str:
        return b.op(f"select i1 {b.op(f'icmp {predicate} i64 {y}, 0')}, i64 0, i64 {x}")

    return compute


SEMANTICS: dict[str, Semantics] = {
    "add.uw": _binary(lambda b, x, y: b.op(f"add i64 {_low_word(b, x)}, {y}")),
    "slli.uw": _immediate(lambda b, x, n: b.op(f"shl i64 {_low_word(b, x)}, {n}")),
    "andn": _binary(_inverted("and")),
    "orn": _binary(_inverted("or")),
    "xnor": _binary(_xnor),
    "sext.b": _unary(_extend("sext", "i8")),
    "sext.h": _unary(_extend("sext", "i16")),
    "zext.h": _unary(_extend("zext", "i16")),
    "max": _binary(_choose("smax")),
    "maxu": _binary(_choose("umax")),
    "min": _binary(_choose("smin")),
    "minu": _binary(_choose("umin")),
    "rol": _binary(_rotate("l")),
    "ror": _binary(_rotate("r")),
    "rori": _immediate(_rotate("r")),
    "rolw": _rotate_word("l", "rs2"),
    "rorw": _rotate_word("r", "rs2"),
    "roriw": _rotate_word("r", "shamt5"),
    "orc.b": _unary(_or_combine),
    "rev8": _unary(_swap_bytes),
    "clmul": _binary(_carryless),
    "clmulr": _binary(_carryless_reversed),
    "clmulh": _binary(_carryless_high),
    "czero.eqz": _binary(_zero_if("eq")),
    "czero.nez": _binary(_zero_if("ne")),
}
for _n in (1, 2, 3):
    SEMANTICS[f"sh{_n}add"] = _binary(_shift_add(_n, unsigned_word=False))
    SEMANTICS[f"sh{_n}add.uw"] = _binary(_shift_add(_n, unsigned_word=True))
for _name, _function in (("clz", "ctlz"), ("ctz", "cttz"), ("cpop", "ctpop")):
    SEMANTICS[_name] = _count(_function, "i64")
    SEMANTICS[f"{_name}w"] = _count(_function, "i32")
for _name, _compute in (("bclr", _clear), ("bext", _extract), ("binv", _invert), ("bset", _set)):
    SEMANTICS[_name] = _binary(_compute)
    SEMANTICS[f"{_name}i"] = _immediate(_compute)
