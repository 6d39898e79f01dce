"""Loads and stores of a strip: by the distance of its lanes' addresses.

none         one access for all            of one element    a vector in one piece
another      strided                       unknown           gathered, scattered
"""

from __future__ import annotations

from collections import Counter

from .model import Instr, bits, size_of
from .text import TRUE, Text
from .values import Values


class Memory:
    """counts: accesses of each kind written so far, for remarks."""

    def __init__(self, values: Values, text: Text, length: str) -> None:
        self._values, self._text, self._length = values, text, length
        self.counts: Counter[str] = Counter()

    @staticmethod
    def has(instr: Instr) -> bool:
        """Whether there is a wide form of an access."""
        typ = instr.type if instr.op == "load" else instr.operands[0][0]
        return not instr.volatile and bits(typ) >= 8 and instr.align >= bits(typ) // 8

    def load(self, instr: Instr, mask: str | None) -> str:
        typ = instr.type
        name, args = self._address("load", "gather", typ, instr.operands[0], instr.align)
        text = self._text
        return text.call(text.vector(typ), name, [*args, *self._tail(mask)])

    def store(self, instr: Instr, mask: str | None) -> None:
        (typ, value), (space, pointer) = instr.operands
        text, values = self._text, self._values
        shape = values.shape(pointer)
        if shape.is_uniform and (values.shape(value).is_uniform or mask is None):
            self.counts["uniform"] += 1
            self._store_one(typ, value, space, pointer, instr)
            return
        many = values.many(value, typ)
        name, args = self._address("store", "scatter", typ, (space, pointer), instr.align)
        text.call("void", name, [(text.vector(typ), many), *args, *self._tail(mask)])

    def _store_one(self, typ: str, value: str, space: str, pointer: str, instr: Instr) -> None:
        """To one place: what the last lane stores stays."""
        text, values = self._text, self._values
        one = (
            values.one(value, typ)
            if values.shape(value).is_uniform
            else self.last(values.many(value, typ), typ)
        )
        at = values.one(pointer, space)
        text.put(f"store {typ} {one}, {space} {at}, align {instr.align}{instr.notes}")

    def last(self, many: str, typ: str) -> str:
        text = self._text
        index = text.let(f"add i32 {self._length}, -1")
        return text.let(f"extractelement {text.vector(typ)} {many}, i32 {index}")

    def _tail(self, mask: str | None) -> list[tuple[str, str]]:
        return [(self._text.mask, mask or TRUE), ("i32", self._length)]

    def _address(
        self, plain: str, indexed: str, typ: str, place: tuple[str, str], align: int
    ) -> tuple[str, list[tuple[str, str]]]:
        """An intrinsic's name, and its arguments that say where."""
        text, values = self._text, self._values
        space, pointer = place
        vector, pointers = text.mangled(typ), text.mangled(space)
        shape = values.shape(pointer)
        if shape.is_varying or shape.is_uniform:
            self.counts[indexed] += 1
            many = values.many(pointer, space)
            args = [(f"{text.vector(space)} align {align}", many)]
            return f"llvm.vp.{indexed}.{vector}.{pointers}", args
        at = pointers[pointers.rindex("p") :]
        args = [(f"{space} align {align}", values.one(pointer, space))]
        if shape.stride == size_of(typ):
            self.counts["unit-stride"] += 1
            return f"llvm.vp.{plain}.{vector}.{at}", args
        self.counts["strided"] += 1
        assert shape.stride is not None
        args.append(("i64", values.stride(shape.stride)))
        return f"llvm.experimental.vp.strided.{plain}.{vector}.{at}.i64", args
