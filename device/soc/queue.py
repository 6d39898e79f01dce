"""Work in the background: one thread, strictly in order, a bounded number waiting."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class WorkQueue:
    """The thread starts with the first request."""

    def __init__(self, name: str, depth: int) -> None:
        """depth: requests that may wait; the next put() blocks until one has been taken."""
        self._name = name
        self._depth = depth
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], object]] = deque()
        self._busy: threading.Thread | None = None  # who does a request
        self._closed = False
        self._worker: threading.Thread | None = None
        self._failure: BaseException | None = None

    def put(self, work: Callable[[], object]) -> bool:
        """Queue a request; blocks while as many wait as may. False once the queue is closed."""
        with self._changed:
            # A request that queues others is not held up: it would wait for itself.
            while len(self._waiting) >= self._depth and not (self._closed or self.is_mine()):
                self._changed.wait()
            if self._closed:
                return False
            self._waiting.append(work)
            if self._worker is None or not self._worker.is_alive():  # threads do not survive a fork
                self._worker = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._worker.start()
            self._changed.notify_all()
            return True

    def call(self, work: Callable[[], object]) -> bool:
        """Do a request in this thread, when all before it are done. False once closed.

        Two switches between threads cheaper than put() and wait_idle(). An exception that the
        request raises, an interrupt say, is raised here. False, too, inside of a request.
        """
        if self.is_mine():
            return False
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._idle())
            if self._closed:
                return False
            self._busy = threading.current_thread()
        try:
            work()
        finally:
            with self._changed:
                self._busy = None
                self._changed.notify_all()
        return True

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until nothing waits or runs; False after `timeout` seconds.

        A request that asks is not waited for: it would wait for itself.
        raises: what a request raised since the last time, which is a defect, not a result.
        """
        if self.is_mine():
            return True
        with self._changed:
            done = self._changed.wait_for(self._idle, timeout)
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return done

    def is_mine(self) -> bool:
        """Whether the request that runs is the caller's."""
        return threading.current_thread() is self._busy

    def drop(self) -> None:
        """Forget what has not started."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Drop what waits and let the thread end after what it is doing; does not wait."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _idle(self) -> bool:
        return not self._waiting and self._busy is None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = None
                self._changed.notify_all()
                # Somebody may be doing a request of his own.
                self._changed.wait_for(
                    lambda: self._closed or (self._waiting and self._busy is None)
                )
                if self._closed:
                    return
                work = self._waiting.popleft()
                self._busy = threading.current_thread()
                self._changed.notify_all()
            try:
                work()
            except BaseException as e:  # not lost: raised where somebody waits
                self._failure = e
            del work  # it may be all that keeps a device alive
