"""Commands and what they wait for: submit, flush, join, notify.

One lock guards two lists: commands that are ready, and how many each queue has in all. A command
becomes ready when nothing it waits for is unfinished, and fails when one of these has failed.
Commands run in the thread that flushes or joins.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from .errors import ClError, EventInWaitListFailed, InvalidEvent

# Execution status, cl.h; below 0: the error code it ended with.
COMPLETE, RUNNING, SUBMITTED, QUEUED = range(4)


class Event:
    """Something that commands wait for. One that is made by itself is the user's to set."""

    def __init__(self) -> None:
        self.status = QUEUED
        self.error: ClError | None = None
        self.waiting: list[Command] = []  # that are to be notified

    @property
    def finished(self) -> bool:
        return self.status <= COMPLETE

    @property
    def failed(self) -> bool:
        return self.status < COMPLETE


class Command(Event):
    """Work on a device, in one queue; behind everything in `wait_list`."""

    def __init__(
        self, queue: Queue, work: Callable[[], object], wait_list: Sequence[Event] = ()
    ) -> None:
        super().__init__()
        self.queue = queue
        self.work = work
        self.wait_list = tuple(wait_list)
        self.before: Command | None = None  # in an in-order queue
        self.ready = False  # it waits for nothing, but to be run


class Queue:
    """A command queue; in_order: each command waits for the one before it."""

    def __init__(self, in_order: bool = True) -> None:
        self.in_order = in_order
        self.count = 0  # commands that are not finished
        self.last: Command | None = None


class Scheduler:
    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._ready: deque[Command] = deque()

    def submit(self, command: Command) -> None:
        """Have the command run once all it waits for is complete.

        raises: InvalidEvent for a command that was submitted before.
        """
        with self._changed:
            if command.status != QUEUED:
                raise InvalidEvent("the command has been submitted before")
            queue = command.queue
            if queue.in_order:
                command.before = queue.last
            command.status = SUBMITTED
            queue.count += 1
            queue.last = command
            for event in dict.fromkeys(_blockers(command)):
                event.waiting.append(command)
            self._look_at(command)

    def notify(self, command: Command, finished: Event) -> None:
        """Something that the command waits for is finished: it may be ready now, or have failed."""
        with self._changed:
            if command in finished.waiting:
                finished.waiting.remove(command)
            self._look_at(command)

    def set_user_event(self, event: Event, status: int = COMPLETE) -> None:
        """Complete a user's event, or fail it with an error code.

        raises: InvalidEvent for a command, or an event that is set already.
        """
        with self._changed:
            if isinstance(event, Command) or event.finished or status > COMPLETE:
                raise InvalidEvent("not a user's event that is unset, or no final status")
            event.status = status
            self._tell(event)

    def flush(self) -> None:
        """Run all commands that are ready, and those that become ready by it."""
        while (command := self._take()) is not None:
            error: ClError | None = None
            try:
                command.work()
            except ClError as e:
                error = e
            except BaseException:
                self._end(command, EventInWaitListFailed("the command was interrupted"))
                raise
            self._end(command, error)

    def join(self, queue: Queue) -> None:
        """Return when all commands of the queue are finished."""
        while True:
            self.flush()
            with self._changed:
                if not queue.count:
                    return
                if not self._ready:  # others run them, or a user's event is to be set
                    self._changed.wait()

    def _take(self) -> Command | None:
        with self._changed:
            if not self._ready:
                return None
            command = self._ready.popleft()
            command.status = RUNNING
            return command

    def _end(self, command: Command, error: ClError | None) -> None:
        with self._changed:
            _finish(command, error)
            self._tell(command)

    def _look_at(self, command: Command) -> None:
        if self._settle(command):
            self._tell(command)

    def _tell(self, event: Event) -> None:
        """Look at all that wait for it, and if they have failed by that, at those behind them."""
        finished = deque([event])
        while finished:
            event = finished.popleft()
            waiting, event.waiting = event.waiting, []
            finished += [command for command in waiting if self._settle(command)]
        self._changed.notify_all()

    def _settle(self, command: Command) -> bool:
        """Have a command wait on, be ready, or fail; True in the last case."""
        if command.status != SUBMITTED or command.ready:
            return False
        failed = next((event for event in command.wait_list if event.failed), None)
        if failed is not None:
            _finish(command, _because_of(failed))
            return True
        if not _blockers(command):
            command.before, command.ready = None, True
            self._ready.append(command)
            self._changed.notify_all()
        return False


def _finish(command: Command, error: ClError | None) -> None:
    command.error = error
    command.status = COMPLETE if error is None else error.code
    command.queue.count -= 1
    if command.queue.last is command:
        command.queue.last = None


def _blockers(command: Command) -> list[Event]:
    """What it still waits for. In order means after, whatever became of the one before."""
    events = command.wait_list if command.before is None else (command.before, *command.wait_list)
    return [event for event in events if not event.finished]


def _because_of(event: Event) -> ClError:
    if isinstance(event.error, EventInWaitListFailed):
        return event.error  # the first cause
    reason = event.error or f"status {event.status}"
    return EventInWaitListFailed(f"a command it waits for has failed: {reason}")
