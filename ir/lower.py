"""Typed tree to one LLVM module, in the manner of clang -O0: every variable has an address.

How functions are called among themselves, whatever input they come from:

    result name([ptr result,] arguments..., ptr addrspace(3) locals, ptr wg, i64 x, y, z)

Functions of C, and those of the device library (`__kcc_*`, and memcpy and its kin), take the
arguments alone that are written. OpenCL C may call a function of C all the same: what is too
many lies in registers and on the stack where nobody looks.

An aggregate argument is an address, and the callee copies what is there; an aggregate result
goes where `result` points. locals is the group's local memory; wg and x, y, z are its wg_info
and the local id, for the work-item functions.

The body of kernel `k` is `__kcc_item.k`; the symbol `k` is its entry, made by the passes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import Diagnostics
from ..frontend.nesting import deep_recursion
from ..frontend.record import field, record, replace
from ..frontend.source import NO_SPAN
from ..frontend.types import (
    AddrSpace,
    Atomic,
    Enum,
    Pointer,
    Scalar,
    Struct,
    Type,
    Vector,
    alignof,
    enum_type,
    sizeof,
)
from .abi import (
    BLOCK_START,
    IN_PLACE,
    MAX_ARG_ALIGN,
    ArgInfo,
    ElementType,
    KernelArg,
    KernelInfo,
    arg_align,
    block_offsets,
    trampoline_name,
)
from .emit import I8, VOID, Attributes, Function, GlobalVar, global_bytes, keep
from .frame import MAX_NAME, Frame, LowerOptions, Place, Unit, write
from .lower_const import global_initialiser
from .lower_stmt import statement
from .lower_type import extension, function_type, is_aggregate, memory_type, value_type
from .mangle import mangled
from .passes._names import item_name
from .passes._resumable import Resumable
from .passes.workitem_ids import ITEM_NAMES, ITEM_TYPES

MAX_STATIC = 1 << 27  # bytes, of one object; more than a device's memory

LOCAL_PTR = llir.PointerType(addrspace=int(AddrSpace.LOCAL))
# LLVM calls these by name and by their C types, as lowering does the device library's own
# __kcc_*, whatever the user calls so.
LIBRARY_NAMES = frozenset(
    "memcpy memmove memset memcmp __extendhfsf2 __truncsfhf2 __truncdfhf2".split()
)


DEFAULTS = LowerOptions()


@record(frozen=False)
class Lowered:
    """A module and what is known of its kernels; the passes change both."""

    module: Any
    kernels: tuple[KernelInfo, ...]
    options: LowerOptions = DEFAULTS
    resumable: dict[str, Resumable] = field(default_factory=dict)  # bodies with barriers


def lower(
    program: tast.Program,
    options: LowerOptions = DEFAULTS,
    diags: Diagnostics | None = None,
) -> Lowered:
    """Make an LLVM module of a checked program.

    raises:  CompileError naming every construct that cannot be lowered (also in `diags`).
    """
    diags = Diagnostics() if diags is None else diags
    span = program.functions[-1].span if program.functions else NO_SPAN
    with deep_recursion(diags, span):
        lowered = _Module(program, options, diags).lower()
    diags.raise_errors()
    return lowered


class _Module:
    """One lowering: owns the module and what has been declared in it."""

    def __init__(self, program: tast.Program, options: LowerOptions, diags: Diagnostics) -> None:
        self.program = program
        self.program_scope = set(program.globals)
        # llvmlite writes the name into a comment, which the end of a line would end.
        name = " ".join(options.name.splitlines())
        self.module = llir.Module(name, context=llir.Context())
        self.unit = Unit(
            self.module, options, diags,
            self.function, self.global_var, self.string, program.waiting,
        )  # fmt: skip
        self.functions: dict[tast.Function, Any] = {}
        self.globals: dict[tast.Var, Any] = {}
        self.strings: dict[tuple[bytes, AddrSpace], Any] = {}
        self.owner = ""  # the function being lowered, to name what lives outside its frame
        functions = [f for f in (*program.functions, *program.externs) if not f.is_static]
        self.visible = {f.name if f.is_kernel else _symbol(f, options) for f in functions}
        self.visible |= {var.name for var in program.globals if not var.is_static}
        if options.device == "formosa":
            self.keep_entries()

    def keep_entries(self) -> None:
        """No variable or function may be called as a kernel's trampoline is."""
        kernels = [f for f in self.program.functions if f.is_kernel]
        taken = self.visible - {f.name for f in kernels}
        for function in kernels:
            name = trampoline_name(function.name)
            if name in taken:
                message = f"'{name}' is what the entry of kernel '{function.name}' is called"
                self.unit.diags.error("redefinition", message, function.span)
            self.visible.add(name)

    def lower(self) -> Lowered:
        if self.unit.options.debug:
            from .debug import DebugInfo

            self.unit.debug = DebugInfo(self.module, self.unit.options, self.program.is_c)
        program = self.program
        for function in program.externs:
            if function.is_kernel:
                message = f"kernel '{function.name}' is called and no input defines it"
                hint = "give the file that does in the same command"
                self.unit.diags.error("undefined-function", message, function.span, hint=hint)
        for var in program.globals:
            self.global_var(var)
        for function in program.functions:
            if not (function.is_kernel or function.is_static):
                self.mark(function)
            if function in program.waiting and not function.is_kernel:
                continue  # it stands where it is called
            self.owner = function.name
            for param in function.params if function.is_kernel else ():
                self.check_alignment(alignof(param.type), param)
            _body(self.unit, function, self.function(function))
        self.keep_used()
        if self.unit.debug is not None:
            self.unit.debug.finish(self.globals)
        options = self.unit.options
        if options.device == "dpu":
            from . import lower_mram

            lower_mram.verify(self.module)
        sub_groups = any(n.startswith("__kcc.") and "sub_group" in n for n in self.module.globals)
        size = options.sub_group_size if sub_groups else 0
        kernels = tuple(
            replace(kernel_info(f, options), sub_group_size=size)
            for f in program.functions
            if f.is_kernel
        )
        return Lowered(self.module, kernels, options)

    def function(self, function: tast.Function) -> Any:
        function = function.definition or function
        if function in self.functions:
            return self.functions[function]
        options = self.unit.options
        ftype = function_type(function.type)
        if not (options.runtime or function.is_c):
            ftype = llir.FunctionType(ftype.return_type, [*ftype.args, LOCAL_PTR, *ITEM_TYPES])
        name = _symbol(function, options)
        if function.is_static:
            name = self.hidden_name(name)
        llfn = self.module.globals.get(name)
        if not isinstance(llfn, llir.Function):
            llfn = Function(self.module, ftype, name)
        elif llfn.ftype != ftype:  # lowering has called it already
            message = f"'{name}' is a function of the device library, of another type"
            self.unit.diags.error("conflicting-types", message, function.span)
        self.functions[function] = llfn
        _decorate(llfn, function, options)
        return llfn

    def mark(self, function: tast.Function) -> None:
        """Let the linker say why nothing has the name of what only this module can call."""
        if function in self.program.waiting or function.needs_locals:
            typ, name = llir.ArrayType(I8, 0), IN_PLACE + _symbol(function, self.unit.options)
            mark = GlobalVar(self.module, typ, name)
            mark.linkage, mark.storage_class, mark.global_constant = "weak_odr", "hidden", True
            mark.initializer, mark.align = llir.Constant(typ, None), 1

    def keep_used(self) -> None:
        """What `used` asks to keep, LLVM and linkers keep."""
        symbols: list[tuple[tast.Function | tast.Var, Any]] = []
        symbols += self.functions.items()
        symbols += self.globals.items()
        kept = [s for of, s in symbols if of.linkage and of.linkage.used and _is_defined(of)]
        if kept:
            keep(self.module, kept)

    def hidden_name(self, name: str) -> str:
        """A name for what is not visible outside: joined inputs may have several of one name."""
        name = f"{name}.static" if name in self.visible else name
        return str(self.module.get_unique_name(name))

    def global_var(self, var: tast.Var) -> Any:
        var = var.definition or var
        if var in self.globals:
            return self.globals[var]
        space = AddrSpace.LOCAL if var.storage == "group" else var.quals.space
        internal = var.is_static or var not in self.program_scope or var.storage == "group"
        name = var.name or "literal"
        name = f"{self.owner}.{name}" if internal and self.owner else name
        name = self.hidden_name(name) if internal else self.module.get_unique_name(name)
        symbol = self.globals[var] = GlobalVar(self.module, memory_type(var.type), name, int(space))
        symbol.align = max(var.align, alignof(var.type))
        symbol.linkage = "internal" if internal else ""
        if var.storage == "group":
            self.fits(var)
            self.check_alignment(symbol.align, var)
            if self.unit.debug is not None:
                symbol.description = self.unit.debug.group_var(var)
            return symbol  # undefined until the entry makes room for it
        if var.is_extern and var.init is None:
            weak = var.linkage is not None and var.linkage.weak
            symbol.linkage = "extern_weak" if weak else "external"
            symbol.global_constant = space is AddrSpace.CONSTANT
            return symbol
        symbol.global_constant = space is AddrSpace.CONSTANT or var.quals.const
        if not self.fits(var):
            return symbol
        if var.linkage is not None:
            self.place_symbol(symbol, var, var.linkage)
        if self.unit.options.device == "dpu":
            from . import lower_mram

            lower_mram.place(symbol, var, self.unit.diags)
        symbol.initializer = global_initialiser(self.unit, var.type, var.init)
        symbol.value_type = symbol.initializer.type
        return symbol

    def place_symbol(self, symbol: Any, var: tast.Var, linkage: tast.Linkage) -> None:
        """Heed the attributes of a variable of C."""
        if linkage.weak:
            symbol.linkage = "weak"
        if linkage.section:
            # One section takes what is constant and what is not: all of it is written to.
            symbol.section, symbol.global_constant = linkage.section, False
            if var.init is not None and linkage.section.startswith((".bss", ".sbss", ".tbss")):
                message = f"'{var.name}' has an initialiser and lies in {linkage.section}, where "
                message += "nothing is kept of one"
                self.unit.diags.error("bad-initialiser", message, var.span)

    def fits(self, var: tast.Var) -> bool:
        """Whether a device may have the memory for a variable; reports it if not."""
        if sizeof(var.type) <= MAX_STATIC:
            return True
        message = f"'{var.name}' takes more than {MAX_STATIC >> 20} MiB"
        self.unit.diags.error("too-large", message, var.span)
        return False

    def check_alignment(self, align: int, var: tast.Var) -> None:
        """Report more than a kernel's entry gives: on its stack, and in the argument block."""
        if align > MAX_ARG_ALIGN:
            what = f"an alignment of {align} bytes for '{var.name}'"
            message = f"{what} is not supported; a kernel's entry aligns to {MAX_ARG_ALIGN}"
            self.unit.diags.error("unsupported", message, var.span)

    def string(self, data: bytes, space: AddrSpace = AddrSpace.CONSTANT) -> Any:
        known = self.strings.get((data, space))
        if known is None:
            name = self.module.get_unique_name(".str")
            known = global_bytes(self.module, name, data, int(space))
            self.strings[data, space] = known
        return known


def _is_defined(symbol: tast.Var | tast.Function) -> bool:
    if isinstance(symbol, tast.Function):
        return symbol.body is not None
    return not symbol.is_extern or symbol.init is not None


def _symbol(function: tast.Function, options: LowerOptions) -> str:
    if function.is_kernel:
        return item_name(function.name)
    if function.is_overloadable:
        return mangled(function)
    library = function.name in LIBRARY_NAMES or function.name.startswith("__kcc_")
    as_written = options.runtime or function.is_c  # what C calls memcpy is the library's
    return function.name if as_written or not library else f"user.{function.name}"


def _decorate(llfn: Any, function: tast.Function, options: LowerOptions) -> None:
    attrs = llfn.attributes = Attributes(("nounwind",))
    defined = function.body is not None
    # Local memory is laid out for each input: no other may call what relies on this one's.
    if (function.is_static or function.is_kernel or function.needs_locals) and defined:
        llfn.linkage = "internal"
    elif defined:
        if not function.is_exported:  # other inputs may have the same one, from one header
            llfn.linkage = "linkonce_odr"
        llfn.section = f".text.{llfn.name}"  # so that the linker can drop it alone
    if options.runtime and not options.inlined:  # LLVM inlines only what has it as its caller
        attrs.add('"no-builtins"')
    if function.attrs.noreturn:
        attrs.add("noreturn")
    if function.attrs.noinline:
        attrs.add("noinline")
    elif function.attrs.always_inline:
        attrs.add("alwaysinline")
    elif function.is_inline:
        attrs.add("inlinehint")
    if function.linkage is not None:
        _place_function(llfn, function, function.linkage)
    hidden = list(llfn.args)
    if is_aggregate(function.type.result):
        out = hidden.pop(0)
        out.name = "result"
        out.attributes.add("noalias")
    else:
        for word in extension(function.type.result):
            llfn.return_value.attributes.add(word)
    for t in function.type.params:
        arg = hidden.pop(0)
        for word in extension(t):
            arg.attributes.add(word)
    for var, arg in zip(function.params, _c_args(llfn, function), strict=False):
        arg.name = var.name[:MAX_NAME] or "unnamed"
        if isinstance(var.type, Pointer) and var.quals.restrict:
            arg.attributes.add("noalias")
    for arg, name in zip(hidden, ("locals", *ITEM_NAMES), strict=False):
        arg.name = name


def _place_function(llfn: Any, function: tast.Function, linkage: tast.Linkage) -> None:
    defined = function.body is not None
    if linkage.weak:
        llfn.linkage = "weak" if defined else "extern_weak"
    if linkage.section and defined:
        llfn.section = linkage.section


def _c_args(llfn: Any, function: tast.Function) -> list[Any]:
    """The arguments that the source names; a mere declaration has types and no names."""
    first = 1 if is_aggregate(function.type.result) else 0
    return list(llfn.args[first : first + len(function.type.params)])


def _body(unit: Unit, function: tast.Function, llfn: Any) -> None:
    assert function.body is not None
    entry, body = llfn.append_basic_block("entry"), llfn.append_basic_block("body")
    args = _c_args(llfn, function)
    t = function.type.result
    result = Place(llfn.args[0], t, alignof(t)) if is_aggregate(t) else None
    item = tuple(llfn.args[len(args) + (result is not None) :])
    frame = Frame(unit, function, llfn, llir.IRBuilder(body), llir.IRBuilder(entry), item, result)
    frame.contraction = function.body.fp_contract or function.attrs.fp_contract
    if unit.debug is not None:
        unit.debug.function(llfn, function)
    # The arguments are put in place in the first block, which has no place in the source: a
    # debugger stops behind it.
    frame.build = frame.allocas
    for var, arg in zip(function.params, args, strict=True):
        frame.declare(var, f"{var.name}.addr")
        write(frame, frame.slots[var], arg)
    if unit.debug is not None and item:
        unit.debug.item(frame)
    frame.build = llir.IRBuilder(body)
    frame.at(function.span)
    for stmt in function.body.items:
        statement(frame, stmt)
    if not frame.terminated:
        frame.at(function.body.span.last())
        if llfn.ftype.return_type == VOID:
            frame.build.ret_void()
        else:  # falling off the end gives a value that nobody may use
            frame.build.ret(llir.Constant(value_type(t), None))
    if unit.debug is not None:
        frame.allocas.debug_metadata = unit.debug.location(function.span)
        unit.debug.end_function()
    frame.allocas.branch(body)


# -- what the launcher needs to know --------------------------------------------------------------


def kernel_info(function: tast.Function, options: LowerOptions = DEFAULTS) -> KernelInfo:
    """A kernel's arguments and attributes; the argument block by `abi.block_offsets`."""
    sizes = [8 if isinstance(p.type, Pointer) else sizeof(p.type) for p in function.params]
    offsets, block_size = block_offsets(sizes, BLOCK_START[options.device])
    args = tuple(map(partial(_kernel_arg, options.arg_info), function.params, sizes, offsets))
    return KernelInfo(
        function.name,
        args,
        block_size,
        reqd_work_group_size=function.attrs.reqd_work_group_size,
        work_group_size_hint=function.attrs.work_group_size_hint,
        vec_type_hint=function.attrs.vec_type_hint,
        uniform=options.uniform or function.attrs.reqd_work_group_size is not None,
        blocking=function.blocks,
        device=options.device,
    )


def _kernel_arg(arg_info: bool, var: tast.Var, size: int, offset: int) -> KernelArg:
    make = partial(
        KernelArg, var.name, str(var.type), size=size, align=arg_align(size), offset=offset
    )
    if not isinstance(var.type, Pointer):
        info = ArgInfo("private", "none", str(var.type)) if arg_info else None
        return make(kind="value", space="private", element=_element(var.type), info=info)
    quals = var.type.quals
    spaces: dict[AddrSpace, Any] = {AddrSpace.CONSTANT: "constant", AddrSpace.LOCAL: "local"}
    space = spaces.get(quals.space, "global")
    return make(
        kind="local" if quals.space is AddrSpace.LOCAL else "buffer",
        space=space,
        element=_element(var.type.pointee),
        const=quals.const or quals.space is AddrSpace.CONSTANT,
        info=_pointer_info(var, space) if arg_info else None,
    )


def _pointer_info(var: tast.Var, space: Any) -> ArgInfo:
    assert isinstance(var.type, Pointer)
    to = var.type.quals
    said = {
        "restrict": var.quals.restrict,
        "const": to.const or to.space is AddrSpace.CONSTANT,
        "volatile": to.volatile,
    }
    stars, pointee = "*", var.type.pointee
    while isinstance(pointee, Pointer):
        stars, pointee = stars + "*", pointee.pointee
    return ArgInfo(space, "none", f"{pointee}{stars}", tuple(word for word in said if said[word]))


def _element(t: Type) -> ElementType:
    match t:
        case Scalar(kind="int", size=size, signed=signed):
            return ElementType("int" if signed else "uint", size)
        case Scalar(kind="float" | "bool" | "void" as kind, size=size):
            return ElementType(kind, size)
        case Enum():
            return _element(enum_type(t))
        case Vector(element=lane, count=count):
            inner = _element(lane)
            return ElementType(inner.kind, inner.size, count)
        case Pointer():
            return ElementType("uint", 8)
        case Atomic(base=base):
            return _element(base)
        case Struct(fields=None):
            return ElementType("void", 1)  # bytes, for all that is known of it
        case _:
            return ElementType("struct", sizeof(t))
