"""Writing LLVM IR for lanes: names, vector types, splats, and what has to be declared."""

from __future__ import annotations

import re

from .model import Unvectorisable, bits, is_integer, is_pointer

TRUE = "splat (i1 true)"
_LITERAL = re.compile(r"-?\d[\w.+-]*|0x\w+|true|false|null|poison|undef|zeroinitializer")


class Text:
    """The body of a function being written.

    lanes: of a vector, times vscale. halves: whether there are vectors of half.
    """

    def __init__(self, lanes: int, halves: bool) -> None:
        self.lanes, self._halves = lanes, halves
        self.lines: list[str] = []
        self.slots: list[str] = []  # allocas, for the entry
        self.declared: dict[str, str] = {}  # name -> declaration
        self.debug = ""
        self._count = 0

    def fresh(self) -> str:
        self._count += 1
        return f"%kw.{self._count}"

    def put(self, text: str) -> None:
        self.lines.append(f"  {text}{self.debug}")

    def let(self, text: str) -> str:
        name = self.fresh()
        self.put(f"{name} = {text}")
        return name

    def start(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label[1:]}:")

    def slot(self, typ: str) -> str:
        name = self.fresh()
        self.slots.append(f"  {name} = alloca {typ}")
        return name

    def vector(self, typ: str) -> str:
        """raises: Unvectorisable for what cannot be an element."""
        if not bits(typ) or typ == "bfloat" or (typ == "half" and not self._halves):
            raise Unvectorisable(f"values of type {typ}")
        return f"<vscale x {self.lanes} x {typ}>"

    def mangled(self, typ: str) -> str:
        return f"nxv{self.lanes}{_mangled(typ)}"

    @property
    def mask(self) -> str:
        return self.vector("i1")

    def call(self, result: str, name: str, args: list[tuple[str, str]]) -> str:
        """Call one of LLVM's own functions. An argument's type may have attributes behind it."""
        plain = ", ".join(re.sub(r" align \d+$", "", typ) for typ, _ in args)
        self.declared[name] = f"declare {result} @{name}({plain})"
        text = f"call {result} @{name}({', '.join(f'{typ} {value}' for typ, value in args)})"
        if result == "void":
            self.put(text)
            return ""
        return self.let(text)

    def splat(self, typ: str, value: str) -> str:
        if value in ("poison", "undef", "zeroinitializer"):
            return value
        if value == "null":
            return "zeroinitializer"
        if _LITERAL.fullmatch(value):
            return f"splat ({typ} {value})"
        one = self.let(f"insertelement {self.vector(typ)} poison, {typ} {value}, i64 0")
        return self.let(
            f"shufflevector {self.vector(typ)} {one}, {self.vector(typ)} poison, "
            f"{self.vector('i32')} zeroinitializer"
        )

    def steps(self, typ: str) -> str:
        """0, 1, 2, ..."""
        return self.call(self.vector(typ), f"llvm.stepvector.{self.mangled(typ)}", [])


def _mangled(typ: str) -> str:
    if is_pointer(typ):
        return "p" + (typ[typ.index("(") + 1 : -1] if "(" in typ else "0")
    return typ if is_integer(typ) else f"f{bits(typ)}"
