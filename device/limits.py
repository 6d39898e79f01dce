"""Whether a work-group has room: for its work-items, and on the stack of the hart that runs it."""

from __future__ import annotations

import math

from ..ir.abi import EXEC_STATE_SIZE, MAX_ARG_ALIGN, KernelInfo
from .launch import NDRange
from .profile import Profile


def check_room(
    ndrange: NDRange, info: KernelInfo | None, block: bytes, profile: Profile, by_items: bool
) -> str | None:
    """What a work-group of a launch has no room for; None when nothing is known to be too much.

    A group's local memory is on its hart's stack, and so is what its work-items keep across
    barriers. What private variables take there is not known: a hart finds out. A kernel by items
    needs as many harts as a group has items, and nothing else.

    info:  what the program says of the kernel, if anything. block: the argument block.
    """
    items = math.prod(ndrange.local_size)
    most = profile.harts if by_items else profile.group_items
    if items > most:
        return f"a work-group of {items} work-items; at most {most}"
    if info is None or by_items:
        return None
    groups = math.prod(ndrange.groups)
    if info.blocking and (groups > profile.group_harts or groups > ndrange.groups[0]):
        # Rows of groups run one after another.
        return (
            f"kernel '{info.name}': its work-groups wait for each other, so that they need a hart "
            f"each and one dimension; there are {profile.group_harts} harts, not "
            f"{' x '.join(map(str, ndrange.groups))}"
        )
    arguments = (
        int.from_bytes(block[arg.offset : arg.offset + 8], "little")
        for arg in info.args
        if arg.kind == "local"
    )
    local = sum(-(-n // MAX_ARG_ALIGN) * MAX_ARG_ALIGN for n in (info.local_size, *arguments))
    kept = info.group_room + items * info.item_room
    room = profile.stack.size - EXEC_STATE_SIZE
    if local + kept <= room:
        return None
    return (
        f"kernel '{info.name}': a work-group takes {local + kept} bytes of its hart's stack "
        f"({local} of local memory, {kept} to keep across barriers for {items} work-items); "
        f"there are {room}"
    )
