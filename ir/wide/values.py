"""The values of the function being widened, in the forms that they are needed in.

    one:       the value itself where it is uniform; that of lane 0 where it is affine
    signed:    the same in 64 bits, sign-extended before any wrap; unsigned: zero-extended
    many:      a vector of the values of all lanes

Lane 0 may be off while others run, so what is computed for it alone is computed without flags
that make a wrap undefined; in 64 bits it is right for those that run.

A value that other blocks use has a slot for each form; LLVM makes SSA of them again, whatever
way control takes through the blocks now.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from .model import Function, bits, is_integer, is_pointer
from .shapes import Shape, Shapes, Stride, Symbol
from .text import Text

Form: TypeAlias = Literal["one", "signed", "unsigned", "many"]


class Values:
    """What is known in the block being written, and where the rest is kept."""

    def __init__(self, function: Function, shapes: Shapes, text: Text) -> None:
        self.shapes, self.text = shapes, text
        self.types: dict[str, str] = {name: typ for typ, name in function.params}
        self.types = {name: typ.split()[0] if not is_pointer(typ) else _pointer(typ)
                      for name, typ in self.types.items()}  # fmt: skip
        self.types |= {i.name: i.type for i in function.definitions().values()}
        self.at_entry = True  # what is defined there is known everywhere
        self._shared = _used_elsewhere(function)
        self._slots: dict[tuple[str, Form], str] = {}
        self._fixed: dict[tuple[str, Form], str] = {}  # known everywhere
        self.known: dict[tuple[str, Form], str] = {}  # in this block
        for _, name in function.params:
            self._fixed[name, "one"] = name
            shape = shapes.of(name)
            if not shape.is_uniform:
                self._fixed[name, "signed"] = self._fixed[name, "unsigned"] = name

    def shape(self, value: str) -> Shape:
        return self.shapes.of(value)

    def define(self, name: str, form: Form, value: str) -> None:
        """Note a value's form, and keep it for other blocks."""
        if self.at_entry:
            self._fixed[name, form] = value
            return
        self.known[name, form] = value
        if name in self._shared:
            self.keep(name, form, value)

    def keep(self, name: str, form: Form, value: str) -> None:
        typ = self.form_type(name, form)
        self.text.put(f"store {typ} {value}, ptr {self.slot(name, form)}")

    def slot(self, name: str, form: Form) -> str:
        key = name, form
        if key not in self._slots:
            self._slots[key] = self.text.slot(self.form_type(name, form))
        return self._slots[key]

    def form_type(self, name: str, form: Form) -> str:
        typ = self.types[name]
        if form == "many":
            return self.text.vector(typ)
        return typ if form == "one" else "i64"

    def forms(self, name: str) -> list[Form]:
        """Those that a value's definition makes."""
        shape = self.shape(name)
        if shape.is_varying:
            return ["many"]
        forms: list[Form] = ["one"]
        if not shape.is_uniform and is_integer(self.types[name]) and bits(self.types[name]) < 64:
            forms += ["signed"] if shape.signed else []
            forms += ["unsigned"] if shape.unsigned else []
        return forms

    def get(self, value: str, form: Form, typ: str) -> str:
        """A value's form, from wherever it is."""
        if not value.startswith("%"):
            return self._constant(value, form, typ)
        key = value, form
        found = self._fixed.get(key) or self.known.get(key)
        if found is None:
            if form in self.forms(value):
                slot_type = self.form_type(value, form)
                found = self.text.let(f"load {slot_type}, ptr {self.slot(value, form)}")
            elif form == "many":
                found = self._spread(value, typ)
            else:
                found = self._extended(value, form, typ)
            self.known[key] = found
        return found

    def one(self, value: str, typ: str) -> str:
        return self.get(value, "one", typ)

    def many(self, value: str, typ: str) -> str:
        return self.get(value, "many", typ)

    def _constant(self, value: str, form: Form, typ: str) -> str:
        if form == "many":
            return self.text.splat(typ, value)
        if form == "unsigned" and value.startswith("-"):
            return str(int(value) + (1 << bits(typ)))
        return value

    def _extended(self, value: str, form: Form, typ: str) -> str:
        """A uniform value, or an affine one of 64 bits, in 64 bits."""
        one = self.one(value, typ)
        if bits(typ) == 64:
            return one
        return self.text.let(f"{'sext' if form == 'signed' else 'zext'} {typ} {one} to i64")

    def _spread(self, value: str, typ: str) -> str:
        """The lanes of a uniform or affine value."""
        text, shape = self.text, self.shape(value)
        one = self.one(value, typ)
        if shape.is_uniform:
            return text.splat(typ, one)
        narrow = "i64" if is_pointer(typ) else typ
        steps = text.steps(narrow)
        if shape.stride != 1:
            assert shape.stride is not None
            stride = self.stride(shape.stride)
            if narrow != "i64" and not stride.lstrip("-").isdecimal():
                stride = text.let(f"trunc i64 {stride} to {narrow}")
            by = text.splat(narrow, stride)
            steps = text.let(f"mul {text.vector(narrow)} {steps}, {by}")
        if is_pointer(typ):
            return text.let(f"getelementptr i8, {typ} {one}, {text.vector('i64')} {steps}")
        start = text.splat(typ, one)
        return text.let(f"add {text.vector(typ)} {start}, {steps}")

    def stride(self, stride: Stride) -> str:
        """As a value of 64 bits."""
        if isinstance(stride, Symbol):
            form: Form = "signed" if stride.signed else "unsigned"
            wide = self.get(stride.value, form, stride.type)
            if stride.count == 1:
                return wide
            return self.text.let(f"mul i64 {wide}, {stride.count}")
        return str(stride)


def _pointer(typ: str) -> str:
    words = typ.split()
    return f"ptr {words[1]}" if words[1:2] and words[1].startswith("addrspace") else "ptr"


def _used_elsewhere(function: Function) -> set[str]:
    """Values that blocks use which do not define them; a phi's, where control comes from."""
    home = {name: instr.block for name, instr in function.definitions().items()}
    found = set()
    for block in function.blocks.values():
        for phi in block.phis:
            found |= {v for b, v in phi.incoming.items() if home.get(v, b) != b}
        for instr in (*block.instrs, block.end):
            found |= {v for v in instr.values if home.get(v, block.name) != block.name}
    return found
