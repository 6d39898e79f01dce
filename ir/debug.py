"""Debug information for -g: files, lines, functions, blocks and variables.

Beside what the source declares, every function has two variables that its hidden arguments are
kept in: `__wg`, which points to what the launcher says of the work-group, and `__local_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.record import replace
from ..frontend.source import Span
from ..frontend.types import Array, Type, is_void
from .debug_types import TOKEN, DebugTypes, Node
from .emit import I32, I64, PTR, VOID, declare, offset_ptr, store
from .frame import Frame, LowerOptions

LOCAL_ID, WG = "__local_id", "__wg"


class DebugInfo:
    """The descriptors of one module; `scope` is where what is lowered now stands."""

    def __init__(self, module: Any, options: LowerOptions, is_c: bool) -> None:
        self.module = module
        self.types = DebugTypes(module, options.device, is_c)
        self.files: dict[str, Any] = {}
        self.scope: Any = None
        self._function: Any = None  # the descriptor of the function being lowered
        self._functions: dict[tuple[str, str], Any] = {}  # by file and name
        self._params: list[Any] = []
        self._in_place: dict[tast.Function, Any] = {}  # whose bodies stand where they are called
        self._call: Any = None  # the location of the call that such a body stands for
        self._locations: dict[tuple[int, int, Any, Any], Any] = {}
        self._file_scopes: dict[tuple[Any, Any], Any] = {}
        self._globals: list[Any] = []
        self._nothing = Node(module, "DIExpression", {})
        operands = {
            "language": TOKEN("DW_LANG_C11" if is_c else "DW_LANG_OpenCL"),
            "file": self.file(options.name),
            "producer": "kcc",
            "runtimeVersion": 0,
            "isOptimized": options.opt_level > 0,
            "emissionKind": TOKEN("FullDebug"),
            "nameTableKind": TOKEN("None"),
        }
        self._unit = Node(module, "DICompileUnit", operands, distinct=True)
        module.add_named_metadata("llvm.dbg.cu", self._unit)
        for name, behaviour, number in (("Debug Info Version", 2, 3), ("Dwarf Version", 7, 4)):
            words = [I32(behaviour), llir.MetaDataString(module, name), I32(number)]
            module.add_named_metadata("llvm.module.flags", words)

    def finish(self, variables: Mapping[tast.Var, Any]) -> None:
        """Describe the variables that live outside of frames, now that all functions are known."""
        for var, symbol in variables.items():
            if symbol.initializer is not None and var.name:
                self.global_var(var, symbol)
        if self._globals:
            self._unit.add(globals=self._globals)

    def file(self, name: str) -> Any:
        if name not in self.files:
            # As written: relative to where the compiler ran, which identical bytes cannot tell.
            self.files[name] = self._add("DIFile", filename=name, directory="")
        return self.files[name]

    def _add(self, kind: str, distinct: bool = False, **operands: Any) -> Any:
        return Node(self.module, kind, operands, distinct)

    # -- where

    def function(self, llfn: Any, function: tast.Function) -> None:
        """What follows is the body of this function."""
        self._function = self.scope = self._subprogram(function, llfn.linkage == "internal")
        llfn.set_metadata("dbg", self.scope)
        self._functions[_where(function.span)[0], function.name] = self.scope

    def _subprogram(self, function: tast.Function, internal: bool) -> Any:
        name, line = _where(function.span)
        result = function.type.result
        types = [None if is_void(result) else self.types.of(result)]
        types += [self.types.of(p.type) for p in function.params]
        local = " | DISPFlagLocalToUnit" if internal else ""
        made = self._add(
            "DISubprogram",
            distinct=True,
            name=function.name,
            scope=self.file(name),
            file=self.file(name),
            line=line,
            type=self._add("DISubroutineType", types=types),
            scopeLine=line,
            unit=self._unit,
            flags=TOKEN("DIFlagPrototyped"),
            spFlags=TOKEN(f"DISPFlagDefinition{local}"),
        )
        assert function.body is not None
        made.end_line = _where(function.body.span.last())[1]
        return made

    def enter_call(self, function: tast.Function, span: Span) -> Any:
        """The body of `function` follows, in the place of a call; for `leave_call`."""
        around = self.scope, self._call, self._params
        at = dict(self.location(span).operands)
        self._call = self._add("DILocation", distinct=True, **at)  # one for each call
        if function not in self._in_place:
            self._in_place[function] = self._subprogram(function, internal=True)
        self.scope, self._params = self._in_place[function], []
        return around

    def leave_call(self, around: Any) -> None:
        self.scope, self._call, self._params = around

    def end_function(self) -> None:
        """Keep its parameters, also those that end up nowhere."""
        self._function.add(retainedNodes=self._params)
        self._params = []

    def enter_block(self, span: Span) -> Any:
        """A block with variables of its own; returns the scope around it."""
        at = span.outermost()
        name, line, column = at.file.presumed(at.start)
        around = self.scope
        operands = {"scope": around, "file": self.file(name), "line": line, "column": column}
        self.scope = self._add("DILexicalBlock", distinct=True, **operands)
        return around

    def location(self, span: Span) -> Any:
        at = span.outermost()
        name, line, column = at.file.presumed(at.start)
        scope, file = self.scope, self.file(name)
        if file is not dict(scope.operands)["file"]:  # text from an included file
            if (scope, file) not in self._file_scopes:
                block = self._add("DILexicalBlockFile", scope=scope, file=file, discriminator=0)
                self._file_scopes[scope, file] = block
            scope = self._file_scopes[scope, file]
        return self._location(line, column, scope)

    def _location(self, line: int, column: int, scope: Any) -> Any:
        key = (line, column, scope, self._call)
        if key not in self._locations:
            inlined = {} if self._call is None else {"inlinedAt": self._call}
            made = self._add("DILocation", line=line, column=column, scope=scope, **inlined)
            self._locations[key] = made
        return self._locations[key]

    # -- variables

    def variable(self, frame: Frame, var: tast.Var) -> None:
        """Say that `var` lives in its slot of the frame."""
        operands = self._described(var)
        if var in frame.function.params:
            operands["arg"] = frame.function.params.index(var) + 1
        node = self._add("DILocalVariable", scope=self.scope, **operands)
        if "arg" in operands:
            self._params.append(node)
        self._declare(frame.build, frame.slots[var].ptr, node, self.location(var.span))

    def item(self, frame: Frame) -> None:
        """Keep the hidden arguments where a debugger finds them."""
        wg, *local_id = frame.item[-4:]
        for name, typ, t, values in (
            (WG, PTR, self.types.wg_info(), [wg]),
            (LOCAL_ID, I64, self.types.local_id(), local_id),
        ):
            slot = frame.allocas.alloca(llir.ArrayType(typ, len(values)), name=name)
            slot.align, slot.type = 8, PTR
            for i, value in enumerate(values):
                store(frame.build, value, offset_ptr(frame.build, slot, 8 * i), 8)
            flags = TOKEN("DIFlagArtificial")
            node = self._add("DILocalVariable", name=name, scope=self.scope, type=t, flags=flags)
            self._declare(frame.build, slot, node, self._location(0, 0, self.scope))

    def global_var(self, var: tast.Var, symbol: Any) -> None:
        """A variable outside of frames: of the program, or of a function's constants."""
        owner, _, name = var.name.rpartition(".")
        node = self._add(
            "DIGlobalVariable",
            distinct=True,
            scope=self._functions.get((_where(var.span)[0], owner), self._unit),
            isLocal=symbol.linkage == "internal",
            isDefinition=True,
            **(self._described(var) | {"name": name}),
        )
        both = self._add("DIGlobalVariableExpression", var=node, expr=self._nothing)
        symbol.set_metadata("dbg", both)
        self._globals.append(both)

    def group_var(self, var: tast.Var) -> Any:
        """What `describe_group_var` needs of a variable whose place is not known yet."""
        node = self._add("DILocalVariable", scope=self._function, **self._described(var))
        return node, self._location(_where(var.span)[1], 0, self._function)

    def _described(self, var: tast.Var) -> dict[str, Any]:
        name, line = _where(var.span)
        t = self.types.of(_spelled(var), var.quals)
        return {"name": var.name, "file": self.file(name), "line": line, "type": t}

    def _declare(self, build: Any, place: Any, variable: Any, location: Any) -> None:
        before = build.debug_metadata
        build.debug_metadata = location
        _call_declare(build, place, variable, self._nothing)
        build.debug_metadata = before


def _call_declare(build: Any, place: Any, variable: Any, expression: Any) -> None:
    metadata = llir.MetaDataType()
    function = declare(build.module, "llvm.dbg.declare", VOID, [metadata] * 3)
    build.call(function, [place, variable, expression])


def describe_group_var(build: Any, description: Any, slot: Any, offset: int) -> None:
    """A variable of the work-group: `offset` bytes from the address that `slot` holds."""
    node, location = description
    steps = [TOKEN(word) for word in ("DW_OP_deref", "DW_OP_plus_uconst", str(offset))]
    build.debug_metadata = location
    _call_declare(build, slot, node, Expression(build.module, steps))
    build.debug_metadata = None


class Expression(Node):
    """A DWARF expression: operations and numbers, one after another."""

    def __init__(self, module: Any, words: list[Any]) -> None:
        super().__init__(module, "DIExpression", {})
        self._words = words

    def descr(self, buf: list[str]) -> None:
        buf.append(f"!DIExpression({', '.join(word.value for word in self._words)})\n")


def describe_wrapper(function: Any, inner: Any, name: str, build: Any) -> None:
    """Give a function made by a pass a place in the source of the kernel that it runs.

    Without one LLVM drops the lines of what is inlined into it. The place is the kernel's last
    line, where a debugger comes to when it steps from one work-item to the next; a breakpoint
    at the first line is for the work-items alone.
    """
    module, kernel = function.module, inner.metadata["dbg"]
    operands = dict(kernel.operands)
    operands.pop("retainedNodes", None)
    line = kernel.end_line
    local = " | DISPFlagLocalToUnit" if function.linkage == "internal" else ""
    operands |= {
        "name": name,
        "line": line,
        "scopeLine": line,
        "type": Node(module, "DISubroutineType", {"types": [None]}),
        "flags": TOKEN("DIFlagArtificial"),
        "spFlags": TOKEN(f"DISPFlagDefinition{local}"),
    }
    own = Node(module, "DISubprogram", operands, distinct=True)
    own.end_line = line
    function.set_metadata("dbg", own)
    location = {"line": line, "column": 0, "scope": own}
    build.debug_metadata = Node(module, "DILocation", location)


def _spelled(var: tast.Var) -> Type:
    """The type with its typedefs; an initialiser may have told the length of an array since."""
    if isinstance(var.spelling, Array) and isinstance(var.type, Array):
        return replace(var.spelling, count=var.type.count)
    return var.spelling or var.type


def _where(span: Span) -> tuple[str, int]:
    at = span.outermost()
    name, line, _column = at.file.presumed(at.start)
    return name, line
