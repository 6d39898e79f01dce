"""Atomic operations and fences: of OpenCL 1.x (`atomic_add`, `atom_add`) and 2.0.

The scope of a 2.0 operation is taken to be everybody: the target knows no other. Those of 1.x
order nothing but themselves. Source: OpenCL C 3.0, section 6.15.12; OpenCL C 1.2, 6.12.11.
"""

from __future__ import annotations

import re
from typing import Any

import llvmlite.ir as llir

from ..frontend.types import Pointer, sizeof
from .builtin_use import Emit, Use
from .emit import I32, AtomicLoad, AtomicStore
from .frame import Place, read, write
from .lower_type import is_floating, is_signed, value_type

# memory_order's values: see builtin_rows.ENUMERATORS.
_ORDERS = {0: "monotonic", 2: "acquire", 3: "release", 4: "acq_rel", 5: "seq_cst"}
_STRONGEST, _RELAXED = "seq_cst", "monotonic"


def _order(value: Any) -> str:
    """An order that is known, or the strongest."""
    known = isinstance(value, llir.Constant)
    return _ORDERS.get(value.constant, _STRONGEST) if known else _STRONGEST


def _orders(use: Use, operands: int) -> list[str]:
    """What the arguments behind the `operands` first say, to begin with the order."""
    given = [_order(arg) for arg in use.args[operands:]]
    return given or [_STRONGEST] * 2


def _loading(order: str) -> str:
    return {"release": _RELAXED, "acq_rel": "acquire"}.get(order, order)


def _storing(order: str) -> str:
    return {"acquire": _RELAXED, "acq_rel": "release"}.get(order, order)


def _load(use: Use) -> Any:
    order = _loading(_orders(use, 1)[0])
    instr = AtomicLoad(use.build.block, use.args[0], value_type(use.type), sizeof(use.type), order)
    use.build._insert(instr)
    return instr


def _store(use: Use) -> None:
    order = _RELAXED if use.name == "atomic_init" else _storing(_orders(use, 2)[0])
    _store_value(use, use.args[1], sizeof(use.types[1]), order)


def _store_value(use: Use, value: Any, size: int, order: str) -> None:
    build = use.build
    build._insert(AtomicStore(build.block, value, use.args[0], size, order))


def _modify(use: Use) -> Any:
    """atomic_fetch_add, atomic_add, atom_add, atomic_inc, ...: the value from before."""
    match = _RMW.fullmatch(use.name)
    assert match is not None
    old = match["fetch"] is None  # of OpenCL 1.x
    word = match["op"]
    value = value_type(use.type)(1) if word in ("inc", "dec") else use.args[1]
    order = _RELAXED if old and word != "exchange" else _orders(use, 2)[0]
    return use.build.atomic_rmw(_operation(word, use), use.args[0], value, order)


def _operation(word: str, use: Use) -> str:
    if word in ("min", "max"):
        return word if is_signed(use.type) else f"u{word}"
    return {"inc": "add", "dec": "sub", "exchange": "xchg"}.get(word, word)


def _exchange_if_equal(use: Use) -> Any:
    """atomic_cmpxchg: the value from before; atomic_compare_exchange: whether it was the one."""
    build, (place, expected, new, *_) = use.build, use.args
    if not use.name.startswith("atomic_compare"):
        pair = build.cmpxchg(place, expected, new, _RELAXED)
        return build.extract_value(pair, 0)
    frame, target = use.frame, use.types[1]
    assert isinstance(target, Pointer)
    held = Place(expected, target.pointee, sizeof(target.pointee))
    wanted = read(frame, held)
    raw = llir.IntType(8 * held.align) if is_floating(target.pointee) else wanted.type
    success, failure = _orders(use, 3)[:2]
    pair = build.cmpxchg(
        place, _cast(build, wanted, raw), _cast(build, new, raw), success, _loading(failure)
    )
    done = build.extract_value(pair, 1)
    before, end = frame.block("exchange.failed"), frame.block("exchange.end")
    build.cbranch(done, end, before)
    frame.enter(before)
    write(frame, held, _cast(build, build.extract_value(pair, 0), wanted.type))
    frame.go(end)
    frame.enter(end)
    return done


def _cast(build: Any, value: Any, typ: Any) -> Any:
    return value if value.type == typ else build.bitcast(value, typ)


def _test_and_set(use: Use) -> Any:
    before = use.build.atomic_rmw("xchg", use.args[0], I32(1), _orders(use, 1)[0])
    return use.build.icmp_unsigned("!=", before, I32(0))


def _clear(use: Use) -> None:
    _store_value(use, I32(0), 4, _storing(_orders(use, 1)[0]))


def _fence(use: Use) -> None:
    order = {"read_mem_fence": "acquire", "write_mem_fence": "release"}.get(use.name, "acq_rel")
    if use.name == "atomic_work_item_fence":
        order = _order(use.args[1])
    if order != _RELAXED:
        use.build.fence(order)


_RMW = re.compile(
    r"atom(ic)?_((?P<fetch>fetch)_)?(?P<op>add|sub|and|or|xor|min|max|inc|dec|xchg|exchange)"
    r"(_explicit)?"
)
_RMW_NAMES = [
    *(f"{a}_{op}" for a in ("atomic", "atom")
      for op in "add sub and or xor min max inc dec xchg".split()),
    *(f"atomic_fetch_{op}{e}" for op in "add sub and or xor min max".split()
      for e in ("", "_explicit")),
    *("atomic_exchange", "atomic_exchange_explicit"),
]  # fmt: skip
_COMPARING = (
    *("atomic_cmpxchg", "atom_cmpxchg"),
    *(f"atomic_compare_exchange_{how}{e}" for how in ("strong", "weak") for e in ("", "_explicit")),
)
ATOMICS: dict[str, Emit] = {
    **dict.fromkeys(_RMW_NAMES, _modify),
    **dict.fromkeys(_COMPARING, _exchange_if_equal),
    **dict.fromkeys(("atomic_load", "atomic_load_explicit"), _load),
    **dict.fromkeys(("atomic_init", "atomic_store", "atomic_store_explicit"), _store),
    **dict.fromkeys(
        ("atomic_flag_test_and_set", "atomic_flag_test_and_set_explicit"), _test_and_set
    ),
    **dict.fromkeys(("atomic_flag_clear", "atomic_flag_clear_explicit"), _clear),
    **dict.fromkeys(
        ("mem_fence", "read_mem_fence", "write_mem_fence", "atomic_work_item_fence"), _fence
    ),
}
