"""Constant initialisers to LLVM constants, byte for byte as struct_layout says."""

from __future__ import annotations

import struct
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import InternalError
from ..frontend.types import Array, Pointer, Type, Vector, sizeof
from .emit import I8, integer
from .frame import Unit
from .lower_type import FLOATS, element, is_aggregate, memory_type, value_type
from .objects import locate
from .operate import constant

ZERO_TAIL = 4096  # bytes


def global_initialiser(unit: Unit, t: Type, init: tast.Init | None) -> Any:
    """The contents of a static object of type `t`; zero when it has no initialiser.

    raises: CompileError through unit.diags when it is no constant that can be represented.
    """
    leaves = _visible(_leaves(unit, t, init, 0), sizeof(t))
    if not leaves:
        return llir.Constant(memory_type(t), None)
    if not is_aggregate(t) and not isinstance(t, Vector):
        (only,) = leaves.values()
        return only
    if all(_raw(leaf) is not None for leaf in leaves.values()):
        data = bytearray(sizeof(t))
        for offset, leaf in leaves.items():
            raw = _raw(leaf)
            assert raw is not None
            data[offset : offset + len(raw)] = raw
        used = len(data.rstrip(b"\0"))
        if len(data) - used > ZERO_TAIL:  # LLVM's text would spell every byte
            tail = llir.Constant(llir.ArrayType(I8, len(data) - used), None)
            head = llir.Constant(llir.ArrayType(I8, used), data[:used])
            return llir.Constant.literal_struct([head, tail], packed=True)
        return llir.Constant(llir.ArrayType(I8, len(data)), data)
    # Addresses among the leaves: a packed struct with the gaps filled by hand.
    parts: list[Any] = []
    end = 0
    for offset, leaf in leaves.items():
        if offset > end:
            parts.append(llir.Constant(llir.ArrayType(I8, offset - end), None))
        parts.append(leaf)
        end = offset + _size(leaf)
    if sizeof(t) > end:
        parts.append(llir.Constant(llir.ArrayType(I8, sizeof(t) - end), None))
    return llir.Constant.literal_struct(parts, packed=True)


def _visible(leaves: list[tuple[int, Any]], size: int) -> dict[int, Any]:
    """In order of offsets. A later leaf takes the place of those it overlaps, in a union too."""
    taken = bytearray(size)
    kept: dict[int, Any] = {}
    for offset, leaf in reversed(leaves):
        end = offset + _size(leaf)
        if not any(taken[offset:end]):
            kept[offset] = leaf
            taken[offset:end] = b"\1" * (end - offset)
    return dict(sorted(kept.items()))


def _leaves(unit: Unit, t: Type, init: tast.Init | None, base: int) -> list[tuple[int, Any]]:
    """(byte offset, constant) of every scalar that is set; later ones win."""
    match init:
        case None:
            return []
        case tast.Aggregate(entries=entries):
            found: list[tuple[int, Any]] = []
            for path, entry in entries:
                offset, inner, lane = locate(t, path)
                if lane is not None:
                    inner = element(inner)
                    offset += lane * sizeof(inner)
                found += _leaves(unit, inner, entry, base + offset)
            return found
        case tast.StringRef(value=data) if isinstance(t, Array):
            data = data[: sizeof(t)]
            return [
                (base + i, I8(byte - 256 if byte > 127 else byte)) for i, byte in enumerate(data)
            ]
        case tast.VectorBuild(parts=parts):
            found, at = [], base
            for part in parts:
                found += _leaves(unit, part.type, part, at)
                size = sizeof(element(part.type))
                at += size * (part.type.count if isinstance(part.type, Vector) else 1)
            return found
        case tast.Const(value=number) if isinstance(t, Vector):
            size = sizeof(t.element)
            return [(base + i * size, constant(t.element, number)) for i in range(t.count)]
        case tast.Convert(kind="splat", operand=operand) if isinstance(t, Vector):
            size = sizeof(t.element)
            (lane,) = (leaf for _, leaf in _leaves(unit, t.element, _expr(operand), 0))
            return [(base + i * size, lane) for i in range(t.count)]
        case _:
            return [(base, _scalar(unit, t, _expr(init)))]


def _expr(node: tast.Expr | tast.LValue | tast.Init) -> tast.Expr:
    if isinstance(node, tast.ObjectNode | tast.Aggregate):
        raise InternalError(f"{type(node).__name__} in a constant")
    return node


def _scalar(unit: Unit, t: Type, expr: tast.Expr) -> Any:
    match expr:
        case tast.Const(value=number):
            leaf = constant(t, number)
            return integer(I8, leaf.constant) if leaf.type == llir.IntType(1) else leaf
        case _:
            symbol, offset = _address(unit, expr)
            target = value_type(t)
            if symbol is None and not isinstance(t, Pointer):
                return constant(t, offset)
            if symbol is None:
                text = f"inttoptr (i64 {offset} to {target})"
                return llir.values.FormattedConstant(target, text)
            text = f"getelementptr (i8, {symbol.type} {symbol.get_reference()}, i64 {offset})"
            if not isinstance(t, Pointer):
                text = f"ptrtoint ({symbol.type} {text} to {target})"
            elif symbol.type.addrspace != target.addrspace:
                text = f"addrspacecast ({symbol.type} {text} to {target})"
            return llir.values.FormattedConstant(target, text)


def _address(unit: Unit, expr: tast.Expr) -> tuple[Any, int]:
    """(global, byte offset) of an address constant; (None, address) for a number."""
    match expr:
        case tast.Const(value=number):
            return None, int(number)
        case tast.FunctionAddress(function=function):
            return unit.function_of(function), 0
        case tast.Convert(kind="decay" | "address", operand=operand):
            return _place(unit, operand)
        case tast.Convert(
            kind="pointer" | "int-to-pointer" | "pointer-to-int" | "int", operand=operand
        ):
            return _address(unit, _expr(operand))
        case tast.PointerAdd(pointer=pointer, index=tast.Const(value=number), negate=negate):
            symbol, offset = _address(unit, pointer)
            assert isinstance(pointer.type, Pointer)
            step = int(number) * sizeof(pointer.type.pointee)
            return symbol, offset - step if negate else offset + step
        case tast.Binary(op="add" | "sub" as op, left=left, right=tast.Const(value=number)):
            symbol, offset = _address(unit, left)
            return symbol, offset + int(number) if op == "add" else offset - int(number)
        case _:
            unit.diags.error("unsupported", "this constant address is not supported", expr.span)
            return None, 0


def _place(unit: Unit, node: tast.Expr | tast.LValue) -> tuple[Any, int]:
    match node:
        case tast.VarRef(var=var):
            return unit.global_of(var), 0
        case tast.StringRef(value=data, quals=quals):
            return unit.string_of(data, quals.space), 0
        case tast.Deref(pointer=pointer):
            return _address(unit, pointer)
        case tast.MemberRef(base=base, index=index):
            symbol, offset = _place(unit, base)
            return symbol, offset + locate(base.type, (index,))[0]
        case tast.CompoundRef(var=var):
            return unit.global_of(var), 0
        case _:
            unit.diags.error("unsupported", "this constant address is not supported", node.span)
            return None, 0


def _size(leaf: Any) -> int:
    if leaf.type.is_pointer:
        return 8
    sizes = {str(typ): size for size, typ in FLOATS.items()}
    return sizes.get(str(leaf.type)) or (leaf.type.width + 7) // 8


def _raw(leaf: Any) -> bytes | None:
    """The bytes of a number; None for an address."""
    if isinstance(leaf, llir.values.FormattedConstant):
        return None
    if leaf.type.is_pointer:
        return bytes(8) if leaf.constant is None else None
    size = _size(leaf)
    if isinstance(leaf.type, llir.IntType):
        return int(leaf.constant).to_bytes(size, "little", signed=True)
    return struct.pack({2: "<e", 4: "<f", 8: "<d"}[size], leaf.constant)
