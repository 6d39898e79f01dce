"""How a unit calls guest code: a host call of the target's unit where all is as usual.

    near:  the first place in the hart's table has the target: call its unit. It comes back with
           the address after the call, and the turn is not over.
    far:   the dispatcher goes on from wherever that led (runtime.py, kcc_call).

The guest's registers are in the hart's state meanwhile, so it does not matter which frame of the
host goes on with it. Frames from before translations were dropped give up as soon as they can.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

from .marks import Call, signed
from .state import ENTRY, HART

STACK_POINTER = {"x86_64": "rsp"}.get(platform.machine(), "sp")
PAIR = "{ i64, i64 }"
DECLARATION = "declare i64 @llvm.read_register.i64(metadata)"


def lines(call: Call) -> Iterator[str]:
    """The call, and after it the budget in its slot. Registers are to be stored and taken anew."""
    tag, target, back = f"%{call.tag}", call.target, signed(call.back)

    def field(name: str, kind: str = "i64") -> Iterator[str]:
        yield f"{tag}.{name}.at = getelementptr i8, ptr %hart, i64 {HART.offset(name)}"
        yield f"{tag}.{name} = load {kind}, ptr {tag}.{name}.at, !tbaa !2"

    def entry(name: str, kind: str = "i64") -> Iterator[str]:
        yield f"{tag}.e.{name}.at = getelementptr i8, ptr {tag}.e, i64 {ENTRY.offset(name)}"
        yield f"{tag}.e.{name} = load {kind}, ptr {tag}.e.{name}.at, !tbaa !2"

    yield f"br label {tag}"
    yield f"{call.tag}:"
    yield f"{tag}.left = load i64, ptr %budget"
    yield from field("table", "ptr")
    yield from field("table_mask")
    yield f"{tag}.hash = lshr i64 {target}, 1"
    yield f"{tag}.slot = and i64 {tag}.hash, {tag}.table_mask"
    yield f"{tag}.off = mul i64 {tag}.slot, {ENTRY.size}"
    yield f"{tag}.e = getelementptr i8, ptr {tag}.table, i64 {tag}.off"
    yield from entry("pc")
    yield from entry("state")
    yield from field("stack_limit")
    yield f"{tag}.sp = call i64 @llvm.read_register.i64(metadata !7)"
    yield f"{tag}.c1 = icmp eq i64 {tag}.e.pc, {target}"
    yield f"{tag}.c2 = icmp eq i64 {tag}.e.state, 0"
    yield f"{tag}.c3 = icmp sgt i64 {tag}.left, 0"
    yield f"{tag}.c4 = icmp ugt i64 {tag}.sp, {tag}.stack_limit"
    yield f"{tag}.c5 = and i1 {tag}.c1, {tag}.c2"
    yield f"{tag}.c6 = and i1 {tag}.c3, {tag}.c4"
    yield f"{tag}.usual = and i1 {tag}.c5, {tag}.c6"
    yield f"br i1 {tag}.usual, label {tag}.near, label {tag}.far, !prof !6"

    yield f"{call.tag}.near:"
    yield from entry("function", "ptr")
    yield from entry("index")
    yield (
        f"{tag}.pair = call {PAIR} {tag}.e.function(ptr %hart, i64 {tag}.e.index, i64 {tag}.left)"
    )
    yield f"{tag}.pc = extractvalue {PAIR} {tag}.pair, 0"
    yield f"{tag}.rest = extractvalue {PAIR} {tag}.pair, 1"
    yield from field("stale")
    yield f"{tag}.d1 = icmp eq i64 {tag}.pc, {back}"
    yield f"{tag}.d2 = icmp eq i64 {tag}.stale, 0"
    yield f"{tag}.d3 = icmp sgt i64 {tag}.rest, 0"
    yield f"{tag}.d4 = and i1 {tag}.d1, {tag}.d2"
    yield f"{tag}.returned = and i1 {tag}.d3, {tag}.d4"
    yield f"br i1 {tag}.returned, label {tag}.back, label {tag}.far, !prof !6"

    yield f"{call.tag}.far:"
    yield f"{tag}.far.pc = phi i64 [ {target}, {tag} ], [ {tag}.pc, {tag}.near ]"
    yield f"{tag}.far.left = phi i64 [ {tag}.left, {tag} ], [ {tag}.rest, {tag}.near ]"
    yield from field("call", "ptr")
    yield (
        f"{tag}.far.pair = call {PAIR} {tag}.call(ptr %hart, i64 {tag}.far.pc, "
        f"i64 {tag}.far.left, i64 {back})"
    )
    yield f"{tag}.led = extractvalue {PAIR} {tag}.far.pair, 0"
    yield f"{tag}.far.rest = extractvalue {PAIR} {tag}.far.pair, 1"
    yield f"{tag}.far.at = getelementptr i8, ptr %hart, i64 {HART.offset('stale')}"
    yield f"{tag}.far.stale = load i64, ptr {tag}.far.at, !tbaa !2"
    yield f"{tag}.f1 = icmp eq i64 {tag}.led, {back}"
    yield f"{tag}.f2 = icmp eq i64 {tag}.far.stale, 0"
    yield f"{tag}.f3 = and i1 {tag}.f1, {tag}.f2"
    yield f"br i1 {tag}.f3, label {tag}.back, label {tag}.up, !prof !6"

    yield f"{call.tag}.up:"
    yield f"ret {PAIR} {tag}.far.pair"

    yield f"{call.tag}.back:"
    yield f"{tag}.new = phi i64 [ {tag}.rest, {tag}.near ], [ {tag}.far.rest, {tag}.far ]"
    yield f"store i64 {tag}.new, ptr %budget"
