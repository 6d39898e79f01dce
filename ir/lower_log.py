"""printf on a DPU: it hands on its arguments; the host puts them into words (device/dpu/log.py).

    printf("%-5hhd %.3s\\n", x, s)  ->  words = {x, s, 3}; __dpu_print("%-5d %.3s\\n", words, 3, 2)

An argument is a word of 64 bits, cut and extended here, so formats say nothing of lengths any
more. A string is two: where it is, and how much of it is read at most. The last argument has a
bit for each that is a string.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.tast import MAX_WIDTH
from ..frontend.types import Type, sizeof
from .emit import I32, I64, PTR, VOID, declare, integer, offset_ptr, resize, store
from .frame import Frame
from .lower_printf import flat
from .lower_printf import integer as printed_integer
from .lower_type import is_signed

MAX_WORDS = 64  # of one call: as many as the bits that say which are strings
ALL = I64(-1)


def printf(frame: Frame, call: tast.Printf, args: list[Any]) -> Any:
    """Print; the value is 0, or -1 where a width or a precision in the format is too large."""
    if any(_is_too_wide(piece) for piece in call.pieces):
        return I32(-1)
    left = iter(zip(args, (a.type for a in call.args), strict=True))
    text, words, strings = b"", [], 0
    for piece in call.pieces:
        if isinstance(piece, bytes):
            text += piece.replace(b"%", b"%%")
            continue
        limit: Any = ALL if piece.precision is None else piece.precision
        if piece.width == "*":
            words.append(frame.build.sext(next(left)[0], I64))
        if limit == "*":
            limit = frame.build.sext(next(left)[0], I64)
            words.append(limit)
        value, t = next(left)
        if not piece.letter:  # it prints as it is written, without the argument
            text += piece.written.replace(b"%", b"%%")
            continue
        text += _written(piece)
        if piece.letter == "s":
            strings |= 1 << len(words)
        words.append(_word(frame, piece, value, t))
        if piece.letter == "s":
            words.append(I64(limit) if isinstance(limit, int) else limit)
    if len(words) > MAX_WORDS:
        frame.unsupported(f"a 'printf' of more than {MAX_WORDS} words of arguments", call.span)
        return I32(-1)
    _print(frame, text, words, strings)
    return I32(0)


def _is_too_wide(piece: bytes | tast.Conversion) -> bool:
    if isinstance(piece, bytes):
        return False
    return any(isinstance(n, int) and n > MAX_WIDTH for n in (piece.width, piece.precision))


def _written(spec: tast.Conversion) -> bytes:
    width = spec.width or ""
    precision = "" if spec.precision is None else f".{spec.precision}"
    return f"%{spec.flags}{width}{precision}{spec.letter}".encode()


def _word(frame: Frame, spec: tast.Conversion, v: Any, t: Type) -> Any:
    build, letter = frame.build, spec.letter
    if v.type.is_pointer:
        return build.ptrtoint(v, I64)
    if letter in "fFeEgGaA":
        wide = build.fpext(v, llir.DoubleType()) if sizeof(t) < 8 else v
        return build.bitcast(wide, I64)
    if letter in "csp":
        return resize(build, v, I64, is_signed(t))
    return printed_integer(build, spec, v, t)


def _print(frame: Frame, text: bytes, words: list[Any], strings: int) -> None:
    build = frame.build
    room: Any = llir.Constant(PTR, None)
    if words:
        frame.claim(8 * len(words))
        room = frame.allocas.alloca(llir.ArrayType(I64, len(words)))
        room.align, room.type = 8, PTR
    for i, word in enumerate(words):
        store(build, word, offset_ptr(build, room, 8 * i), 8)
    function = declare(frame.llfn.module, "__dpu_print", VOID, [PTR, PTR, I64, I64])
    format_ = flat(frame, frame.unit.string_of(text + b"\0"))
    build.call(function, [format_, room, I64(len(words)), integer(I64, strings)])
