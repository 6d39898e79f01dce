"""A run: from the start of its first instance to its outcome.

In each lane host code and Python alternate: host code runs instances, groups and turns
(runtime.py) and comes back here for what it cannot do: translate, talk to a device, decide an
ecall, end with a fault. Lanes run in threads of their own; what they come back for is seen to
one at a time. When all of them rest, it is decided what that means.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from functools import partial

from . import flow, state
from .flow import MASK64
from .hart import Hart
from .interface import (
    Abort,
    Await,
    BusError,
    Cause,
    Done,
    EcallHandler,
    Fatal,
    Fault,
    Launches,
    Observer,
    Pacer,
    Reason,
    Resume,
    Sleep,
    Told,
)
from .lane import Lane
from .paced import SEEN, Paced
from .translations import Translations
from .watch import Watch, Watcher

NO_LIMIT = (1 << 62) - 1
REST = 0.05  # seconds between looks at whether the run has been stopped
SHARES = 2  # a lane gets one in so many parts of a lane's part of the instructions left


class Run:
    """One run on prepared lanes. go() does it; reason, fault and code tell how it ended."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        translations: Translations,
        ecall: EcallHandler,
        *,
        limit: int | None,
        launches: Launches | None,
        watcher: Watcher | None = None,
        observer: Observer | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.reason: Reason | None = None
        self.fault: Fault | None = None
        self.code = 0
        self.launches = 1
        self._lanes = lanes
        self._translations = translations
        self._ecall = ecall
        self._observer = observer
        self._row = launches if len(lanes) > 1 else None  # else generated code sees to it
        self._changed = threading.Condition()
        self._left = NO_LIMIT if limit is None else min(max(limit, 0), NO_LIMIT)
        self._stopping = self._pausing = False
        self._failure: BaseException | None = None
        self._harts = lanes[0].harts
        if len(lanes) > 1:
            self._harts = sorted((h for lane in lanes for h in lane.harts), key=lambda h: h.hart)
        self._paced: Paced | None = None
        if pacer is not None:
            first = lanes[0]
            self._paced = Paced(pacer, first, self._tell, partial(self._decide, first))
        self._watch = Watch(watcher, lanes[0], translations) if watcher is not None else None
        for lane in lanes:
            lane.rests = None
            lane.brief = len(lanes) == 1
            lane.control.stop = 0
            self._draw(lane)

    def go_briefly(self) -> bool:
        """Run as long as that keeps Python's lock; True if it is over, but for go().

        What go() raises, it does not raise. With several lanes it does nothing.
        """
        lane = self._lanes[0]
        try:
            while self.reason is None and lane.brief:
                self._step(lane)
        except BaseException as e:  # not lost: raised by go()
            self._failure, self.reason = e, Reason.STOPPED
        return self.reason is not None

    def go(self) -> None:
        """Run to the end. raises: what an ecall handler, a device or a watcher raises."""
        ended: list[threading.Event] = []
        try:
            for lane in self._lanes[1:]:
                end = threading.Event()
                beside = partial(self._drive_beside, lane, end)
                threading.Thread(target=beside, name="hart", daemon=True).start()
                ended.append(end)
            self._drive(self._lanes[0])
        finally:
            # After an interrupt, or what a handler raised, too. Without the lock: another lane's
            # handler may hold it for long, and the next interrupt come meanwhile.
            self.reason = self.reason or Reason.STOPPED
            self._call_in()
            for end in ended:
                self._join(end)
            if self._watch is not None:
                self._watch.close()
            if self._paced is not None:
                self._lanes[0].pace(one=False, back=False)
        if self._failure is not None:
            raise self._failure

    def _join(self, ended: threading.Event) -> None:
        """Wait for a lane: its harts are not to run on, whatever interrupts us meanwhile.

        Not by Thread.join(): interrupted, it takes the thread for dead (CPython before 3.13).
        """
        while not ended.is_set():
            try:
                ended.wait()
            except BaseException as e:  # not lost: raised by go()
                self._failure = self._failure or e

    def stop(self) -> None:
        """End with STOPPED. From any thread, and from a signal handler."""
        self._stopping = True
        self._call_in()

    def pause(self) -> None:
        """Have the watcher told."""
        self._pausing = True
        self._call_in()

    def _call_in(self) -> None:
        """Have all lanes come back to Python at the end of a turn."""
        for lane in self._lanes:
            lane.control.stop = 1

    # -- lanes

    def _drive_beside(self, lane: Lane, ended: threading.Event) -> None:
        try:
            self._drive(lane)
        except BaseException as e:  # not lost: raised by go()
            self._failure = self._failure or e
            self._end(Reason.STOPPED)
        finally:
            ended.set()

    def _drive(self, lane: Lane) -> None:
        while self.reason is None:
            self._step(lane)

    def _step(self, lane: Lane) -> None:
        epoch = self._translations.epoch
        event = lane.run(epoch)
        with self._changed:
            if self.reason is None:
                self._see_to(lane, event)
            if self._translations.epoch != epoch and len(self._lanes) > 1:
                self._call_in()

    def _end(self, reason: Reason, fault: Fault | None = None, code: int = 0) -> None:
        """Over, unless it was before."""
        with self._changed:
            if self.reason is None:
                if fault is not None and self._watch is not None:
                    self._watch.faulted(fault)
                self.reason, self.fault, self.code = reason, fault, code
            self._call_in()
            self._changed.notify_all()

    def _see_to(self, lane: Lane, event: int) -> None:
        """Do what a lane came back for."""
        c, hart, watch = lane.control, lane.hart, self._watch
        match event:
            case state.TOLD | state.ECALL | state.STEPPED if self._is_paced(hart, event):
                assert self._paced is not None
                if not self._paced.arrived(hart, event) and self.reason is None:
                    asleep = any(h.state.status == state.ASLEEP for h in self._harts)
                    self._end(Reason.BARRIER if asleep else Reason.FINISHED)
            case state.PAUSE:  # signal handlers have run by the time we get here
                pass
            case state.STOPPED:
                self._called_in(lane)
            case state.FINISHED if len(self._lanes) == 1:
                self.reason = Reason.FINISHED
            case state.LIMIT if self._draw(lane):
                pass
            case state.FINISHED | state.LIMIT | state.NONE_READY:
                self._rest(lane, event)
            case state.MISS:
                if watch is not None and watch.at_breakpoint(hart):
                    self._unless(watch.broke(hart))
                    return
                c.resume = 1
                limit = flow.UNIT_LIMIT if watch is None else watch.unit_limit
                idle = self._harts if len(self._lanes) == 1 else ()
                if not self._translations.enter(hart, limit, idle):
                    bad = hart.pc if len(hart.fetch(hart.pc)) < 2 else hart.pc + 2
                    self._trap(hart, Cause.FETCH_FAULT, bad)
            case state.IO_ACCESS:
                c.resume = 1
                self._access(hart)
            case state.SOFT_FLOAT:
                c.resume = 1
                hart.compute()
            case state.MODE:
                c.resume = 1
                hart.change_mode()
            case state.FENCE_I:
                c.resume = 1
                hart.clear_table()
            case state.ECALL:
                self._decide(lane, hart)
            case state.TOLD:
                c.resume = 1
                self._tell(hart)
            case state.FAULT:
                self._trap(hart, Cause(hart.state.cause), int(hart.state.tval))
            case state.STARTED:
                assert watch is not None
                self._unless(watch.started())
            case state.STEPPED:
                assert watch is not None
                self._unless(watch.stepped(hart))
            case _:
                raise AssertionError(event)

    def _unless(self, going: bool) -> None:
        if not going:
            self._end(Reason.STOPPED)

    def _called_in(self, lane: Lane) -> None:
        lane.control.stop = 0
        if self._stopping:
            self._end(Reason.STOPPED)
        elif self._pausing and self._watch is not None:
            self._pausing = False
            self._unless(self._watch.paused())

    # -- harts

    def _trap(self, hart: Hart, cause: Cause, tval: int) -> None:
        code = flow.read_word(hart.fetch, hart.pc)
        word = code.word if code else 0
        fault = Fault(cause.value, hart.pc, tval, hart.hart, hart.instance, word)
        self._end(Reason.FAULT, fault)

    def _access(self, hart: Hart) -> None:
        """A device access on behalf of a hart that waits for it."""
        s = hart.state
        addr, size = int(s.io_addr), int(s.io_size)
        region = hart.find(addr)
        assert region is not None
        assert region.device is not None
        try:
            if s.io_store:
                value = s.io_value & (1 << 8 * size) - 1
                region.device.store(addr - region.base, size, value, hart.hart)
            else:
                value = region.device.load(addr - region.base, size, hart.hart)
                s.io_value = value & (1 << 8 * size) - 1
        except BusError:
            self._trap(hart, Cause.STORE_FAULT if s.io_store else Cause.LOAD_FAULT, addr)

    def _is_paced(self, hart: Hart, event: int) -> bool:
        """Whether an event is for the model of time to order."""
        return self._paced is not None and (event != state.TOLD or hart.state.told[0] in SEEN)

    def _tell(self, hart: Hart) -> None:
        what, *operands = (int(word) for word in hart.state.told)
        if self._observer is None:
            return
        result = self._observer.told(hart, Told(what), (operands[0], operands[1], operands[2]))
        if isinstance(result, Abort):
            self._end(Reason.ABORT, code=result.code)

    def _decide(self, lane: Lane, hart: Hart) -> None:
        match self._ecall(hart):
            case Done():
                hart.reset_stack()  # leaves the hart idle: the group goes on without it
            case Resume():
                hart.state.pc += 4
            case Sleep(barrier):
                hart.state.pc += 4
                hart.state.status = state.ASLEEP
                hart.barrier = barrier
            case Await(addr):
                hart.state.pc += 4
                hart.state.status = state.ASLEEP
                hart.state.awaits = addr
            case Abort(code):
                self._end(Reason.ABORT, code=code)
                return
            case Fatal(tval):
                self._trap(hart, Cause.ECALL_M, tval)
                return
        hart.state.reserved_addr = state.NOT_RESERVED  # its turn is over
        lane.turn_to(lane.after(hart))
        if self._watch is not None and lane.control.single:
            self._unless(self._watch.stepped(hart))

    # -- lanes that wait for each other

    def _draw(self, lane: Lane) -> bool:
        """Let the lane retire some more instructions; False if there are none left."""
        lanes = len(self._lanes)
        part = self._left if lanes == 1 else max(self._left // (SHARES * lanes), lane.quantum)
        lane.control.remaining = min(part, self._left)
        self._left -= lane.control.remaining
        return bool(lane.control.remaining > 0)

    def _rest(self, lane: Lane, event: int) -> None:
        """The lane can do nothing by itself: wait until that has changed, or the run is over."""
        self._left += ctypes.c_int64(lane.control.remaining).value
        lane.control.remaining = 0
        lane.rests = event
        if self._left > 0:
            self._wake(state.LIMIT)
        if all(other.rests is not None for other in self._lanes):
            self._all_rest()
        while lane.rests is not None and self.reason is None:
            self._changed.wait(REST)
            if self._stopping:
                self._end(Reason.STOPPED)

    def _wake(self, *events: int) -> None:
        """Let the lanes go on that rest after one of these events."""
        for lane in self._lanes:
            if lane.rests in events:
                lane.rests = None
        self._changed.notify_all()

    def _all_rest(self) -> None:
        events = {lane.rests for lane in self._lanes}
        if state.LIMIT in events:
            self._end(Reason.LIMIT)
        elif events == {state.FINISHED}:
            if self._relaunch():
                self._wake(state.FINISHED)
            else:
                self._end(Reason.FINISHED)
        elif self._open_barrier():
            self._wake(state.NONE_READY)
        else:
            self._end(Reason.BARRIER)

    def _open_barrier(self) -> bool:
        """Have all harts go on if those asleep are a whole group, at the same barrier."""
        asleep = [h for h in self._harts if h.state.status == state.ASLEEP]
        starts = {h.instance - h.hart for h in asleep}
        if len(starts) != 1 or len({h.barrier for h in asleep}) != 1 or asleep[0].barrier is None:
            return False
        first = starts.pop()
        group = [h for h in self._harts if h.instance - h.hart == first]
        if len(group) != len(asleep):
            return False
        for h in asleep:
            h.barrier = None
            h.state.status = state.READY
        return True

    def _relaunch(self) -> bool:
        """Begin the next launch of a row; False if there is none, or it is of another kind."""
        if self._row is None:
            return False
        words, size = self._row.words, self._row.size
        at = self.launches * size
        count = int(self._harts[0].state.start_count)
        fixed = size - count
        if at + size > len(words) or words[at - size : at - count] != words[at : at + fixed]:
            return False
        for h in self._harts:
            for i in range(count):
                h.state.start_args[i] = words[at + fixed + i]
            h.state.instance = MASK64
        for lane in self._lanes:
            lane.control.next = lane.control.first
        self.launches += 1
        return True
