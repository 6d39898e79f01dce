"""Vectors of the source, float4 and the like, taken apart: lanes are for work-items.

    before:  %v = fadd <2 x float> %a, %b           store <2 x float> %v, ptr %p
    after:   %v.e0 = fadd float %a.e0, %b.e0        store float %v.e0, ptr %p
             %v.e1 = fadd float %a.e1, %b.e1        %p.1 = getelementptr i8, ptr %p, i64 4  ...

Moving elements about leaves nothing: who uses an element uses the value it has been made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .intrinsics import wide_name
from .model import Function, Instr, Unvectorisable, bits, is_integer, rename
from .reader import BINARY, CASTS, instruction, note_values, split, type_end

_VECTOR = re.compile(r"<(\d+) x ([^<>]+)>")
_MOST = 16  # elements


def has_vectors(text: str) -> bool:
    return _VECTOR.search(text) is not None


def take_apart(function: Function, order: list[str]) -> None:
    """Rewrite `function` without vectors. order: of its blocks, definitions before uses.

    raises: Unvectorisable for what needs a vector as a whole.
    """
    apart = _Apart()
    for name in order:
        block = function.blocks[name]
        block.phis = [new for phi in block.phis for new in apart.phi(phi)]
        block.instrs = [new for instr in block.instrs for new in apart.instr(instr)]
        block.end = apart.renamed(block.end)
    for block in function.blocks.values():
        for phi in block.phis:
            phi.incoming = {b: apart.incoming(v) for b, v in phi.incoming.items()}
        for instr in block.all:
            instr.block = block.name
    note_values(function)


def _shape(typ: str) -> tuple[int, str] | None:
    match = _VECTOR.fullmatch(typ)
    return (int(match[1]), match[2]) if match else None


class _Apart:
    """elements: of each vector. scalars: what is another value now."""

    def __init__(self) -> None:
        self._elements: dict[str, list[str]] = {}
        self._scalars: dict[str, str] = {}
        self._count = 0

    def incoming(self, value: str) -> str:
        """A phi's operand, which may be an element of a vector: "%v[2]"."""
        if match := re.fullmatch(r"(.*)\[(\d+)\]<(.*)>", value):
            return self._of(match[1], match[3])[int(match[2])]
        return self._scalars.get(value, value)

    def phi(self, phi: Instr) -> list[Instr]:
        shape = _shape(phi.type)
        if shape is None:
            return [phi]
        names = self._name(phi)
        made = []
        for i, name in enumerate(names):
            pairs = {b: f"{v}[{i}]<{phi.type}>" for b, v in phi.incoming.items()}
            made.append(Instr(name, "phi", shape[1], [], "", incoming=pairs, debug=phi.debug))
        return made

    def _name(self, instr: Instr) -> list[str]:
        """Names for a new vector's elements."""
        shape = _shape(instr.type)
        assert shape is not None
        if shape[0] > _MOST or not bits(shape[1]):
            raise Unvectorisable(f"values of type {instr.type}", instr)
        stem = instr.name.rstrip('"')
        quote = '"' if stem != instr.name else ""
        self._elements[instr.name] = [f"{stem}.e{i}{quote}" for i in range(shape[0])]
        return self._elements[instr.name]

    def renamed(self, instr: Instr) -> Instr:
        if not any(name in self._scalars for name in instr.values):
            return instr
        text = rename(instr.text, {n: v for n, v in self._scalars.items() if n != instr.name})
        return _again(text, instr)

    def instr(self, instr: Instr) -> list[Instr]:
        types = [instr.type, *(typ for typ, _ in instr.operands)]
        if not any(map(_shape, types)) and not _VECTOR.search(instr.text):
            return [self.renamed(instr)]
        moved = _MOVES.get(instr.op)
        if moved is not None:
            moved(self, instr)
            return []
        if instr.op == "load":
            return self._load(instr)
        if instr.op == "store":
            return self._store(instr)
        if instr.op in ("getelementptr", "alloca"):
            return [self.renamed(instr)]
        return self._elementwise(instr)

    # -- elements on the move ---------------------------------------------------------------------

    def _extract(self, instr: Instr) -> None:
        vector, index = _parts(instr)
        of = self._of(vector[1], vector[0])
        self._scalars[instr.name] = of[self._position(index[1], len(of), instr)]

    def _insert(self, instr: Instr) -> None:
        vector, one, index = _parts(instr)
        of = list(self._of(vector[1], vector[0]))
        of[self._position(index[1], len(of), instr)] = self._scalars.get(one[1], one[1])
        self._elements[instr.name] = of

    def _shuffle(self, instr: Instr) -> None:
        first, second, mask = _parts(instr)
        of = self._of(first[1], first[0]) + self._of(second[1], second[0])
        chosen = self._of(mask[1], mask[0])
        self._elements[instr.name] = [of[int(i)] if i.isdecimal() else "poison" for i in chosen]

    @staticmethod
    def _position(index: str, count: int, instr: Instr) -> int:
        if not index.isdecimal() or int(index) >= count:
            raise Unvectorisable("element chosen at run time", instr)
        return int(index)

    def _of(self, value: str, typ: str) -> list[str]:
        """The elements of a vector or of a constant."""
        shape = _shape(typ)
        assert shape is not None, typ
        count, element = shape
        if value in self._elements:
            return self._elements[value]
        if value in ("poison", "undef"):
            return [value] * count
        if value == "zeroinitializer":
            zero = "0" if is_integer(element) else "null" if element[0] == "p" else "0.0"
            return ["false" if element == "i1" else zero] * count
        if value.startswith("splat ("):
            return [_second(value[7:-1])] * count
        if value.startswith("<"):
            return [_second(part) for part in split(value[1:-1])]
        raise Unvectorisable(f"values of type {typ}")

    # -- one for each element ---------------------------------------------------------------------

    def _elementwise(self, instr: Instr) -> list[Instr]:
        shape = _shape(instr.type)
        is_call = instr.op == "call" and wide_name(instr.detail)
        plain = instr.op in BINARY | CASTS | {"fneg", "freeze", "icmp", "fcmp", "select"}
        if instr.type == "<":
            count = _shape(instr.operands[0][0])
            shape = (count[0], "i1") if count is not None else None
            instr.type = f"<{shape[0]} x i1>" if shape is not None else ""
        if shape is None or not (is_call or plain):
            raise Unvectorisable(f"'{instr.detail or instr.op}' of a vector", instr)
        of = [self._operand(typ, value, shape[0], instr) for typ, value in instr.operands]
        return [
            _again(f"{name} = {self._text(instr, shape[1], [o[i] for o in of])}", instr)
            for i, name in enumerate(self._name(instr))
        ]

    def _operand(self, typ: str, value: str, count: int, instr: Instr) -> list[tuple[str, str]]:
        shape = _shape(typ)
        if shape is None:
            return [(typ, self._scalars.get(value, value))] * count
        if shape[0] != count:
            raise Unvectorisable(f"'{instr.op}' between vectors of unlike length", instr)
        return [(shape[1], element) for element in self._of(value, typ)]

    @staticmethod
    def _text(instr: Instr, typ: str, of: list[tuple[str, str]]) -> str:
        flags = "".join(f" {flag}" for flag in instr.flags if flag not in ("tail", "notail"))
        first = f"{of[0][0]} {of[0][1]}"
        rest = "".join(f", {value}" for _, value in of[1:])
        typed = ", ".join(f"{t} {v}" for t, v in of)
        if instr.op in CASTS:
            return f"{instr.op}{flags} {first} to {typ}"
        if instr.op in ("icmp", "fcmp"):
            return f"{instr.op}{flags} {instr.detail} {first}{rest}"
        if instr.op == "select":
            return f"select{flags} {typed}"
        if instr.op == "call":
            name = wide_name(instr.detail)
            suffix = _suffix(typ)
            if name.startswith("fpto"):
                suffix += f".{_suffix(of[0][0])}"
            return f"call{flags} {typ} @llvm.{name}.{suffix}({typed})"
        return f"{instr.op}{flags} {first}{rest}"

    # -- memory -----------------------------------------------------------------------------------

    def _places(self, instr: Instr, typ: str, count: int) -> tuple[list[Instr], list[str]]:
        space, pointer = instr.operands[-1]
        pointer = self._scalars.get(pointer, pointer)
        if bits(typ) < 8:
            raise Unvectorisable(f"vector of {typ} in memory", instr)
        made, places = [], [pointer]
        for i in range(1, count):
            self._count += 1
            name = f"%kw.place.{self._count}"
            text = (
                f"{name} = getelementptr inbounds i8, {space} {pointer}, i64 {i * bits(typ) // 8}"
            )
            made.append(_again(text, instr))
            made[-1].notes = ""
            places.append(name)
        return made, places

    def _load(self, instr: Instr) -> list[Instr]:
        shape = _shape(instr.type)
        if shape is None:
            raise Unvectorisable(f"values of type {instr.type}", instr)
        made, places = self._places(instr, shape[1], shape[0])
        space, word = instr.operands[0][0], "load volatile" if instr.volatile else "load"
        for i, name in enumerate(self._name(instr)):
            align = _align(instr.align, i * bits(shape[1]) // 8)
            text = f"{name} = {word} {shape[1]}, {space} {places[i]}, align {align}"
            made.append(_again(text, instr))
        return made

    def _store(self, instr: Instr) -> list[Instr]:
        (typ, value), (space, _) = instr.operands
        shape = _shape(typ)
        if shape is None:
            raise Unvectorisable(f"values of type {typ}", instr)
        made, places = self._places(instr, shape[1], shape[0])
        word = "store volatile" if instr.volatile else "store"
        for i, element in enumerate(self._of(value, typ)):
            align = _align(instr.align, i * bits(shape[1]) // 8)
            text = f"{word} {shape[1]} {element}, {space} {places[i]}, align {align}"
            made.append(_again(text, instr))
        return made


_MOVES: dict[str, Callable[[_Apart, Instr], None]] = {
    "extractelement": _Apart._extract,
    "insertelement": _Apart._insert,
    "shufflevector": _Apart._shuffle,
}


def _again(text: str, instr: Instr) -> Instr:
    made = instruction(text)
    made.debug, made.notes, made.block = instr.debug, instr.notes, instr.block
    return made


def _parts(instr: Instr) -> list[tuple[str, str]]:
    """Type and value of each operand, of an instruction whose operands the model leaves alone."""
    rest = instr.text[instr.text.index(instr.op) + len(instr.op) :].strip()
    parts = []
    for part in split(rest):
        end = type_end(part)
        parts.append((part[:end], part[end:].strip()))
    return parts


def _second(text: str) -> str:
    return text[type_end(text) :].strip()


def _align(align: int, offset: int) -> int:
    return align if offset == 0 else min(align, offset & -offset)


def _suffix(typ: str) -> str:
    return typ if is_integer(typ) else f"f{bits(typ)}"
