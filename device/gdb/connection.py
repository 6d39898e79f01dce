"""A connection to a debugger: what arrives is kept in order, and acknowledged.

A thread of its own reads the socket, so that an interrupt is seen while harts run.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable

from .packets import Signal, Unframer, frame

CHUNK = 1 << 16
MOST_WAITING = 1000  # packets: a debugger waits for an answer before it sends the next one


class Connection:
    def __init__(self, peer: socket.socket, call_in: Callable[[], None]) -> None:
        """call_in: called in another thread when something arrives that cannot wait."""
        self.acknowledges = True
        self._peer = peer
        self._call_in = call_in
        self._waiting: deque[bytes | Signal] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._sending = threading.Lock()
        self._last = b""
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._read, name="gdb", daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """The other side has gone; what it has sent before may still wait here."""
        return self._closed

    def receive(self) -> bytes | Signal | None:
        """The next payload or damaged packet, waited for; None if no more will come."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            item = self._waiting.popleft() if self._waiting else None
            self._changed.notify_all()
            return item

    def interrupted(self) -> bool:
        """True if an interrupt has arrived; it is forgotten by this."""
        with self._changed:
            if Signal.INTERRUPT not in self._waiting:
                return False
            self._waiting.remove(Signal.INTERRUPT)
            return True

    def send(self, payload: bytes) -> None:
        self._last = frame(payload)
        self._write(self._last)

    def close(self) -> None:
        """Send nothing more, and wait for the thread."""
        self._gone()
        try:
            self._peer.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is closed at the other end
            pass
        self._thread.join()
        self._peer.close()

    # -- the thread

    def _read(self) -> None:
        unframer = Unframer()
        while not self._closed:
            try:
                data = self._peer.recv(CHUNK)
            except OSError:
                break
            if not data:
                break
            for item in unframer.feed(data):
                self._take(item)
        self._gone()
        self._call_in()

    def _take(self, item: bytes | Signal) -> None:
        if item is Signal.RESEND:
            self._write(self._last)
            return
        if item is not Signal.INTERRUPT and self.acknowledges:
            self._write(b"-" if item is Signal.DAMAGED else b"+")
            if item is Signal.DAMAGED:  # it will come again
                return
        with self._changed:
            while len(self._waiting) >= MOST_WAITING and not self._closed:
                self._changed.wait()
            self._waiting.append(item)
            self._changed.notify_all()
        if item is Signal.INTERRUPT:
            self._call_in()

    def _gone(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _write(self, data: bytes) -> None:
        try:
            with self._sending:
                self._peer.sendall(data)
        except OSError:
            self._gone()
