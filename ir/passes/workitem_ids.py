"""workitem-ids: give the work-item functions their bodies.

    before:  declare i64 @__kcc.get_group_id(i32, ptr, i64, i64, i64)
    after:   define internal i64 @__kcc.get_group_id(i32 %dim, ptr %wg, i64 %x, i64 %y, i64 %z)
             ; loads wg->group_id[dim], or gives 0 where dim > 2

Every function of ours is passed the group's wg_info and its work-item's local id, and passes
them on here; inlined, with a constant dimension, a body shrinks to a load or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.record import record
from ..abi import GROUP_INFO, MAX_GROUP_ITEMS
from ..emit import I32, I64, PTR, Attributes, declare, load, offset_ptr
from ._pass import Pass

if TYPE_CHECKING:
    from ..frame import LowerOptions
    from ..lower import Lowered

ITEM_TYPES = (PTR, I64, I64, I64)  # wg_info and the local id: what `Frame.item` holds
COORDINATES = ("lx", "ly", "lz")
IS_FIRST = "is_first"  # whether it is the first work-item of its group
ITEM_NAMES = ("wg", *COORDINATES)


@record(frozen=False)
class Item:
    """Where a body is being built, and what it knows of its work-item.

    device: whose work-group information `wg` points to.
    """

    build: Any
    wg: Any
    local_id: tuple[Any, ...]
    options: LowerOptions

    def info(self, name: str, dim: Any) -> Any:
        """Field `name` of wg_info, element `dim` (an LLVM value below 3, or a number).

        Of fields for three dimensions 64 bits are made, if they are less.
        """
        slot = GROUP_INFO[self.options.device][0][name]
        size = {"Q": 8, "I": 4}[slot.format]
        typ = llir.IntType(size * 8)
        ptr = offset_ptr(self.build, self.wg, slot.offset)
        if slot.count > 1:
            index = I64(dim) if isinstance(dim, int) else dim
            ptr = self.build.gep(ptr, [index], inbounds=True, source_etype=typ)
        value = load(self.build, ptr, typ, size)
        # The group's description does not change while the group runs: kernels cannot reach it.
        module = self.build.module
        value.set_metadata("invariant.load", module.add_metadata([]))
        if name == "local_size":
            value.set_metadata("range", module.add_metadata([typ(1), typ(MAX_GROUP_ITEMS + 1)]))
        return self.build.zext(value, I64) if slot.count > 1 and size < 8 else value

    def size(self, dim: Any) -> Any:
        """Of the work-item's own group, which may be the last one, and smaller."""
        full = self.info("local_size", dim)
        if self.options.uniform:
            return full
        build, last = self.build, self.info("last_size", dim)
        following = build.add(self.info("group_id", dim), I64(1))
        at_end = build.icmp_unsigned("==", following, self.info("num_groups", dim))
        return build.select(build.and_(at_end, _is_given(build, last)), last, full)

    def local(self, dim: Any) -> Any:
        x, y, z = self.local_id
        if isinstance(dim, int):
            return (x, y, z)[dim]
        build = self.build
        rest = build.select(build.icmp_unsigned("==", dim, I64(1)), y, z)
        return build.select(build.icmp_unsigned("==", dim, I64(0)), x, rest)


def _global_id(item: Item, dim: Any) -> Any:
    # A global id fits in size_t (CL_INVALID_GLOBAL_OFFSET otherwise) and no address space is
    # half full, so the last addition, the one in the innermost loop, wraps in no sense.
    build = item.build
    base = build.mul(item.info("group_id", dim), item.info("local_size", dim))
    base = build.add(base, item.info("global_offset", dim))
    return build.add(base, item.local(dim), flags=("nuw", "nsw"))


def _global_size(item: Item, dim: Any) -> Any:
    build, full = item.build, item.info("local_size", dim)
    whole = build.mul(item.info("num_groups", dim), full)
    if item.options.uniform:
        return whole
    last = item.info("last_size", dim)
    missing = build.select(_is_given(build, last), build.sub(full, last), I64(0))
    return build.sub(whole, missing)


def _is_given(build: Any, last_size: Any) -> Any:
    return build.icmp_unsigned("!=", last_size, I64(0))


def _linear(item: Item, coordinate: Callable[[Item, int], Any], size: Callable[..., Any]) -> Any:
    """(z * size_y + y) * size_x + x"""
    build = item.build
    result = coordinate(item, 2)
    for dim in (1, 0):
        result = build.add(build.mul(result, size(item, dim)), coordinate(item, dim))
    return result


def _without_offset(item: Item, dim: int) -> Any:
    return item.build.sub(_global_id(item, dim), item.info("global_offset", dim))


def _field(name: str) -> Callable[[Item, Any], Any]:
    return lambda item, dim: item.info(name, dim)


# -- sub-groups: so many work-items each, in the order of their linear ids -------------------------


def _local_linear(item: Item, _dim: Any = 0) -> Any:
    return _linear(item, Item.local, Item.size)


def _sub_group_id(item: Item, _dim: Any) -> Any:
    return item.build.lshr(_local_linear(item), _log2_sub_group(item))


def _sub_group_local_id(item: Item, _dim: Any) -> Any:
    return item.build.and_(_local_linear(item), I64(item.options.sub_group_size - 1))


def _sub_group_size(item: Item, _dim: Any) -> Any:
    build = item.build
    first = build.and_(_local_linear(item), I64(-item.options.sub_group_size))
    return _at_most_full(item, build.sub(_items(item, Item.size), first))


def _max_sub_group_size(item: Item, _dim: Any) -> Any:
    return _at_most_full(item, _items(item, _field("local_size")))


def _num_sub_groups(size: Callable[[Item, Any], Any]) -> Callable[[Item, Any], Any]:
    def emit(item: Item, _dim: Any) -> Any:
        return sub_group_count(item.build, _items(item, size), item.options)

    return emit


def is_first(build: Any, x: Any, y: Any, z: Any) -> Any:
    return build.icmp_unsigned("==", build.or_(build.or_(x, y), z), I64(0))


def sub_group_count(build: Any, items: Any, options: LowerOptions) -> Any:
    """How many sub-groups a group of `items` has."""
    full = options.sub_group_size
    if isinstance(items, llir.Constant):
        return I64(-(-items.constant // full))
    return build.lshr(build.add(items, I64(full - 1)), I64(full.bit_length() - 1))


def _items(item: Item, size: Callable[[Item, Any], Any]) -> Any:
    x, y, z = (size(item, dim) for dim in range(3))
    return item.build.mul(item.build.mul(x, y), z)


def _at_most_full(item: Item, items: Any) -> Any:
    full = I64(item.options.sub_group_size)
    return item.build.select(item.build.icmp_unsigned("<", items, full), items, full)


def _log2_sub_group(item: Item) -> Any:
    return I64(item.options.sub_group_size.bit_length() - 1)


@record
class Row:
    """emit: the value for a dimension below 3; beyond: the value for any other.

    beyond is None for a function that takes no dimension.
    """

    emit: Callable[[Item, Any], Any]
    beyond: int | None = None
    bits: int = 64


# fmt: off
FUNCTIONS = {
    "get_work_dim":            Row(_field("num_dim"), bits=32),
    "get_global_id":           Row(_global_id, 0),
    "get_local_id":            Row(lambda item, dim: item.local(dim), 0),
    "get_group_id":            Row(_field("group_id"), 0),
    "get_global_offset":       Row(_field("global_offset"), 0),
    "get_global_size":         Row(_global_size, 1),
    "get_local_size":          Row(Item.size, 1),
    "get_enqueued_local_size": Row(_field("local_size"), 1),
    "get_num_groups":          Row(_field("num_groups"), 1),
    "get_local_linear_id":     Row(_local_linear),
    "get_global_linear_id":    Row(lambda item, _: _linear(item, _without_offset, _global_size)),
    IS_FIRST:                  Row(lambda item, _: is_first(item.build, *item.local_id), bits=1),
    "get_sub_group_id":        Row(_sub_group_id, bits=32),
    "get_sub_group_local_id":  Row(_sub_group_local_id, bits=32),
    "get_sub_group_size":      Row(_sub_group_size, bits=32),
    "get_max_sub_group_size":  Row(_max_sub_group_size, bits=32),
    "get_num_sub_groups":      Row(_num_sub_groups(Item.size), bits=32),
    "get_enqueued_num_sub_groups": Row(_num_sub_groups(_field("local_size")), bits=32),
}
# fmt: on


def placeholder(module: Any, key: str) -> Any:
    """The function that stands for work-item function `key`: C arguments, then the item's."""
    row = FUNCTIONS[key]
    args = ([] if row.beyond is None else [I32]) + list(ITEM_TYPES)
    return declare(module, f"__kcc.{key}", llir.IntType(row.bits), args)


def define_functions(unit: Lowered) -> None:
    for key, row in FUNCTIONS.items():
        function = unit.module.globals.get(f"__kcc.{key}")
        if function is not None:
            _define(function, row, unit.options)


def _define(function: Any, row: Row, options: LowerOptions) -> None:
    function.linkage = "internal"
    function.attributes = Attributes(("alwaysinline", "nounwind", "willreturn", "nosync", "nofree"))
    wg, *local_id = function.args[-len(ITEM_TYPES) :]
    for arg, name in zip((wg, *local_id), ITEM_NAMES, strict=True):
        arg.name = name
    build = llir.IRBuilder(function.append_basic_block("entry"))
    item = Item(build, wg, tuple(local_id), options)
    if row.beyond is None:
        result = row.emit(item, 0)
        typ = llir.IntType(row.bits)
        build.ret(result if result.type == typ else build.trunc(result, typ))
        return
    dim = function.args[0]
    dim.name = "dim"
    inside = build.icmp_unsigned("<", dim, I32(3))
    # Dimension 0 stands in for those beyond, so that what is loaded is always there.
    index = build.select(inside, build.zext(dim, I64), I64(0))
    result = row.emit(item, index)
    build.ret(build.select(inside, result, result.type(row.beyond)))


PASS = Pass("workitem-ids", define_functions)
