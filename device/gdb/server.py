"""Lets GDB control the runs of a machine: waits for it at the first instruction, and serves it
at every halt.

What becomes of a run when GDB leaves: it goes on after `detach`, and ends after `kill` or
`quit`, or when the connection breaks.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from ..sim.watch import Action, Go, Quit, Stop, Why
from .connection import Connection
from .files import Files, Program
from .packets import Signal
from .pilot import SIG_TRAP, Halt, Pilot, Resume
from .session import INVALID, OK, End, Session

if TYPE_CHECKING:
    from ..sim.machine import Machine

HOST = "127.0.0.1"


class Server:
    """Listens from the start, until a debugger has come. One machine, one debugger."""

    def __init__(self, port: int, announce: Callable[[str], None]) -> None:
        """port: 0 for any that is free. announce: gets a line when it waits for GDB.

        raises: OSError for a port that cannot be had.
        """
        self._listener = socket.create_server((HOST, port))
        self.port: int = self._listener.getsockname()[1]
        self._announce = announce
        self.program: Program | None = None  # for GDB to read, if it has not read it itself
        self._debugger: Debugger | None = None

    def watch(self, machine: Machine) -> None:
        """Control all runs of a machine from now on."""
        self._debugger = Debugger(machine, self)
        machine.watch(self._debugger)

    @property
    def ended(self) -> str | None:
        """How GDB has ended the run; None if it has not."""
        return self._debugger.ended if self._debugger is not None else None

    def close(self, status: int) -> None:
        """All runs are over, with this exit status: tell GDB. The port is free again."""
        if self._debugger is not None:
            self._debugger.close(status)
        self._listener.close()

    def accept(self) -> socket.socket:
        """Wait for GDB."""
        self._announce(f"waiting for gdb on {HOST}:{self.port}")
        peer, _ = self._listener.accept()
        self._listener.close()
        return peer


class Debugger:
    """The watcher: what the machine tells goes to GDB, what GDB wants to the machine."""

    def __init__(self, machine: Machine, server: Server) -> None:
        self.ended: str | None = None
        self._machine = machine
        self._server = server
        self._connection: Connection | None = None
        self._pilot = Pilot(machine)
        self._session = Session(machine, self._pilot)
        self._detached = False
        self._fault = False

    def close(self, status: int) -> None:
        """Say how it ended: with an exit status, or by the fault that was told last."""
        if self._connection is not None:
            how = f"X{self._session.halted.signal:02x}" if self._fault else f"W{status & 0xFF:02x}"
            self._connection.send(how.encode())
            self._connection.close()

    # -- the watcher

    @property
    def breakpoints(self) -> Set[int]:
        return frozenset() if self._detached else self._pilot.guards | self._pilot.breakpoints

    def stopped(self, stop: Stop) -> Action:
        if self.ended is not None:
            return Quit()
        if self._detached:
            return Go()
        self._fault = stop.why is Why.FAULT
        connection = self._connection
        then: Action | Halt
        if connection is None:
            connection = Connection(self._server.accept(), self._machine.pause)
            self._connection = connection
            program = self._server.program
            self._session.files = Files(program) if program is not None else None
            self._session.halted = self._pilot.halt(Halt(stop.hart, SIG_TRAP))
            then = self._serve(connection)  # it asks why the run stands still
        elif connection.closed:
            then = self._leave("the connection to gdb is broken")
        elif connection.interrupted() and not self._fault:
            then = self._pilot.interrupt(stop.hart)
        else:
            then = self._pilot.stopped(stop)
        while isinstance(then, Halt):
            connection.send(self._session.report(then))
            then = self._serve(connection)
        return then

    def _serve(self, connection: Connection) -> Action | Halt:
        """Obey GDB until it wants to go on."""
        while True:
            packet = connection.receive()
            if packet is None:
                return self._leave("the connection to gdb is broken")
            if packet is Signal.INTERRUPT:  # it stands still already
                continue
            answer = self._session.answer(packet) if isinstance(packet, bytes) else INVALID
            connection.acknowledges = self._session.acknowledges
            match answer:
                case bytes():
                    connection.send(answer)
                case Resume() if self._fault:
                    return Go()  # to the end
                case Resume():
                    return self._pilot.resume(answer, self._session.halted.hart)
                case End.DETACH:
                    connection.send(OK)
                    self._detached = True
                    self._hang_up()
                    return Go()
                case End.KILL:
                    if packet != b"k":  # which has no answer
                        connection.send(OK)
                    return self._leave("gdb has killed the run")

    def _leave(self, why: str) -> Quit:
        self.ended = why
        self._hang_up()
        return Quit()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
