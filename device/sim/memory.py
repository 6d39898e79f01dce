"""Memory: how semantics access the guest's memory; access.py expands what is left here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

from . import told
from .marks import (
    BITS,
    Access,
    Again,
    Checked,
    DefV,
    Unchecked,
)
from .registers import Registers

T = TypeVar("T")


class Memory(Registers):
    """Adds loads, stores, and places for what goes about memory by itself."""

    # -- memory -------------------------------------------------------------------------------

    def address(self, base: int, offset: int = 0) -> str:
        """x[base] + offset."""
        value = self.x(base)
        return self.op(f"add i64 {value}, {offset}") if offset else value

    def load(self, kind: str, base: int, offset: int = 0) -> str:
        """A checked load of an IR type (i8..i64, float, double) from x[base] + offset."""
        return self._access("load", kind, base, offset, "")

    def store(self, kind: str, value: str, base: int, offset: int = 0) -> None:
        """A checked store of an IR type to x[base] + offset."""
        self._access("store", kind, base, offset, value)

    def locate(self, kind: str, base: int, *, stores: bool) -> str:
        """A host pointer to checked, aligned RAM at x[base], for atomics (lr: not stores)."""
        return self._access("locate", kind, base, 0, "1" if stores else "0")

    @contextmanager
    def span(
        self,
        kind: str,
        base: int,
        *,
        count: int,
        stores: bool,
        slow: Callable[[str], None],
        check: Callable[[str], str] | None = None,
        apart: bool = False,
    ) -> Iterator[str]:
        """A checked access of many elements: the body makes it, at the host address it is given.

        count:  elements of type `kind` from x[base] on, all to be in bounds and aligned.
        slow:   emits what to do where the check fails, given the tag; see Access.
        check:  emits more of the check, given the tag, and returns an i1. It finds the remembered
                region's start in `tag`.base, x[base] less that in `tag`.off, and how many places
                `count` elements in a row have there in `tag`.limit.
        apart:  nothing need be at x[base] itself: `check` is the whole check.
        """
        if self._places is not None:
            assert check is None
            yield self._placed_at()
            return
        self._expose()
        tag = self.name()
        addr = self.address(base)
        block = self.blocks[-1]
        access = Access("span", kind, addr, base, 0, str(int(stores)), tag, self.pc, *self._rest)
        access.count, access.apart = count, apart
        if check is not None:
            access.also, lines = self._beside(check, tag)
            access.check = tuple(line for line in lines if isinstance(line, str))
            block.plain = False
        plain, reach = block.plain, dict(block.reach_v)  # whatever `slow` does
        _, access.slow = self._beside(slow, tag)
        block.plain, block.reach_v = plain, reach
        block.items.append(access)
        self.label = f"{tag}.fast"
        yield f"%{tag}.at"
        self.goto(f"{tag}.next")
        self.start(f"{tag}.next")

    def _beside(self, emit: Callable[[str], T], tag: str) -> tuple[T, tuple[str | DefV, ...]]:
        """What `emit` returns, and the lines it emits, which go elsewhere; their marks stay."""
        block = self.blocks[-1]
        before, block.items = block.items, []
        result = emit(tag)
        beside, block.items = block.items, before
        block.items += [mark for mark in beside if not isinstance(mark, str | DefV)]
        return result, tuple(line for line in beside if isinstance(line, str | DefV))

    def _access(
        self,
        what: Literal["load", "store", "locate"],
        kind: str,
        base: int,
        offset: int,
        value: str,
    ) -> str:
        if self._places is not None:
            return self._unchecked(what, kind, base, offset, value)
        if what == "locate":
            self.blocks[-1].plain = False
        self._expose()
        addr = self.address(base, offset)
        if self.mode.told:
            told.access(self, BITS[kind] // 8, addr, stores=what == "store" or value == "1")
        tag = self.name()
        self.blocks[-1].items.append(
            Access(what, kind, addr, base, offset, value, tag, self.pc, *self._rest)
        )
        self.label = f"{tag}.next"
        return f"%{tag}"

    def _placed_at(self) -> str:
        """Where the next access that needs no check of its own is on the host."""
        assert self._places is not None
        place = self._places[len(self._placed)]
        if isinstance(place, Unchecked):
            at = self.op(f"getelementptr inbounds i8, {place.place}")
        else:
            assert isinstance(place, Again)
            at = self._placed[place.first]
        self._placed.append(at)
        return at

    def _unchecked(
        self,
        what: Literal["load", "store", "locate"],
        kind: str,
        base: int,
        offset: int,
        value: str,
    ) -> str:
        assert self._places is not None
        place = self._places[len(self._placed)]
        if isinstance(place, Checked):
            tag, addr = self.name(), self.address(base, offset)
            access = Access(what, kind, addr, base, offset, value, tag, self.pc, *self._rest)
            access.twin, access.leave = place.twin, place.leave
            self.blocks[-1].items.append(access)
            self._placed.append(f"%{tag}.at")
            self.label = f"{tag}.fast"
            return f"%{tag}"
        at = self._placed_at()
        if what == "load":
            return self.op(f"load {kind}, ptr {at}, align 1, !tbaa !4")
        self.emit(f"store {kind} {value}, ptr {at}, align 1, !tbaa !4")
        return ""
