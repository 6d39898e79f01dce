"""Debug information of types, and the nodes that all of it is made of.

DWARF constants are from the DWARF 5 standard, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import llvmlite.ir as llir

from ..frontend.types import (
    NO_QUALS,
    UINT,
    ULONG,
    AddrSpace,
    Array,
    Enum,
    Function,
    Named,
    Pointer,
    Quals,
    Scalar,
    Struct,
    Type,
    Vector,
    enum_type,
    is_void,
    sizeof,
    struct_layout,
)
from .abi import GROUP_INFO, Target

TOKEN = llir.DIToken
_ENCODINGS = {"bool": "DW_ATE_boolean", "float": "DW_ATE_float"}
_QUALIFIERS = ("const", "volatile", "restrict")


class Node(llir.DIValue):  # type: ignore[misc]  # llvmlite is untyped
    """A descriptor, equal to no other: the operands may lead back to the node itself."""

    operands: tuple[tuple[str, Any], ...]
    end_line = 0  # of a function

    def __init__(
        self, module: Any, kind: str, operands: Mapping[str, Any], distinct: bool = False
    ) -> None:
        fixed = {k: self._list(module, v) for k, v in operands.items()}
        super().__init__(module, distinct, kind, fixed.items(), name=str(len(module.metadata)))

    @staticmethod
    def _list(module: Any, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        null = llir.MetaDataType()(None)
        items = [null if item is None else item for item in value]
        return llir.MDValue(module, items, name=str(len(module.metadata)))

    def add(self, **operands: Any) -> None:
        """More operands, for what is known only later."""
        fixed = {k: self._list(self.parent, v) for k, v in operands.items()}
        self.operands = (*self.operands, *fixed.items())

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class DebugTypes:
    """The types of one module, each described once."""

    def __init__(self, module: Any, device: Target, is_c: bool) -> None:
        """device: who starts the kernels. is_c: types have their names in C."""
        self._module = module
        self._device = device
        self._is_c = is_c
        self._known: dict[tuple[Type, Quals], Any] = {}
        self._wg_info: Any = None

    def _add(self, kind: str, distinct: bool = False, **operands: Any) -> Any:
        return Node(self._module, kind, operands, distinct)

    def of(self, t: Type, quals: Quals = NO_QUALS) -> Any:
        """The descriptor of a type; None stands for void."""
        key = (t, Quals(const=quals.const, volatile=quals.volatile, restrict=quals.restrict))
        if key not in self._known:
            self._known[key] = self._qualified(t, key[1])
        return self._known[key]

    def _qualified(self, t: Type, quals: Quals) -> Any:
        for word in _QUALIFIERS:
            if getattr(quals, word):
                inner = self.of(t, quals.with_(**{word: False}))
                tag = TOKEN(f"DW_TAG_{word}_type")
                return self._add("DIDerivedType", tag=tag, baseType=inner)
        return None if is_void(t) else self._plain(t)

    def _plain(self, t: Type) -> Any:
        match t:
            case Scalar(name=name, kind=kind, size=size, signed=signed):
                integer = "DW_ATE_signed" if signed else "DW_ATE_unsigned"
                encoding = TOKEN(_ENCODINGS.get(kind, integer))
                if self._is_c and kind == "int" and not signed:
                    name = f"unsigned {name[1:]}"  # uint
                return self._add("DIBasicType", name=name, size=size * 8, encoding=encoding)
            case Enum():
                return self._enum(t)
            case Pointer(pointee=Function(result, params)):
                types = [self.of(each) for each in (result, *params)]
                of = self._add("DISubroutineType", types=types)
                return self._pointer(of, AddrSpace.PRIVATE)
            case Pointer(pointee=pointee, quals=quals):
                return self._pointer(self.of(pointee, quals), quals.space)
            case Vector(element=element, count=count):
                lanes = self._array(element, count, sizeof(t), vector=True)
                return self._typedef(str(t), lanes)
            case Array():
                return self._array(t, 0, sizeof(t) if t.count else 0, vector=False)
            case Struct():
                return self._struct(t)
            case Named(name=name, meaning=meaning):
                return self._typedef(name, self.of(meaning))
            case _:
                tag = TOKEN("DW_TAG_unspecified_type")
                return self._add("DIBasicType", tag=tag, name=str(t))

    def _typedef(self, name: str, meaning: Any) -> Any:
        tag = TOKEN("DW_TAG_typedef")
        return self._add("DIDerivedType", tag=tag, name=name, baseType=meaning)

    def _pointer(self, pointee: Any, space: AddrSpace) -> Any:
        operands = {"tag": TOKEN("DW_TAG_pointer_type"), "baseType": pointee, "size": 64}
        if space:
            operands["dwarfAddressSpace"] = int(space)
        return self._add("DIDerivedType", **operands)

    def _enum(self, t: Enum) -> Any:
        unsigned = not enum_type(t).signed
        constants = [
            self._add("DIEnumerator", name=name, value=value, isUnsigned=unsigned)
            for name, value in t.members.items()
        ]
        tag, base = TOKEN("DW_TAG_enumeration_type"), self.of(enum_type(t))
        return self._composite(tag, t.tag, sizeof(t), constants, baseType=base)

    def _array(self, t: Type, count: int, size: int, *, vector: bool) -> Any:
        """A vector of `count` elements, or an array with all of its dimensions."""
        counts = [count] if vector else []
        while isinstance(t, Array):
            counts.append(t.count or 0)
            t = t.element
        ranges = [self._add("DISubrange", count=n) for n in counts]
        more = {"flags": TOKEN("DIFlagVector")} if vector else {}
        tag = TOKEN("DW_TAG_array_type")
        return self._composite(tag, "", size, ranges, baseType=self.of(t), **more)

    def _struct(self, t: Struct) -> Any:
        tag = TOKEN(f"DW_TAG_{'structure' if t.kind == 'struct' else 'union'}_type")
        if t.fields is None:
            flags = TOKEN("DIFlagFwdDecl")
            return self._add("DICompositeType", tag=tag, name=t.tag, flags=flags)
        node = self._add("DICompositeType", distinct=True, tag=tag, name=t.tag, size=8 * sizeof(t))
        self._known[t, NO_QUALS] = node  # a struct may point to itself
        offsets, _size = struct_layout(t)
        fields = zip(t.fields, offsets, strict=True)
        members = [
            self._member(f.name, self.of(f.spelling or f.type, f.quals), sizeof(f.type), offset)
            for f, offset in fields
        ]
        node.add(elements=members)
        return node

    def _member(self, name: str, t: Any, size: int, offset: int) -> Any:
        tag = TOKEN("DW_TAG_member")
        return self._add(
            "DIDerivedType", tag=tag, name=name, baseType=t, size=8 * size, offset=8 * offset
        )

    def _composite(
        self, tag: Any, name: str, size: int, elements: Sequence[Any], **more: Any
    ) -> Any:
        operands = {"tag": tag, "name": name, "size": 8 * size, "elements": list(elements)}
        return self._add("DICompositeType", **operands, **more)

    def wg_info(self) -> Any:
        """A pointer to what the launcher says of a work-group."""
        if self._wg_info is None:
            members = []
            fields, size_bytes = GROUP_INFO[self._device]
            for name, slot in fields.items():
                t: Type = {"Q": ULONG, "I": UINT}[slot.format]
                size = slot.count * sizeof(t)
                t = Array(t, slot.count) if slot.count > 1 else t
                members.append(self._member(name, self.of(t), size, slot.offset))
            tag = TOKEN("DW_TAG_structure_type")
            record = self._composite(tag, "wg_info", size_bytes, members)
            self._wg_info = self._pointer(record, AddrSpace.PRIVATE)
        return self._wg_info

    def local_id(self) -> Any:
        return self.of(Array(ULONG, 3))
