"""Debug information for -g: files, lines, functions, parameters and variables with types.

DWARF constants are from the DWARF 5 standard, section 7.
"""

from __future__ import annotations

import os
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.source import Span
from ..frontend.types import (
    Array,
    Enum,
    Pointer,
    Scalar,
    Struct,
    Type,
    Vector,
    is_void,
    sizeof,
    struct_layout,
)
from .emit import I32, VOID, declare
from .frame import Frame, LowerOptions

_ENCODINGS = {"bool": "DW_ATE_boolean", "float": "DW_ATE_float"}
_TOKEN = llir.DIToken


class DebugInfo:
    """The descriptors of one module."""

    def __init__(self, module: Any, options: LowerOptions) -> None:
        self.module = module
        self.unit: Any = None
        self.optimised = options.opt_level > 0
        self.types: dict[Type, Any] = {}
        self.files: dict[str, Any] = {}
        flags = (("Debug Info Version", 2, 3), ("Dwarf Version", 7, 4))
        for name, behaviour, number in flags:
            words = [I32(behaviour), llir.MetaDataString(module, name), I32(number)]
            module.add_named_metadata("llvm.module.flags", words)

    def file(self, name: str) -> Any:
        if name not in self.files:
            folder, base = os.path.split(name)
            operands = {"filename": base, "directory": folder}
            self.files[name] = self.module.add_debug_info("DIFile", operands)
        return self.files[name]

    def compile_unit(self, name: str) -> Any:
        """The module's only one, named after the file of its first function."""
        if self.unit is None:
            operands = {
                "language": _TOKEN("DW_LANG_OpenCL"),
                "file": self.file(name),
                "producer": "kcc",
                "runtimeVersion": 0,
                "isOptimized": self.optimised,
                "emissionKind": _TOKEN("FullDebug"),
            }
            self.unit = self.module.add_debug_info("DICompileUnit", operands, is_distinct=True)
            self.module.add_named_metadata("llvm.dbg.cu", self.unit)
        return self.unit

    def function(self, llfn: Any, function: tast.Function) -> None:
        name, line = _where(function.span)
        types = [None if is_void(function.type.result) else self.type(function.type.result)]
        types += [self.type(p.type) for p in function.params]
        signature = self.module.add_debug_info("DISubroutineType", {"types": types})
        operands = {
            "name": function.name,
            "linkageName": llfn.name,
            "scope": self.file(name),
            "file": self.file(name),
            "line": line,
            "type": signature,
            "scopeLine": line,
            "unit": self.compile_unit(name),
            "spFlags": _TOKEN("DISPFlagDefinition"),
        }
        if llfn.linkage == "internal":
            operands["spFlags"] = _TOKEN("DISPFlagDefinition | DISPFlagLocalToUnit")
        node = self.module.add_debug_info("DISubprogram", operands, is_distinct=True)
        llfn.set_metadata("dbg", node)

    def location(self, llfn: Any, span: Span) -> Any:
        at = span.outermost()
        name, line, column = at.file.presumed(at.start)
        scope = llfn.metadata["dbg"]
        home = dict(scope.operands)["file"]
        if self.file(name) is not home:  # text from an included file
            block = {"scope": scope, "file": self.file(name), "discriminator": 0}
            scope = self.module.add_debug_info("DILexicalBlockFile", block)
        operands = {"line": line, "column": column, "scope": scope}
        return self.module.add_debug_info("DILocation", operands)

    def variable(self, frame: Frame, var: tast.Var) -> None:
        """Say that `var` lives in its slot of the frame."""
        name, line = _where(var.span)
        operands = {
            "name": var.name,
            "scope": frame.llfn.metadata["dbg"],
            "file": self.file(name),
            "line": line,
            "type": self.type(var.type),
        }
        if var in frame.function.params:
            operands["arg"] = frame.function.params.index(var) + 1
        node = self.module.add_debug_info("DILocalVariable", operands)
        expression = self.module.add_debug_info("DIExpression", {})
        metadata = llir.MetaDataType()
        function = declare(self.module, "llvm.dbg.declare", VOID, [metadata] * 3)
        build = frame.build
        before = build.debug_metadata
        build.debug_metadata = self.location(frame.llfn, var.span)
        build.call(function, [frame.slots[var].ptr, node, expression])
        build.debug_metadata = before

    def type(self, t: Type) -> Any:
        if t not in self.types:
            self.types[t] = None  # a struct may point to itself: the inner mention is void *
            self.types[t] = self._type(t)
        return self.types[t]

    def _type(self, t: Type) -> Any:
        add = self.module.add_debug_info
        match t:
            case Scalar(name=name, kind=kind, size=size, signed=signed):
                integer = "DW_ATE_signed" if signed else "DW_ATE_unsigned"
                encoding = _TOKEN(_ENCODINGS.get(kind, integer))
                return add("DIBasicType", {"name": name, "size": size * 8, "encoding": encoding})
            case Enum():
                operands = {"name": str(t), "size": 32, "encoding": _TOKEN("DW_ATE_signed")}
                return add("DIBasicType", operands)
            case Pointer(pointee=pointee):
                inner = None if is_void(pointee) else self.type(pointee)
                tag = _TOKEN("DW_TAG_pointer_type")
                return add("DIDerivedType", {"tag": tag, "baseType": inner, "size": 64})
            case Vector(element=element, count=count):
                return self._array(element, count, sizeof(t), vector=True)
            case Array(element=element, count=count):
                return self._array(element, count or 0, sizeof(t) if count else 0, vector=False)
            case Struct():
                return self._struct(t)
            case _:
                return add(
                    "DIBasicType", {"tag": _TOKEN("DW_TAG_unspecified_type"), "name": str(t)}
                )

    def _array(self, element: Type, count: int, size: int, *, vector: bool) -> Any:
        add = self.module.add_debug_info
        operands = {
            "tag": _TOKEN("DW_TAG_array_type"),
            "baseType": self.type(element),
            "size": size * 8,
            "elements": [add("DISubrange", {"count": count})],
        }
        if vector:
            operands["flags"] = _TOKEN("DIFlagVector")
        return add("DICompositeType", operands)

    def _struct(self, t: Struct) -> Any:
        add = self.module.add_debug_info
        if t.fields is None:
            return None
        offsets, size = struct_layout(t)
        members = [
            add(
                "DIDerivedType",
                {
                    "tag": _TOKEN("DW_TAG_member"),
                    "name": f.name,
                    "baseType": self.type(f.type),
                    "size": sizeof(f.type) * 8,
                    "offset": offset * 8,
                },
            )
            for f, offset in zip(t.fields, offsets, strict=True)
        ]
        tag = _TOKEN(f"DW_TAG_{'structure' if t.kind == 'struct' else 'union'}_type")
        operands = {"tag": tag, "name": t.tag, "size": size * 8, "elements": members}
        return add("DICompositeType", operands)


def describe_wrapper(function: Any, item: Any, build: Any) -> None:
    """Give a function made by a pass the place in the source of the kernel `item` it runs.

    Without one LLVM drops the lines of what is inlined into it.
    """
    subprogram = item.metadata.get("dbg")
    if subprogram is None:
        return
    module = function.module
    operands = dict(subprogram.operands)
    operands |= {"linkageName": function.name, "flags": _TOKEN("DIFlagArtificial")}
    local = " | DISPFlagLocalToUnit" if function.linkage == "internal" else ""
    operands["spFlags"] = _TOKEN(f"DISPFlagDefinition{local}")
    own = module.add_debug_info("DISubprogram", operands, is_distinct=True)
    function.set_metadata("dbg", own)
    location = {"line": operands["line"], "column": 0, "scope": own}
    build.debug_metadata = module.add_debug_info("DILocation", location)


def _where(span: Span) -> tuple[str, int]:
    at = span.outermost()
    name, line, _column = at.file.presumed(at.start)
    return name, line
