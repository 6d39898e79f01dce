"""Rows of work-items become strips that run in vector lanes, where that is possible.

    before:  define internal void @__kcc_row.k(...)    ; for x below n: @__kcc_item.k(..., x, ...)
    after:   define internal void @__kcc_row.k(...)    ; strip by strip: @__kcc_item.k(..., x, vl)

An item function that the vectoriser's model does not have stays as it is, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm

from ..passes._names import ITEM, ROW, SIZE
from .bounds import Bound, Bounds, BoundText
from .copies import expand_copies
from .flow import Flow
from .model import Function, Unvectorisable
from .pressure import ELEMENT, choose_lanes
from .reader import balanced, read, split
from .remarks import Outcome
from .scalars import has_vectors, take_apart
from .shapes import Shape, Shapes
from .strip import Ahead, Code, Row, item_by_item, strip_loop, whole_row
from .text import Text
from .write import LENGTH, Writer

MOST_VSCALE = 16  # what vectors may be long, beyond which no row need be tried as a whole
MOST_LINES = 8000  # of an item, of LLVM's text
MOST_INLINED = 600  # instructions of a function that is made part of an item
WIDE, WHOLE = "__kcc_wide.", "__kcc_whole."
VSETVLI = "llvm.riscv.vsetvli.i64"
_DEBUG = re.compile(r",? !dbg !\d+|^ +#dbg_[^\n]*\n", re.M)
_DEFINITION = re.compile(r'^define [^\n]*@(?:"([^"\n]*)"|([\w.$-]+))\(.*?^}\n', re.M | re.S)
# A vsetvli's fields, by bits of an element and by eighths of a register.
_SEW, _LMUL = {8: 0, 16: 1, 32: 2, 64: 3}, {1: 5, 2: 6, 4: 7, 8: 0, 16: 1, 32: 2, 64: 3}


def vectorize(
    module: Any, parse: Callable[[str], Any], run: Callable[[Any, Any], None], halves: bool
) -> tuple[Any, list[Outcome]]:
    """A module whose rows run as strips where they can, and what became of each.

    halves: whether there are vectors of half.
    parse: a module's text to a module, in the same context; run: a pass manager over one.
    """
    names = [f.name[len(ROW) :] for f in module.functions if f.name.startswith(ROW)]
    if not names:
        return module, []
    _simplify(module, run)
    text = str(module)
    functions = {_plain(m[1] or m[2]): m[0] for m in _DEFINITION.finditer(text)}
    outcomes = []
    declared: dict[str, str] = {}
    changed = False
    for name in names:
        row, item = functions[ROW + name], functions[ITEM + name]
        try:
            calls = _calls(text, ROW + name)
            new_item, new_row, outcome = _widen(name, (item, row, calls), declared, halves)
        except Unvectorisable as e:
            outcomes.append(Outcome(name, str(e)))
            continue
        outcomes.append(outcome)
        text = text.replace(item, new_item).replace(row, new_row)
        changed = True
    if not changed:
        return module, outcomes
    lines = [
        line
        for symbol, line in declared.items()
        if f"@{symbol}(" not in text.split("\ndeclare", 1)[-1]
    ]
    # Before its context, whatever the collector of garbage thinks of the order.
    module.close()
    return parse("\n".join([text, *lines, ""])), outcomes


def _simplify(module: Any, run: Callable[[Any, Any], None]) -> None:
    """SSA in simple loops, with what items call put into them. No combining of instructions:

    what the source says of wraps, and where numbers are widened, is to be seen afterwards.
    """
    items = {f.name for f in module.functions if f.name.startswith((ROW, ITEM))}
    for function in module.functions:
        if function.is_declaration or function.linkage != llvm.Linkage.internal:
            continue
        if function.name not in items and _size(function) <= MOST_INLINED:
            function.add_function_attribute("alwaysinline")
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_sccp_pass()
    passes.add_loop_rotate_pass()
    passes.add_loop_unroll_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_lower_switch_pass()
    passes.add_unify_function_exit_nodes_pass()
    passes.add_dead_code_elimination_pass()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.add_instruction_namer_pass()
    run(passes, module)


def _plain(name: str) -> str:
    """A name that LLVM has quoted."""
    data = re.sub(rb"\\([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), name.encode())
    return data.decode()


def _size(function: Any) -> int:
    return sum(1 for block in function.blocks for _ in block.instructions)


def _calls(text: str, name: str) -> list[list[str]]:
    """The arguments of each call of a function."""
    places = re.finditer(rf"call [^@\n]*@{re.escape(name)}\(", text)
    return [split(text[m.end() : balanced(text, m.end() - 1)]) for m in places]


def _known_size(calls: list[list[str]], position: int) -> int | None:
    """Of a row, if it is a number wherever rows are run."""
    sizes = {args[position].rpartition(" ")[2] for args in calls}
    size = sizes.pop() if len(sizes) == 1 else ""
    return int(size) if size.isdecimal() else None


def _widen(
    name: str,
    texts: tuple[str, str, list[list[str]]],
    declared: dict[str, str],
    halves: bool,
) -> tuple[str, str, Outcome]:
    item_text, row_text, calls = texts
    if item_text.count("\n") > MOST_LINES:
        raise Unvectorisable("too long")
    item, row = read(item_text), read(row_text)
    flow = Flow(item)
    if has_vectors(item_text):
        take_apart(item, flow.order)
    if "@llvm.mem" in item_text:
        expand_copies(item)
    position = next(i for i, (_, name) in enumerate(row.params) if name == f"%{SIZE}")
    ids = [name for _, name in item.params[position : position + 3]]
    lanes = {ids[0], *(name for _, name in item.params[position + 3 : position + 4])}
    ahead = Ahead(item, lanes.union(ids))
    bounds = Bounds(item, flow, ahead, ids)
    shapes = Shapes(item, flow, dict.fromkeys(lanes, Shape(1, True, True)), ahead.knows)
    count, width = choose_lanes(item, flow, shapes)
    writer = Writer(item, flow, shapes, Text(count, halves))
    declared |= writer.text.declared
    declared[VSETVLI] = f"declare i64 @{VSETVLI}(i64, i64 immarg, i64 immarg)"
    called = (item.name.replace(ITEM, prefix, 1) for prefix in (WIDE, WHOLE))
    made = Row(row, item, ahead, position, *called)
    seeds = {v: s for v in shapes.seeds if isinstance(s := shapes.of(v).stride, int)}
    size = _known_size(calls, position)
    one = ELEMENT // width  # lanes of one register
    tries_whole = size is not None and one < count and size <= one * MOST_VSCALE
    begin = "%rows" if tries_whole else "%strips"
    body = ["entry:", f"  br label {begin}"]
    if bounds.checked:
        # The check may as well say that ids do not wrap, so that no strip has to.
        known = {v: b for v in seeds if (b := bounds.id_bound(v)) is not None}
        body = _checked(made, bounds, list(known.values()), begin)
        seeds = {v: s for v, s in seeds.items() if v not in known}
    vtype = _SEW[width], _LMUL[count * width * 8 // ELEMENT]
    parameters = [*item.params, ("i64", LENGTH)]
    wide = _definition(item, made.wide, parameters, writer.body())
    if tries_whole and size is not None:
        body += whole_row(made, seeds, (_SEW[width], _LMUL[8]), size)
        again = Writer(item, flow, shapes, Text(one, halves))
        declared |= again.text.declared
        # A place in the source is one function's.
        wide = _DEBUG.sub("", wide) + _definition(item, made.whole, parameters, again.body())
    body += strip_loop(made, seeds, vtype)
    if bounds.checked:
        wide += _DEBUG.sub("", item_text)
    lmul = count * width / ELEMENT
    outcome = Outcome(
        name,
        lanes=count,
        lmul=f"{lmul:.0f}" if lmul >= 1 else f"1/{1 / lmul:.0f}",
        counts=writer.memory.counts,
        loops=len(flow.loops),
        divergent=len(shapes.divergent),
        checked=len(bounds.checked),
    )
    return wide, _definition(row, row.name, row.params, "\n".join(body)), outcome


def _checked(row: Row, bounds: Bounds, ids: list[Bound], good_way: str) -> list[str]:
    """The first blocks: whether vector code may run, and what runs otherwise."""
    code = Code("%kc")
    names = dict(zip((name for _, name in row.item.params), row.first_args, strict=True))
    good = BoundText(row.ahead, row.sizes, names, code).all_fit(bounds.checked.values(), ids)
    code.put(f"br i1 {good}, label {good_way}, label %items")
    return ["entry:", *code.lines, *item_by_item(row)]


def _definition(function: Function, name: str, params: list[tuple[str, str]], body: str) -> str:
    debug = re.search(r" !dbg !\d+", function.attributes)
    list_ = ", ".join(f"{typ} {name}" for typ, name in params)
    head = f"define internal {function.result} @{name}({list_}) alwaysinline nounwind"
    return f"{head}{debug[0] if debug else ''} {{\n{body}\n}}\n"
