"""Translations: what a machine knows of guest code, and how a hart comes by a unit for its pc."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable

from . import flow
from .engine import Engine
from .hart import Hart
from .mode import Mode

MAX_REBUILDS = 3  # a unit grows entries for indirect jumps this often, then they get their own


class Translations:
    """Of machines that run the same; units are found once for all of their harts.

    epoch:  what harts have entered in their tables before is not to be used in a later one.
    stops:  addresses to leave units at.
    exact:  harts' states are to be right whenever they leave a unit, see Mode.
    """

    def __init__(
        self,
        engine: Engine,
        extensions: frozenset[str],
        vlen: int,
        *,
        counters: bool,
        told: bool = False,
    ) -> None:
        """counters, told: as in Mode."""
        self.epoch = 0
        self.stops: frozenset[int] = frozenset()
        self.exact = False
        self._track_flags = False  # as in Mode
        self._sets_rounding = False  # some code has written frm, or is about to
        self.engine = engine
        self._lock = threading.Lock()  # machines that share may run in threads of their own
        self._extensions = extensions
        self._vlen = vlen
        self._counters = counters
        self._told = told
        self._peers: dict[Mode, weakref.ref[Hart]] = {}  # who was given a unit last
        self._units: dict[tuple[object, ...], flow.Unit] = {}

    def configure(self, stops: frozenset[int], exact: bool, harts: Iterable[Hart]) -> None:
        """Leave units at other addresses, or in another way, than before."""
        if exact != self.exact or (
            stops != self.stops
            and any(stops & f.inside for h in harts for f, _ in h.functions.values())
        ):
            self.epoch += 1
        self.stops, self.exact = stops, exact

    def enter(self, hart: Hart, limit: int = flow.UNIT_LIMIT, idle: Iterable[Hart] = ()) -> bool:
        """Give the hart a unit for where it stands; False if there is no code.

        limit: instructions in it. A single one is executed even where units are to be left.
        idle:  harts that nobody runs now. They take over what this one does, so that they need
               not come back for it one by one.
        """
        if flow.read_word(hart.fetch, hart.pc) is None:
            return False
        with self._lock:
            self._enter(hart, limit, idle)
        return True

    def _enter(self, hart: Hart, limit: int, idle: Iterable[Hart]) -> None:
        if limit > 1 and self._take_over(hart):
            for other in idle:
                if not other.functions:
                    other.take_over(hart, self._mode(other), compared=True)
            return
        extra: tuple[flow.Node, ...] = ()
        start = node = hart.node
        known = hart.blocks.get(node)
        if known is not None:
            first = known.unit.entries[0]
            if hart.rebuilds.get(first, 0) < MAX_REBUILDS:
                hart.rebuilds[first] = hart.rebuilds.get(first, 0) + 1
                start, extra = first, (*known.unit.entries[1:], node, *_ways_in(hart, known.unit))
        unit = self._unit(hart, start, extra, limit)
        if not self._track_flags and hart.reads_flags_near(hart.pc):
            self._track_flags = True
            self.epoch += 1
        if not self._sets_rounding and unit.sets_rounding:
            self._sets_rounding = True
            self.epoch += 1
        hart.refresh(self.epoch)
        mode = self._mode(hart)
        hart.add_function(self.engine.function(unit, mode, self._extensions))
        self._peers[mode] = weakref.ref(hart)

    def _mode(self, hart: Hart) -> Mode:
        return hart.mode(
            track_flags=self._track_flags or self.exact,
            sets_rounding=self._sets_rounding,
            exact=self.exact,
            counters=self._counters,
            told=self._told,
        )

    def _take_over(self, hart: Hart) -> bool:
        """Give a hart that has no units all of another's, if there are some; True if it now has
        one for where it stands."""
        if hart.functions:
            return False
        mode = self._mode(hart)
        found = self._peers.get(mode)
        peer = found() if found is not None else None
        return peer is not None and hart.take_over(peer, mode) and hart.node in hart.functions

    def _unit(
        self, hart: Hart, start: flow.Node, extra: tuple[flow.Node, ...], limit: int
    ) -> flow.Unit:
        """Discover a unit, or take the one found there before if its bytes are the same."""
        stops = self.stops if limit > 1 else frozenset()
        unit = self._discover(hart, start, extra, stops, limit)
        if limit > 1 and unit.size >= limit:
            # Part of a large function. From elsewhere in it one would find mostly the same part
            # again: so a unit of it ends where another one goes on.
            others = {f.unit.entries[0]: f.unit for f, _ in hart.functions.values()}
            others.pop(start, None)
            stops |= {n.pc for o in others.values() for n in o.blocks}
            stops -= {n.pc for n in (start, *extra)}
            unit = self._discover(hart, start, extra, stops, limit)
        return unit

    def _discover(
        self,
        hart: Hart,
        start: flow.Node,
        extra: tuple[flow.Node, ...],
        stops: frozenset[int],
        limit: int,
    ) -> flow.Unit:
        key = (start, extra, stops, limit)
        unit = self._units.get(key)
        if unit is None or any(hart.code(at, len(data)) != data for at, data in unit.code):
            unit = self._units[key] = flow.discover(
                start, hart.fetch, extra=extra, stops=stops, limit=limit, vlen=self._vlen
            )
        return unit


def _ways_in(hart: Hart, unit: flow.Unit) -> tuple[flow.Node, ...]:
    """Where other units go on in this one: one rebuild lets all of them enter it."""
    others = {f.unit.entries[0]: f.unit for f, _ in hart.functions.values()}
    found = {
        flow.Node(pc)
        for first, other in others.items()
        if first != unit.entries[0]
        for pc in other.exits
    }
    return tuple(sorted(n for n in found if n in unit.blocks and n not in unit.entries))
