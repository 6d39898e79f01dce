"""The wide form of each instruction."""

from __future__ import annotations

from .intrinsics import IMMEDIATE, is_silent, wide_name
from .memory import Memory
from .model import Instr, Unvectorisable, bits, rename
from .reader import BINARY, CASTS
from .text import TRUE, Text
from .values import Form, Values

_DIVISIONS = frozenset("udiv sdiv urem srem".split())


class Operate:
    """Writes instructions of one block after the other.

    mask: of the block; None where all lanes run.
    """

    def __init__(self, values: Values, memory: Memory, text: Text, length: str) -> None:
        self.values, self.memory, self.text, self.length = values, memory, text, length
        self.mask: str | None = None

    def write(self, instr: Instr) -> None:
        self.text.debug = instr.debug
        if instr.op == "call" and is_silent(instr.detail):
            return
        if instr.op == "alloca":
            self._private(instr)
        elif instr.op == "store" and Memory.has(instr):
            self.memory.store(instr, self.mask)
        elif instr.op == "fence":
            self.text.put(instr.text)
        elif not instr.name:
            raise Unvectorisable(f"'{instr.detail or instr.op}' is for one work-item", instr)
        else:
            shape = self.values.shape(instr.name)
            if shape.is_uniform:
                self._scalar(instr)
            elif shape.is_varying:
                self.values.define(instr.name, "many", self._many(instr))
            else:
                for form in self.values.forms(instr.name):
                    self._affine(instr, form)

    # -- one for all lanes ------------------------------------------------------------------------

    def _scalar(self, instr: Instr) -> None:
        if instr.op == "load":
            self.memory.counts["uniform"] += 1
        types = self.values.types
        names = {v: self.values.one(v, types[v]) for v in dict.fromkeys(instr.values)}
        _, _, text = rename(instr.text, names).partition(" = ")
        self.values.define(instr.name, "one", self.text.let(text + instr.notes))

    def _affine(self, instr: Instr, form: Form) -> None:
        """Lane 0 of an affine value, in one of its widths."""
        values, text = self.values, self.text
        op, typ = instr.op, instr.type
        got = [values.get(v, form, t) for t, v in instr.operands if op != "select"]
        width = typ if form == "one" else "i64"
        match op:
            case "add" | "sub" | "mul" | "or" | "shl":
                op = "add" if op == "or" else op
                result = text.let(f"{op} {width} {got[0]}, {got[1]}")
            case "trunc" if form == "one":
                result = text.let(f"trunc {instr.operands[0][0]} {got[0]} to {typ}")
            case "trunc":
                source, value = instr.operands[0]
                one = text.let(f"trunc {source} {values.one(value, source)} to {typ}")
                op = "sext" if form == "signed" else "zext"
                result = text.let(f"{op} {typ} {one} to i64")
            case "sext" | "zext":
                result = self._wider(instr, form)
            case "select":
                (_, on), (_, a), (_, b) = instr.operands
                one, two = values.get(a, form, typ), values.get(b, form, typ)
                result = text.let(f"select i1 {values.one(on, 'i1')}, {width} {one}, {width} {two}")
            case "getelementptr":
                result = self._pointer(instr)
            case "freeze":
                result = text.let(f"freeze {width} {got[0]}")
            case _:
                source = instr.operands[0][0]
                result = text.let(f"{op} {source} {got[0]} to {typ}")
        values.define(instr.name, form, result)

    def _wider(self, instr: Instr, form: Form) -> str:
        source, value = instr.operands[0]
        by: Form = "signed" if self.values.shape(value).signed else "unsigned"
        if instr.op == "zext" and self.values.shape(value).unsigned:
            by = "unsigned"
        wide = self.values.get(value, by, source)
        if form != "one" or bits(instr.type) == 64:
            return wide
        return self.text.let(f"trunc i64 {wide} to {instr.type}")

    def _pointer(self, instr: Instr) -> str:
        values = self.values
        parts = [instr.detail]
        for position, (typ, value) in enumerate(instr.operands):
            if position and bits(typ) < 64 and not values.shape(value).is_uniform:
                parts.append(f"i64 {values.get(value, 'signed', typ)}")
            else:
                parts.append(f"{typ} {values.one(value, typ)}")
        return self.text.let(f"getelementptr {', '.join(parts)}")

    def _private(self, instr: Instr) -> None:
        stride = self.values.shape(instr.name).stride
        if not isinstance(stride, int):
            raise Unvectorisable("private variable of a size unknown", instr)
        lane = f"<vscale x {self.text.lanes} x i8>"
        name = self.text.fresh()
        self.text.slots.append(f"  {name} = alloca {lane}, i64 {stride}, align {instr.align}")
        self.values.define(instr.name, "one", name)

    # -- one for each lane ------------------------------------------------------------------------

    def _many(self, instr: Instr) -> str:
        text, op = self.text, instr.op
        if op in _DIVISIONS:
            return self._division(instr)
        if op in BINARY and op != "frem":
            return self._plain(instr, 2)
        if op in ("fneg", "freeze"):
            return self._plain(instr, 1)
        if op in ("icmp", "fcmp"):
            return self._plain(instr, 2)
        if op in CASTS and bits(instr.operands[0][0]):
            (source, value) = instr.operands[0]
            flags = "".join(f" {flag}" for flag in instr.flags)
            many = self.values.many(value, source)
            return text.let(f"{op}{flags} {text.vector(source)} {many} to "
                            f"{text.vector(instr.type)}")  # fmt: skip
        if op == "select":
            return self._select(instr)
        if op == "getelementptr":
            return self._pointers(instr)
        if op == "load" and Memory.has(instr):
            return self.memory.load(instr, self.mask)
        if op == "call" and wide_name(instr.detail):
            return self._intrinsic(instr)
        raise Unvectorisable(f"'{instr.detail or op}' is for one work-item", instr)

    def _plain(self, instr: Instr, count: int) -> str:
        text, typ = self.text, instr.operands[0][0]
        many = [self.values.many(v, t) for t, v in instr.operands[:count]]
        words = " ".join([instr.op, *instr.flags, *([instr.detail] if instr.detail else [])])
        return text.let(f"{words} {text.vector(typ)} {', '.join(many)}")

    def _division(self, instr: Instr) -> str:
        """A lane that is off must not divide by zero; a constant is known not to be that."""
        (typ, a), (_, b) = instr.operands
        if b.isdecimal() and int(b) > 0:
            return self._plain(instr, 2)
        text, vector = self.text, self.text.vector(typ)
        args = [(vector, self.values.many(a, typ)), (vector, self.values.many(b, typ)),
                (text.mask, self.mask or TRUE), ("i32", self.length)]  # fmt: skip
        return text.call(vector, f"llvm.vp.{instr.op}.{text.mangled(typ)}", args)

    def _select(self, instr: Instr) -> str:
        text, values = self.text, self.values
        (_, on), (typ, a), (_, b) = instr.operands
        many = [values.many(v, typ) for v in (a, b)]
        which = (
            f"i1 {values.one(on, 'i1')}"
            if values.shape(on).is_uniform
            else f"{text.mask} {values.many(on, 'i1')}"
        )
        flags = "".join(f" {flag}" for flag in instr.flags)
        vector = text.vector(typ)
        return text.let(f"select{flags} {which}, {vector} {many[0]}, {vector} {many[1]}")

    def _pointers(self, instr: Instr) -> str:
        text, values = self.text, self.values
        flags = "".join(f" {flag}" for flag in instr.flags)
        parts = []
        for typ, value in instr.operands:
            if values.shape(value).is_uniform:
                parts.append(f"{typ} {values.one(value, typ)}")
            else:
                parts.append(f"{text.vector(typ)} {values.many(value, typ)}")
        return text.let(f"getelementptr{flags} {instr.detail}, {', '.join(parts)}")

    def _intrinsic(self, instr: Instr) -> str:
        text, values = self.text, self.values
        name = wide_name(instr.detail)
        args = []
        for position, (typ, value) in enumerate(instr.operands):
            if position in IMMEDIATE.get(name, ()):
                args.append((typ, value))
            else:
                args.append((text.vector(typ), values.many(value, typ)))
        suffix = text.mangled(instr.type)
        if name.endswith(".sat") and name.startswith("fpto"):
            suffix += f".{text.mangled(instr.operands[0][0])}"
        return text.call(text.vector(instr.type), f"llvm.{name}.{suffix}", args)
