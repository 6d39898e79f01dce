"""A machine whose run a debugger controls, and the debugger's side of the protocol, by hand."""

from __future__ import annotations

import mmap
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from kcc.device.gdb.server import Server
from kcc.device.sim.machine import EcallResult, Fatal, HartStart, HartView, Machine, RunResult

BASE, SIZE, RETURN = 0x4000_0000, 1 << 20, 0x8000
PATIENCE = 60  # seconds until a test fails for want of an answer


class Client:
    """What a debugger sends and gets. Answers are payloads as they come, as text."""

    def __init__(self, port: int) -> None:
        self.peer = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = b""

    def send(self, payload: str | bytes) -> None:
        data = payload.encode("latin-1") if isinstance(payload, str) else payload
        self.peer.sendall(b"$%b#%02x" % (data, sum(data) & 0xFF))

    def raw(self, data: bytes) -> None:
        self.peer.sendall(data)

    def interrupt(self) -> None:
        with suppress(OSError):  # the run may be over
            self.peer.sendall(b"\x03")

    def byte(self) -> bytes:
        while not self._data:
            self._data = self.peer.recv(1 << 16)
            if not self._data:
                raise ConnectionError("closed")
        first, self._data = self._data[:1], self._data[1:]
        return first

    def answer(self, acknowledge: bool = True) -> str:
        """The next packet."""
        while self.byte() != b"$":
            pass
        payload = b""
        while (byte := self.byte()) != b"#":
            payload += byte
        checksum = self.byte() + self.byte()
        assert int(checksum, 16) == sum(payload) & 0xFF
        if acknowledge:
            with suppress(OSError):  # the server closes after its last word
                self.peer.sendall(b"+")
        return payload.decode("latin-1")

    def ask(self, payload: str | bytes) -> str:
        self.send(payload)
        return self.answer()

    def thread(self, payload: str | bytes, signal: int = 5) -> int:
        """Ask, and get told of a halt: of which thread."""
        answer = self.ask(payload)
        match = re.match(r"T([0-9a-f]{2})thread:([0-9a-f]+);", answer)
        assert match is not None, answer
        assert int(match[1], 16) == signal, answer
        return int(match[2], 16)

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    @property
    def pc(self) -> int:
        return self.register(32)

    def close(self) -> None:
        self.peer.close()


@dataclass
class Debugged:
    """run() runs code on a machine, in a thread, up to its first instruction."""

    machine: Machine
    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, SIZE))
    result: RunResult | None = None
    client: Client | None = None

    def __post_init__(self) -> None:
        self.machine.map_ram(BASE, SIZE, memoryview(self.memory))
        self.said: list[str] = []
        self.server = Server(0, self.said.append)
        self.server.watch(self.machine)

    def run(
        self,
        words: Sequence[int],
        *,
        harts: int = 1,
        count: int | None = None,
        ecall: Callable[[HartView], EcallResult] = lambda _: Fatal(),
    ) -> None:
        self.memory[: 4 * len(words)] = b"".join(w.to_bytes(4, "little") for w in words)
        starts = [HartStart(BASE + SIZE - 0x1000 * h) for h in range(harts)]

        def run() -> None:
            self.result = self.machine.begin_instances(
                starts,
                entry=BASE,
                return_addr=RETURN,
                first=0,
                count=harts if count is None else count,
                limit=None,
                ecall=ecall,
            ).result()
            self.server.close(0 if self.result.ok else 1)

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def start(self, words: Sequence[int], **how: Any) -> Client:
        """Run, and be the debugger."""
        self.run(words, **how)
        self.client = Client(self.server.port)
        return self.client

    def finish(self) -> RunResult:
        """Wait for the end of the run."""
        self.thread.join(PATIENCE)
        assert self.result is not None
        return self.result


@pytest.fixture
def make_debugged() -> Iterator[Callable[..., Debugged]]:
    """make_debugged(harts=1, **machine options)"""
    made: list[Debugged] = []

    def make(harts: int = 1, **options: object) -> Debugged:
        made.append(Debugged(Machine(harts, **options)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for d in made:
        if d.client is not None:
            d.client.close()
        d.thread.join(PATIENCE)
        assert not d.thread.is_alive()


@pytest.fixture
def debugged(make_debugged: Callable[..., Debugged]) -> Debugged:
    return make_debugged()
