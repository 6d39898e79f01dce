"""Builtin functions to LLVM: work-item functions and printf."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.types import Pointer, Type, Vector, sizeof
from .emit import I32, I64, VOID, declare, resize
from .frame import Frame
from .lower_type import element, is_floating, is_signed, value_type
from .passes.workitem_ids import FUNCTIONS, ITEM_TYPES, placeholder
from .printf_format import NONE, Conversion, FormatError, Text, parse_format

PTR = llir.PointerType()
PRINT_STATE_SIZE = 272  # bytes of the state that kernels/rt/printf.cl keeps: buffer and counts
LENGTHS = {"hh": 1, "h": 2, "": 4, "hl": 4, "l": 8, "ll": 8, "j": 8, "z": 8, "t": 8, "L": 8}


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
    try:
        pieces = parse_format(call.format.removesuffix(b"\0"))
    except FormatError as e:
        frame.unit.diags.error("unsupported", f"printf: {e} is not supported", call.span)
        return I32(0)
    printer = _Printer(frame, call, args)
    printer.emit("begin")
    for piece in pieces:
        if isinstance(piece, Text):
            printer.text(piece.data)
        else:
            printer.convert(piece)
    printer.emit("end")
    return I32(0)


class _Printer:
    """One printf call: takes its arguments in order."""

    def __init__(self, frame: Frame, call: tast.Printf, args: list[Any]) -> None:
        self.frame, self.call = frame, call
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

    def convert(self, spec: Conversion) -> None:
        if not self.args:
            message = f"printf: no argument for '{spec}'"
            self.frame.unit.diags.error("format", message, self.call.span)
            return
        width, precision = I32(0 if spec.width == NONE else spec.width), I32(spec.precision)
        v, t = self.args.pop(0)
        lanes = [v]
        if isinstance(t, Vector):
            build = self.frame.build
            lanes = [build.extract_element(v, I32(i)) for i in range(t.count)]
        for i, lane in enumerate(lanes):
            if i:
                self.text(b",")
            if not self.one(spec, width, precision, lane, element(t)):
                message = f"printf: '{spec}' cannot print a value of type '{t}'"
                self.frame.unit.diags.error("format", message, self.call.span)
                return

    def one(self, spec: Conversion, width: Any, precision: Any, v: Any, t: Type) -> bool:
        """Print one scalar; False when it is not of a kind that `spec` prints."""
        flags, letter = I32(spec.flags), spec.letter
        build = self.frame.build
        if letter == "s":
            if not isinstance(t, Pointer):
                return False
            self.emit("string", self.flat(v), flags, width, precision, signext=(1, 2, 3))
        elif letter in "fega":
            if not is_floating(t):
                return False
            wide = build.fpext(v, llir.DoubleType()) if sizeof(t) < 8 else v
            style = I32(ord(letter))
            bits = build.bitcast(wide, I64)
            self.emit("float", bits, style, flags, width, precision, signext=(1, 2, 3, 4))
        elif is_floating(t) or (isinstance(t, Pointer) != (letter == "p")):
            return False
        elif letter == "p":
            number = build.ptrtoint(v, I64)
            self.emit("pointer", number, flags, width, signext=(1, 2))
        elif letter == "c":
            self.emit("char", resize(build, v, I32, is_signed(t)), flags, width, signext=(0, 1, 2))
        else:
            number = self.integer(spec, v, t)
            base = I32({"x": 16, "o": 8}.get(letter, 10))
            self.emit("integer", number, base, flags, width, precision, signext=(1, 2, 3, 4))
        return True

    def integer(self, spec: Conversion, v: Any, t: Type) -> Any:
        """The argument as i64, cut to the conversion's length and extended as its letter says."""
        build = self.frame.build
        size = min(LENGTHS[spec.length], sizeof(t)) if spec.length != "hl" else 4
        v = resize(build, v, llir.IntType(size * 8), is_signed(t))
        if size == 8:
            return v
        return build.sext(v, I64) if spec.letter == "d" else build.zext(v, I64)
