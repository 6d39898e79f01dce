"""Builtin functions to LLVM: work-item functions and printf."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.types import Type, Vector, sizeof
from .emit import I32, I64, VOID, declare, resize
from .frame import Frame
from .lower_type import element, is_signed, value_type
from .passes.workitem_ids import FUNCTIONS, ITEM_TYPES, placeholder

PTR = llir.PointerType()
PRINT_STATE_SIZE = 272  # bytes of the state that kernels/rt/printf.cl keeps: buffer and counts
LENGTHS = {"hh": 1, "h": 2, "": 4, "hl": 4, "l": 8}  # bytes
# Flag bits as kernels/rt/printf.cl reads them.
FLAGS = {"-": 1, "+": 2, " ": 4, "#": 8, "0": 16}
UPPER, SIGNED = 32, 64
NO_PRECISION = -1


def builtin(frame: Frame, call: tast.BuiltinCall, args: list[Any]) -> Any:
    """Emit the builtin `call.key`; None when it is void."""
    if call.key in FUNCTIONS:
        function = placeholder(frame.llfn.module, call.key)
        if not frame.item:
            frame.unsupported(f"'{call.key}' in the device library", call.span)
            return llir.Constant(function.ftype.return_type, None)
        return frame.build.call(function, [*args, *frame.item[-len(ITEM_TYPES) :]])
    frame.unsupported(f"builtin function '{call.key}'", call.span)
    typ = value_type(call.type)
    return None if typ == VOID else llir.Constant(typ, None)


# -- printf ------------------------------------------------------------------------------------


def printf(frame: Frame, call: tast.Printf, args: list[Any]) -> Any:
    """Call the device library for each piece of the format; the value is 0 as OpenCL says.

    The pieces share a buffer in this function's frame:
        begin(buffer); text(buffer, "x = ", 4); integer(buffer, x, ...); end(buffer)
    """
    printer = _Printer(frame, call, args)
    printer.emit("begin")
    for piece in call.pieces:
        if isinstance(piece, bytes):
            printer.text(piece)
        else:
            printer.convert(piece)
    printer.emit("end")
    return I32(0)


class _Printer:
    """One printf call: takes its arguments in order."""

    def __init__(self, frame: Frame, call: tast.Printf, args: list[Any]) -> None:
        self.frame = frame
        self.args = list(zip(args, (a.type for a in call.args), strict=True))
        state = frame.allocas.alloca(llir.ArrayType(llir.IntType(8), PRINT_STATE_SIZE))
        state.align = 8
        state.type = PTR
        self.state = state

    def emit(self, name: str, *args: Any, signext: tuple[int, ...] = ()) -> None:
        types = [PTR, *(a.type for a in args)]
        function = declare(self.frame.llfn.module, f"__kcc_print_{name}", VOID, types)
        attrs = {i + 1: ("signext",) for i in signext}
        for i in attrs:
            function.args[i].attributes.add("signext")
        self.frame.build.call(function, [self.state, *args], arg_attrs=attrs)

    def text(self, data: bytes) -> None:
        source = self.flat(self.frame.unit.string_of(data + b"\0"))
        self.emit("text", source, I64(len(data)))

    def flat(self, pointer: Any) -> Any:
        if pointer.type.addrspace == 0:
            return pointer
        return self.frame.build.addrspacecast(pointer, PTR)

    def convert(self, spec: tast.Conversion) -> None:
        """Print the next argument, of a type that the checker has made fit."""
        v, t = self.args.pop(0)
        lanes = [v]
        if isinstance(t, Vector):
            build = self.frame.build
            lanes = [build.extract_element(v, I32(i)) for i in range(t.count)]
        for i, lane in enumerate(lanes):
            if i:
                self.text(b",")
            self.one(spec, lane, element(t))

    def one(self, spec: tast.Conversion, v: Any, t: Type) -> None:
        build, letter = self.frame.build, spec.letter.lower()
        flags, width = I32(_flags(spec)), I32(spec.width)
        precision = I32(NO_PRECISION if spec.precision is None else spec.precision)
        if letter == "s":
            self.emit("string", self.flat(v), flags, width, precision, signext=(1, 2, 3))
        elif letter in "fega":
            wide = build.fpext(v, llir.DoubleType()) if sizeof(t) < 8 else v
            style = I32(ord(letter))
            bits = build.bitcast(wide, I64)
            self.emit("float", bits, style, flags, width, precision, signext=(1, 2, 3, 4))
        elif letter == "p":
            number = build.ptrtoint(v, I64)
            self.emit("pointer", number, flags, width, signext=(1, 2))
        elif letter == "c":
            self.emit("char", resize(build, v, I32, is_signed(t)), flags, width, signext=(0, 1, 2))
        else:
            number = self.integer(spec, v, t)
            base = I32({"x": 16, "o": 8}.get(letter, 10))
            self.emit("integer", number, base, flags, width, precision, signext=(1, 2, 3, 4))

    def integer(self, spec: tast.Conversion, v: Any, t: Type) -> Any:
        """The argument as i64, cut to the conversion's length and extended as its letter says."""
        build = self.frame.build
        size = min(LENGTHS[spec.length], sizeof(t))
        v = resize(build, v, llir.IntType(size * 8), is_signed(t))
        if size == 8:
            return v
        return build.sext(v, I64) if spec.letter in "di" else build.zext(v, I64)


def _flags(spec: tast.Conversion) -> int:
    bits = sum(FLAGS[c] for c in set(spec.flags))
    bits |= UPPER if spec.letter.isupper() else 0
    return bits | (SIGNED if spec.letter in "di" else 0)
