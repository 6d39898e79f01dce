"""Xdpu: DMA between two memories, lock bits, and notes for those who watch a run.

None of this is for harts in parallel: lock bits are set and cleared by harts in turns.
"""

from __future__ import annotations

from . import state, told
from .build import Builder, Operands, Semantics
from .interface import Told
from .marks import signed


def _transfer(outwards: int) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        _tell(b, Told.SDMA if outwards else Told.LDMA, o)
        operands = (("i64", b.x(o[key])) for key in ("rs1", "rs2", "rs3"))
        b.call_runtime(
            "i64",
            "transfer",
            *operands,
            ("i64", str(outwards)),
            ("i64", b.budget()),
            ("i64", signed(b.pc)),
        )

    return emit


def _tell(b: Builder, what: Told, o: Operands) -> None:
    if b.mode.told:
        told.tell(b, what, *(b.x(o[key]) for key in ("rs1", "rs2", "rs3") if key in o))


def _lock(b: Builder, number: int) -> str:
    """The host address of a lock bit's byte."""
    locks = b.op(f"inttoptr i64 {b.state('locks')} to ptr")
    index = b.op(f"and i64 {b.x(number)}, {state.LOCKS - 1}")
    return b.op(f"getelementptr i8, ptr {locks}, i64 {index}")


def _test_and_set(b: Builder, o: Operands) -> None:
    _tell(b, Told.TAS, o)
    at = _lock(b, o["rs1"])
    old = b.op(f"load i8, ptr {at}, !tbaa !2")
    b.emit(f"store i8 1, ptr {at}, !tbaa !2")
    b.set_x(o["rd"], b.op(f"zext i8 {old} to i64"))


def _clear(b: Builder, o: Operands) -> None:
    _tell(b, Told.CLEAR, o)
    b.emit(f"store i8 0, ptr {_lock(b, o['rs1'])}, !tbaa !2")


def _note(b: Builder, o: Operands) -> None:
    """Nothing, if nobody watches."""
    _tell(b, Told.NOTE, o)


SEMANTICS: dict[str, Semantics] = {
    "dpu.ldma": _transfer(0),
    "dpu.sdma": _transfer(1),
    "dpu.note": _note,
    "dpu.tas": _test_and_set,
    "dpu.clear": _clear,
}
