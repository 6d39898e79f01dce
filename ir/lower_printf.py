"""printf to LLVM: calls of the device library for each piece of the format.

The pieces share a buffer in the frame of the function that prints:

    begin(buffer); text(buffer, "x = ", 4); integer(buffer, x, ...); end(buffer)
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.tast import MAX_WIDTH
from ..frontend.types import Type, Vector, sizeof
from .emit import I1, I32, I64, PTR, VOID, declare, resize
from .frame import Frame
from .lower_type import element, is_signed

PRINT_STATE_SIZE = 272  # bytes of the state that kernels/rt/printf.cl keeps: buffer and counts
LENGTHS = {"hh": 1, "h": 2, "": 4, "hl": 4, "l": 8}  # bytes
# Flag bits as kernels/rt/printf.cl reads them.
FLAGS = {"-": 1, "+": 2, " ": 4, "#": 8, "0": 16}
UPPER, SIGNED = 32, 64
NO_PRECISION = -1


def printf(frame: Frame, call: tast.Printf, args: list[Any]) -> Any:
    """Print; the value is 0, or -1 where a width or a precision is too large."""
    build = frame.build
    printer = _Printer(frame, call, args)
    if printer.too_wide is None:
        printer.run()
        return I32(0)
    before = build.block
    go, end = frame.block("print"), frame.block("print.end")
    build.cbranch(printer.too_wide, end, go)
    frame.enter(go)
    printer.run()
    after = build.block
    build.branch(end)
    frame.enter(end)
    result = build.phi(I32)
    result.add_incoming(I32(-1), before)
    result.add_incoming(I32(0), after)
    return result


class _Printer:
    """One call of printf.

    steps:     its pieces, conversions with what they take: width, precision, value, type.
    too_wide:  whether any of the widths is too large; None when none can be.
    """

    def __init__(self, frame: Frame, call: tast.Printf, args: list[Any]) -> None:
        self.frame = frame
        self.too_wide: Any = None
        left = iter(zip(args, (a.type for a in call.args), strict=True))
        self.steps: list[bytes | tuple[tast.Conversion, Any, Any, Any, Type]] = []
        for piece in call.pieces:
            if isinstance(piece, bytes):
                self.steps.append(piece)
                continue
            width = self.limited(next(left)[0] if piece.width == "*" else piece.width, MAX_WIDTH)
            precision = piece.precision
            # Any negative precision is none at all.
            precision = self.limited(next(left)[0] if precision == "*" else precision, 1 << 31)
            self.steps.append((piece, width, precision, *next(left)))

    def limited(self, number: Any, below: int) -> Any:
        """A width or a precision as a value; notes if it may be too large, or so far below 0."""
        if not isinstance(number, llir.Value):
            if number is not None and number > MAX_WIDTH:
                self.too_wide = I1(1)
            return I32(NO_PRECISION if number is None else min(number, MAX_WIDTH))
        build = self.frame.build
        raised = build.add(build.sext(number, I64), I64(below))
        wide = build.icmp_unsigned(">", raised, I64(below + MAX_WIDTH))
        self.too_wide = wide if self.too_wide is None else build.or_(self.too_wide, wide)
        return number

    def run(self) -> None:
        self.state = self.frame.allocas.alloca(llir.ArrayType(llir.IntType(8), PRINT_STATE_SIZE))
        self.state.align = 8
        self.state.type = PTR
        self.emit("begin")
        for step in self.steps:
            if isinstance(step, bytes):
                self.text(step)
            else:
                self.convert(*step)
        self.emit("end")

    def emit(self, name: str, *args: Any, signext: tuple[int, ...] = ()) -> None:
        types = [PTR, *(a.type for a in args)]
        function = declare(self.frame.llfn.module, f"__kcc_print_{name}", VOID, types)
        attrs = {i + 1: ("signext",) for i in signext}
        for i in attrs:
            function.args[i].attributes.add("signext")
        self.frame.build.call(function, [self.state, *args], arg_attrs=attrs)

    def text(self, data: bytes) -> None:
        source = flat(self.frame, self.frame.unit.string_of(data + b"\0"))
        self.emit("text", source, I64(len(data)))

    def convert(self, spec: tast.Conversion, width: Any, precision: Any, v: Any, t: Type) -> None:
        """Print a value of a type that the checker has made fit: a scalar, or lanes."""
        if not spec.letter:
            self.text(spec.written)
            return
        build = self.frame.build
        flags = I32(_flags(spec))
        if spec.width == "*":
            left = build.icmp_signed("<", width, I32(0))
            flags = build.select(left, I32(_flags(spec) | FLAGS["-"]), flags)
            width = build.select(left, build.sub(I32(0), width), width)
        lanes = [v]
        if isinstance(t, Vector):
            lanes = [build.extract_element(v, I32(i)) for i in range(t.count)]
        for i, lane in enumerate(lanes):
            if i:
                self.text(b",")
            self.one(spec, (flags, width, precision), lane, element(t))

    def one(self, spec: tast.Conversion, shape: tuple[Any, Any, Any], v: Any, t: Type) -> None:
        build, letter = self.frame.build, spec.letter.lower()
        if letter == "s":
            text = (
                flat(self.frame, v) if v.type.is_pointer else build.inttoptr(self.word(v, t), PTR)
            )
            self.emit("string", text, *shape, signext=(1, 2, 3))
        elif letter in "fega":
            wide = build.fpext(v, llir.DoubleType()) if sizeof(t) < 8 else v
            bits = build.bitcast(wide, I64)
            self.emit("float", bits, I32(ord(letter)), *shape, signext=(1, 2, 3, 4))
        elif letter == "p":
            number = build.ptrtoint(v, I64) if v.type.is_pointer else self.word(v, t)
            self.emit("pointer", number, *shape[:2], signext=(1, 2))
        elif letter == "c":
            character = resize(build, v, I32, is_signed(t))
            self.emit("char", character, *shape[:2], signext=(0, 1, 2))
        else:
            number = integer(build, spec, v, t)
            base = I32({"x": 16, "o": 8}.get(letter, 10))
            self.emit("integer", number, base, *shape, signext=(1, 2, 3, 4))

    def word(self, v: Any, t: Type) -> Any:
        return resize(self.frame.build, v, I64, is_signed(t))


def flat(frame: Frame, pointer: Any) -> Any:
    """A pointer of any space as one of LLVM's first."""
    if pointer.type.addrspace == 0:
        return pointer
    return frame.build.addrspacecast(pointer, PTR)


def integer(build: Any, spec: tast.Conversion, v: Any, t: Type) -> Any:
    """The argument as i64, cut to the conversion's length and extended as its letter says."""
    size = min(LENGTHS[spec.length], sizeof(t))
    v = resize(build, v, llir.IntType(size * 8), is_signed(t))
    if size == 8:
        return v
    return build.sext(v, I64) if spec.letter in "di" else build.zext(v, I64)


def _flags(spec: tast.Conversion) -> int:
    bits = sum(FLAGS[c] for c in spec.flags)
    bits |= UPPER if spec.letter.isupper() else 0
    return bits | (SIGNED if spec.letter in "di" else 0)
