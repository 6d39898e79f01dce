"""Runs a group some of whose barriers are for sub-groups: each of these goes at its own pace.

    do for each sub-group s:
           stopped = at[s]                  ; 0, the start, to begin with
           do stopped = the loops over the work-items of s that go on from there
           while stopped is a barrier of sub-groups
           at[s] = stopped
    while stopped is a barrier of the group

What the work-items of a group keep once, its sub-groups keep once each: they may be apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..abi import MAX_GROUP_ITEMS
from ..emit import I8, I32, I64, copy_bytes, fill_zero, load, store
from ._meeting import Meeting
from ._resumable import Resumable
from .workitem_ids import sub_group_count

if TYPE_CHECKING:
    from ..frame import LowerOptions
    from .workitem_loops import Group

SHARED_ALIGN = 128  # bytes; the largest value there is, double16
STATE = 4  # bytes, of the number of a barrier
FIRST = ", the first of its sub-group at "


def run_sub_groups(group: Group, resumable: Resumable, options: LowerOptions) -> None:
    build, size = group.build, options.sub_group_size
    items = group.items()
    count = sub_group_count(build, items, options)
    kept = group.rooms(resumable)
    step = _step(resumable)
    with build.goto_entry_block():
        most = sub_group_count(build, group.product(*group.full), options)
    shared = group.room(SHARED_ALIGN, most, I64(step))
    following = group.room(SHARED_ALIGN, I64(step))
    states = group.room(STATE, I64(MAX_GROUP_ITEMS // size * STATE))
    fill_zero(build, states, MAX_GROUP_ITEMS // size * STATE, STATE)
    inner, outer = (
        Meeting(build, group.name) if options.check_barriers else None for _ in range(2)
    )

    def run(first: Any, end: Any, mine: Any, resume: int) -> Any:
        """The items from `first` to before `end`, rows of them; where the last has stopped."""

        def row(r: Any) -> Any:
            width, height = group.sizes[:2]
            base = build.mul(r, width)
            y, z = build.urem(r, height), build.udiv(r, height)

            def item(x: Any) -> Any:
                index = build.add(base, x, flags=("nuw", "nsw"))
                number = I32(resume)
                stopped = group.call(x, y, z, number, index, mine, following, *kept)
                if inner is not None:
                    is_first = build.icmp_unsigned("==", index, first)
                    inner.check(is_first, stopped, (x, y, z), resumable.places, FIRST)
                return stopped

            begin = build.sub(_larger(build, first, base), base)
            past = _smaller(build, build.sub(end, base), width)
            return group.loop("x", past, item, begin)

        width = group.sizes[0]
        rows = build.add(build.udiv(build.sub(end, I64(1)), width), I64(1))
        stopped = group.loop("row", rows, row, build.udiv(first, width))
        copy_bytes(build, mine, following, resumable.shared_size, SHARED_ALIGN, vol=False)
        return stopped

    def sub_group(s: Any) -> Any:
        first = build.mul(s, I64(size), flags=("nuw", "nsw"))
        end = _smaller(build, build.add(first, I64(size)), items)
        mine = build.gep(shared, [build.mul(s, I64(step))], inbounds=True, source_etype=I8)
        state = build.gep(states, [s], inbounds=True, source_etype=I32)
        numbers = range(len(resumable.places) + 1)
        done = build.append_basic_block("done")
        blocks = [build.append_basic_block(f"from.{number}") for number in numbers]
        start = build.switch(load(build, state, I32, STATE), blocks[0])
        for number in sorted({*numbers[1:]} - resumable.within):
            start.add_case(I32(number), blocks[number])
        build.position_at_end(done)
        last = build.phi(I32, name="stopped")
        for number in numbers:
            build.position_at_end(blocks[number])
            stopped = run(first, end, mine, number)
            last.add_incoming(stopped, build.block)
            further = build.switch(stopped, done)
            for own in sorted(resumable.within.intersection(resumable.stops[number])):
                further.add_case(I32(own), blocks[own])
        build.position_at_end(done)
        store(build, last, state, STATE)
        if outer is not None:
            row, width, height = build.udiv(first, group.sizes[0]), *group.sizes[:2]
            item = (build.urem(first, width), build.urem(row, height), build.udiv(row, height))
            outer.check(build.icmp_unsigned("==", s, I64(0)), last, item, resumable.places)
        return last

    turn, over = (build.append_basic_block(name) for name in ("turn", "over"))
    build.branch(turn)
    build.position_at_end(turn)
    stopped = group.loop("sub", count, sub_group)
    build.cbranch(build.icmp_unsigned("==", stopped, I32(0)), over, turn)
    build.position_at_end(over)


def sub_group_rooms(resumable: Resumable, options: LowerOptions) -> tuple[int, int]:
    """Bytes on the stack for each item, and once, that sub-groups take in all."""
    step = _step(resumable)
    states = MAX_GROUP_ITEMS // options.sub_group_size * STATE
    return -(-step // options.sub_group_size), 2 * (step + SHARED_ALIGN) + states


def _step(resumable: Resumable) -> int:
    """Bytes that a sub-group keeps once."""
    return -(-resumable.shared_size // SHARED_ALIGN) * SHARED_ALIGN


def _smaller(build: Any, a: Any, b: Any) -> Any:
    return build.select(build.icmp_unsigned("<", a, b), a, b)


def _larger(build: Any, a: Any, b: Any) -> Any:
    return build.select(build.icmp_unsigned(">", a, b), a, b)
