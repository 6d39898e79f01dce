"""State of one lowering: the module being made, and the function being filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import Diagnostics
from ..frontend.record import field, record, replace
from ..frontend.source import NO_SPAN, Span
from ..frontend.types import AddrSpace, Type, alignof, sizeof
from .abi import Target
from .emit import I8, copy_bytes, load, store
from .lower_type import is_aggregate, is_stored_wider, memory_type, stored_type

SUB_GROUP_SIZE = 16  # lanes of 32 bits in a vector register of the M1


@record
class LowerOptions:
    """opt_level: 0 to 3. fp_contract: a * b + c inside one expression may be fused.

    fp_flags: LLVM fast-math flags for every floating-point operation ("contract", "nnan", ...).
    arg_info: the metadata has what clGetKernelArgInfo tells.
    runtime: the input belongs to the device library: plain C functions, called by generated
    code, whose loops must not be turned into calls of themselves.
    check_barriers: a group whose work-items stop at different barriers says so, and traps.
    inlined: these functions are linked as bitcode, to become part of a program's own.
    sub_group_size: work-items of a sub-group, a power of two; the last one may have fewer.
    uniform: every work-group of a launch is of one size.
    by_items: a hart runs one work-item of every group, beside those of the others.
    device: who starts the kernels, see abi.Target.
    vectorize: work-items of a group may run in the lanes of vectors.
    """

    opt_level: int = 3
    debug: bool = False
    check_barriers: bool = False
    fp_contract: bool = True
    fp_flags: tuple[str, ...] = ()
    arg_info: bool = False
    runtime: bool = False
    inlined: bool = False
    sub_group_size: int = SUB_GROUP_SIZE
    uniform: bool = True
    by_items: bool = False
    device: Target = "refsi"
    vectorize: bool = True
    name: str = "kernels"

    @property
    def wide(self) -> bool:
        """Whether kernels are made ready for vector code across work-items."""
        return self.vectorize and self.opt_level >= 2 and not (self.check_barriers or self.by_items)


MAX_FRAME = 1 << 24  # bytes; LLVM gives up on frames of 2**31, into which callees are inlined
MAX_NAME = 200  # characters of a local name; LLVM takes names of 1024 and more for one
_MRAM = int(AddrSpace.MRAM)


@record
class Place:
    """Where an object is: its address, what is known of it, and lanes of it if only some."""

    ptr: Any
    type: Type
    align: int
    volatile: bool = False
    lanes: tuple[int, ...] | None = None


@record(frozen=False)
class Unit:
    """One module in the making."""

    module: Any
    options: LowerOptions
    diags: Diagnostics
    function_of: Callable[[tast.Function], Any]  # declares on first use
    global_of: Callable[[tast.Var], Any]
    string_of: Callable[..., Any]  # of bytes, and the address space; constant memory without
    waiting: set[tast.Function]  # they come to a barrier: each call is the body, in its place
    debug: Any = None  # ir.debug.DebugInfo when -g was given


@record(frozen=False)
class SwitchTargets:
    instr: Any
    ranges: list[tuple[int, int, Any]] = field(default_factory=list)
    default: Any = None


@record(frozen=False)
class Frame:
    """One function in the making. `item` holds the hidden arguments (see lower.py)."""

    unit: Unit
    function: tast.Function
    llfn: Any
    build: Any
    allocas: Any  # a builder at the end of the entry block, which holds allocas only
    item: tuple[Any, ...]
    result: Place | None = None  # where the result goes, if it is not simply returned
    end: Any = None  # of a body in the place of its call: where control goes on
    slots: dict[tast.Var, Place] = field(default_factory=dict)
    current: list[Any] = field(default_factory=list)  # values of Current(), innermost last
    breaks: list[Any] = field(default_factory=list)
    continues: list[Any] = field(default_factory=list)
    switches: list[SwitchTargets] = field(default_factory=list)
    labels: dict[str, Any] = field(default_factory=dict)
    spare: Place | None = None  # see lower_mram.py
    frame_size: int = 0  # bytes
    span: Span = NO_SPAN  # of the builtin's call that is being lowered
    contraction: tast.Contraction = "default"  # of the block being filled

    @property
    def terminated(self) -> bool:
        return bool(self.build.block.is_terminated)

    @property
    def may_fuse(self) -> bool:
        """Whether a * b + c may become one operation: by FP_CONTRACT, or by the options."""
        if self.contraction == "default":
            return self.unit.options.fp_contract
        return self.contraction == "on"

    @property
    def fp_flags(self) -> tuple[str, ...]:
        """LLVM's fast-math flags for an operation here."""
        flags = self.unit.options.fp_flags
        if self.contraction == "off" and "contract" in flags:
            return tuple(flag for flag in flags if flag != "contract")
        return flags

    def inner(self, function: tast.Function) -> Frame:
        """For the body of a function in the place of its call."""
        same = (self.unit, function, self.llfn, self.build, self.allocas, self.item)
        contraction = function.attrs.fp_contract
        return Frame(*same, frame_size=self.frame_size, contraction=contraction)

    def block(self, name: str) -> Any:
        return self.llfn.append_basic_block(name)

    def go(self, target: Any) -> None:
        """Branch, unless control never comes here."""
        if not self.terminated:
            self.build.branch(target)

    def enter(self, block: Any) -> None:
        self.build.position_at_end(block)

    def alloca(self, t: Type, name: str = "", align: int = 0) -> Place:
        """Room for a `t` in this function's frame."""
        self.claim(sizeof(t))
        slot = self.allocas.alloca(memory_type(t), name=name[:MAX_NAME])
        slot.align = max(align, alignof(t))
        # Typed by its contents, llvmlite would guess at load types: we always say them.
        slot.type = llir.PointerType()
        return Place(slot, t, slot.align)

    def claim(self, size: int) -> None:
        """Count bytes of the frame; report, once, more than any stack holds."""
        before, self.frame_size = self.frame_size, self.frame_size + size
        if before <= MAX_FRAME < self.frame_size:
            name, most = self.function.name, MAX_FRAME >> 20
            message = f"the private variables of '{name}' take more than {most} MiB"
            self.unit.diags.error("too-large", message, self.function.span)

    def declare(self, var: tast.Var, name: str) -> None:
        """Make room for a variable of the function."""
        slot = self.alloca(var.type, name, var.align)
        self.slots[var] = replace(slot, volatile=var.quals.volatile)
        if self.unit.debug is not None:
            self.unit.debug.variable(self, var)

    def at(self, span: Span) -> None:
        """What is emitted from here on comes from `span`."""
        if self.unit.debug is not None:
            self.build.debug_metadata = self.unit.debug.location(span)

    def enter_scope(self, span: Span) -> Any:
        """What is declared from here on belongs to a block; returns what `leave_scope` takes."""
        return None if self.unit.debug is None else self.unit.debug.enter_block(span)

    def leave_scope(self, around: Any) -> None:
        if around is not None:
            self.unit.debug.scope = around

    def is_apart(self, ptr: Any) -> bool:
        """Whether no load or store reaches what `ptr` points to: MRAM, on a DPU."""
        return ptr.type.addrspace == _MRAM and self.unit.options.device == "dpu"

    def copy(self, target: Any, source: Any, size: int, align: int, *, vol: bool) -> None:
        """`size` bytes between places aligned to `align` that are equal or disjoint."""
        if self.is_apart(target) or self.is_apart(source):
            from . import lower_mram  # only programs for DPUs come here, as below

            lower_mram.copy(self.build, target, source, size)
        else:
            copy_bytes(self.build, target, source, size, align, vol=vol)

    def unsupported(self, what: str, span: Span) -> None:
        self.unit.diags.error("unsupported", f"{what} is not supported yet", span)


def read(frame: Frame, place: Place) -> Any:
    """The value at `place`; of an aggregate, its address."""
    build = frame.build
    if is_aggregate(place.type):
        if place.align >= alignof(place.type):
            return place.ptr
        copy = frame.alloca(place.type)  # whoever reads from the address relies on alignment
        size = memory_type(place.type).count
        frame.copy(copy.ptr, place.ptr, size, place.align, vol=place.volatile)
        return copy.ptr
    if frame.is_apart(place.ptr):
        from . import lower_mram

        raw = lower_mram.load(frame, place)
    else:
        raw = load(build, place.ptr, stored_type(place.type), place.align, place.volatile)
    if is_stored_wider(place.type):
        raw = build.icmp_unsigned("!=", raw, raw.type(0))  # bool: any byte but 0 is true
    if place.lanes is None:
        return raw
    return pick_lanes(build, raw, place.lanes)


def write(frame: Frame, place: Place, value: Any) -> None:
    """Store `value`; of an aggregate, copy from the address `value`."""
    build = frame.build
    if is_aggregate(place.type):
        size = memory_type(place.type).count
        align = min(place.align, alignof(place.type))
        frame.copy(place.ptr, value, size, align, vol=place.volatile)
        return
    if place.lanes is not None:
        whole = load(build, place.ptr, stored_type(place.type), place.align, place.volatile)
        value = put_lanes(build, whole, value, place.lanes)
    if is_stored_wider(place.type) and value.type != I8:
        value = build.zext(value, I8)
    if frame.is_apart(place.ptr):
        from . import lower_mram

        lower_mram.store(frame, place, value)
    else:
        store(build, value, place.ptr, place.align, place.volatile)


def lane_mask(lanes: tuple[int, ...]) -> Any:
    return llir.Constant(llir.VectorType(llir.IntType(32), len(lanes)), list(lanes))


def pick_lanes(build: Any, vector: Any, lanes: tuple[int, ...]) -> Any:
    if len(lanes) == 1:
        return build.extract_element(vector, llir.IntType(32)(lanes[0]))
    undef = llir.Constant(vector.type, llir.Undefined)
    return build.shuffle_vector(vector, undef, lane_mask(lanes))


def put_lanes(build: Any, whole: Any, value: Any, lanes: tuple[int, ...]) -> Any:
    i32 = llir.IntType(32)
    for i, lane in enumerate(lanes):
        if lane >= whole.type.count:
            continue  # of a 3-vector's .hi or .odd: LLVM would spoil the other lanes too
        part = value if len(lanes) == 1 else build.extract_element(value, i32(i))
        whole = build.insert_element(whole, part, i32(lane))
    return whole
