"""Statements to basic blocks. Code after a jump lands in a block that nothing reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.types import is_void
from .emit import DistinctNode, integer
from .frame import Frame, SwitchTargets, write
from .lower_expr import branch_on, initialise, value

MAX_EXPANDED_RANGE = 64  # `case 1 ... n` up to this long becomes n cases, else two comparisons


def statement(frame: Frame, stmt: tast.Stmt) -> None:
    if frame.terminated:
        frame.enter(frame.block("dead"))
    frame.at(stmt.span)
    match stmt:
        case tast.ExprStmt(expr=expr):
            value(frame, expr)
        case tast.VarDecl(var=var, init=init):
            _declare(frame, var, init)
        case tast.Block(items=items, fp_contract=contraction):
            outer = frame.contraction
            frame.contraction = contraction or outer
            scope = frame.enter_scope(stmt.span) if _declares(items) else None
            for item in items:
                statement(frame, item)
            frame.leave_scope(scope)
            frame.contraction = outer
        case tast.If():
            _if(frame, stmt)
        case tast.Loop():
            _loop(frame, stmt)
        case tast.Return(value=result):
            _return(frame, result)
        case tast.Switch():
            _switch(frame, stmt)
        case tast.Case():
            _case(frame, stmt)
        case tast.Break():
            frame.go(frame.breaks[-1])
        case tast.Continue():
            frame.go(frame.continues[-1])
        case tast.Goto(label=label):
            frame.go(_label(frame, label))
        case tast.Label(name=name, body=body):
            block = _label(frame, name)
            frame.go(block)
            frame.enter(block)
            statement(frame, body)
        case _:
            assert_never(stmt)


def _declare(frame: Frame, var: tast.Var, init: tast.Init | None) -> None:
    if var.storage in ("static", "group"):
        return  # lives outside the frame and is made when it is first used
    if var not in frame.slots:
        frame.declare(var, var.name)
    if init is not None:
        initialise(frame, frame.slots[var], init)


def _if(frame: Frame, stmt: tast.If) -> None:
    then, end = frame.block("if.then"), frame.block("if.end")
    other = frame.block("if.else") if stmt.other is not None else end
    branch_on(frame, stmt.cond, then, other)
    frame.enter(then)
    statement(frame, stmt.then)
    frame.go(end)
    if stmt.other is not None:
        frame.enter(other)
        statement(frame, stmt.other)
        frame.go(end)
    frame.enter(end)


def _declares(items: Iterable[tast.Stmt]) -> bool:
    return any(isinstance(item, tast.VarDecl) for item in items)


def _loop(frame: Frame, stmt: tast.Loop) -> None:
    # Several variables come in a block, but live as long as the loop.
    first = stmt.init.items if isinstance(stmt.init, tast.Block) else (stmt.init,)
    scope = frame.enter_scope(stmt.span) if _declares(i for i in first if i) else None
    for item in first:
        if item is not None:
            statement(frame, item)
    test, body = frame.block("loop.cond"), frame.block("loop.body")
    step, end = frame.block("loop.step"), frame.block("loop.end")
    # The test comes after the step in the text: one copy of it serves both kinds of loop.
    frame.go(test if stmt.test_first else body)
    frame.enter(test)
    if stmt.cond is None:
        frame.build.branch(body)
    else:
        branch_on(frame, stmt.cond, body, end)
    frame.enter(body)
    frame.breaks.append(end)
    frame.continues.append(step)
    statement(frame, stmt.body)
    frame.breaks.pop()
    frame.continues.pop()
    frame.go(step)
    frame.enter(step)
    if stmt.step is not None:
        frame.at(stmt.step.span)
        value(frame, stmt.step)
    latch = frame.build.branch(test)
    if stmt.unroll is not None:
        latch.set_metadata("llvm.loop", _unroll_hint(frame, stmt.unroll))
    frame.enter(end)
    frame.leave_scope(scope)


def _unroll_hint(frame: Frame, unroll: int) -> DistinctNode:
    module = frame.unit.module
    words: list[object] = {0: ["llvm.loop.unroll.full"], 1: ["llvm.loop.unroll.disable"]}.get(
        unroll, ["llvm.loop.unroll.count", llir.IntType(32)(unroll)]
    )
    return DistinctNode(module, [module.add_metadata(words)], itself=True)


def _return(frame: Frame, result: tast.Expr | None) -> None:
    build = frame.build
    v = None
    if result is not None:
        v = value(frame, result)
        frame.at(result.span)
        if frame.result is not None:
            write(frame, frame.result, v)
            v = None
        elif is_void(result.type):
            v = None
    if frame.end is not None:
        build.branch(frame.end)
    elif v is None:
        build.ret_void()
    else:
        build.ret(v)


def _switch(frame: Frame, stmt: tast.Switch) -> None:
    v = value(frame, stmt.value)
    end = frame.block("switch.end")
    targets = SwitchTargets(frame.build.switch(v, end))
    frame.switches.append(targets)
    frame.breaks.append(end)
    statement(frame, stmt.body)
    frame.go(end)
    frame.breaks.pop()
    frame.switches.pop()
    default = targets.default or end
    targets.instr.default = _range_tests(frame, targets, v, default) if targets.ranges else default
    frame.enter(end)


def _range_tests(
    frame: Frame, targets: SwitchTargets, v: llir.Value, default: llir.Block
) -> llir.Block:
    """Blocks that look for `v` in the long case ranges, one after another."""
    build = frame.build
    first = frame.block("switch.range")
    here = first
    for i, (low, high, target) in enumerate(targets.ranges):
        frame.enter(here)
        here = default if i + 1 == len(targets.ranges) else frame.block("switch.range")
        distance = build.sub(v, integer(v.type, low))
        inside = build.icmp_unsigned("<=", distance, integer(v.type, high - low))
        build.cbranch(inside, target, here)
    return first


def _case(frame: Frame, stmt: tast.Case) -> None:
    targets = frame.switches[-1]
    block = frame.block("default" if stmt.low is None else "case")
    frame.go(block)
    frame.enter(block)
    if stmt.low is None:
        targets.default = block
    else:
        low, high = stmt.low, stmt.low if stmt.high is None else stmt.high
        if high - low >= MAX_EXPANDED_RANGE:
            targets.ranges.append((low, high, block))
        else:
            for number in range(low, high + 1):
                targets.instr.add_case(integer(targets.instr.value.type, number), block)
    statement(frame, stmt.body)


def _label(frame: Frame, name: str) -> llir.Block:
    if name not in frame.labels:
        frame.labels[name] = frame.block(f"label.{name}")
    return frame.labels[name]
