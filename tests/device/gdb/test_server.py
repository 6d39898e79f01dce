"""Debugging by the protocol: registers, memory, threads, and debuggers who leave or misbehave."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kcc.backend.encode import encode as e
from kcc.device.gdb.files import Program
from kcc.device.gdb.packets import Unframer, frame
from kcc.device.sim.interface import Reason
from snippets import COUNT, LOOP_1000, NOP, RET, SPIN

if TYPE_CHECKING:
    from conftest import Client, Debugged

BASE, SIZE, RETURN, DATA = 0x4000_0000, 1 << 20, 0x8000, 0x4004_0000
T0, PC, F0, CSR0, V0 = 5, 32, 33, 65, 4162


def little(value: int, size: int = 8) -> str:
    return value.to_bytes(size, "little").hex()


def unescaped(text: str) -> bytes:
    return next(iter(Unframer().feed(frame(text.encode("latin-1")))))  # type: ignore[return-value]


def description(client: Client) -> ET.Element:
    text, at = "", 0
    while not text.startswith("l"):
        part = client.ask(f"qXfer:features:read:target.xml:{at:x},400")
        at += len(part) - 1
        text = part[0] + text[1:] + part[1:]
    return ET.fromstring(text[1:])


# -- registers and memory


def test_it_waits_at_the_first_instruction(debugged: Debugged) -> None:
    client = debugged.start([COUNT, RET])
    assert client.thread("?") == 1
    assert debugged.said == [f"waiting for gdb on 127.0.0.1:{debugged.server.port}"]
    assert (client.pc, debugged.machine.retired(0)) == (BASE, 0)
    client.send("c")
    assert debugged.finish().retired == (2,)


def test_registers_are_read_and_written(debugged: Debugged) -> None:
    client = debugged.start([COUNT, e("fadd.d", rd=2, rs1=1, rs2=1, rm=7), RET])
    core = bytes.fromhex(client.ask("g"))
    assert len(core) == 33 * 8
    assert core[8:16] == RETURN.to_bytes(8, "little")
    assert core[-8:] == BASE.to_bytes(8, "little")
    assert client.ask("G" + (core[:40] + (41).to_bytes(8, "little") + core[48:]).hex()) == "OK"
    assert client.ask(f"P{F0 + 1:x}=000000000000f03f") == "OK"
    assert client.ask(f"P{CSR0 + 2:x}={little(3)}") == "OK"  # frm
    client.thread("s")
    client.thread("s")
    assert client.register(T0) == 42
    assert client.register(F0 + 2) == 0x4000_0000_0000_0000
    assert client.register(CSR0 + 3) == 3 << 5
    assert client.register(CSR0 + 0xF14) == 0  # mhartid
    assert client.register(CSR0 + 0xB02) == 2  # minstret


def test_flags_are_right_when_a_debugger_reads_them(debugged: Debugged) -> None:
    """Although no code does, and the translator knows the result."""
    words = [
        e("addi", rd=5, rs1=0, imm12=3),
        e("fcvt.d.l", rd=1, rs1=5, rm=7),
        e("fdiv.d", rd=2, rs1=1, rs2=1, rm=7),
        e("fdiv.d", rd=2, rs1=2, rs2=1, rm=7),
        RET,
    ]
    client = debugged.start(words)
    client.ask(f"Z0,{BASE + 16:x},4")
    client.thread("c")
    assert client.register(CSR0 + 1) == 1  # inexact


@pytest.mark.parametrize(
    "packet",
    [
        "P0=" + little(1), f"P{PC:x}=" + little(BASE + 1), "P5=00", "P5=", "Pzz=00", "p", "pffff",
        f"P{CSR0 + 0xF14:x}=" + little(1), "G00", "p-1", f"P{V0:x}=00",
    ],
)  # fmt: skip
def test_registers_that_cannot_be_had(debugged: Debugged, packet: str) -> None:
    assert debugged.start([RET]).ask(packet) == "E16"


def test_vector_registers(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(arch="rv64gcv_zvl256b")
    client = debugged.start([NOP, RET])
    value = random.Random(1).randbytes(32)
    assert client.ask(f"P{V0 + 31:x}={value.hex()}") == "OK"
    assert client.ask(f"p{V0 + 31:x}") == value.hex()
    assert debugged.machine.read_v(0, 31) == value
    assert client.register(CSR0 + 0xC22) == 32  # vlenb
    assert client.ask(f"P{V0:x}=00") == "E16"


def test_the_description_names_every_register(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(arch="rv64gcv_zvl512b")
    client = debugged.start([RET])
    target = description(client)
    assert [f.get("name") for f in target.findall("feature")] == [
        f"org.gnu.gdb.riscv.{name}" for name in ("cpu", "fpu", "csr", "vector")
    ]
    registers = list(target.iter("reg"))
    assert {"x0", "pc", "f31", "fcsr", "mstatus", "vlenb", "v31"} < {
        r.get("name") for r in registers
    }
    for register in registers:
        number, bits = int(register.get("regnum", "")), int(register.get("bitsize", ""))
        assert len(client.ask(f"p{number:x}")) == bits // 4, register.get("name")
    assert client.ask("qXfer:features:read:other.xml:0,100") == "E00"


def test_what_a_machine_has_not_is_not_described(make_debugged: Callable[..., Debugged]) -> None:
    client = make_debugged(arch="rv64im").start([RET])
    names = {register.get("name") for register in description(client).iter("reg")}
    assert "mstatus" in names
    assert not names & {"f0", "fcsr", "v0", "vl"}


def test_memory_is_read_and_written(debugged: Debugged) -> None:
    client = debugged.start([COUNT, RET])
    assert client.ask(f"m{BASE:x},4") == COUNT.to_bytes(4, "little").hex()
    assert client.ask(f"M{DATA:x},3:010203") == "OK"
    assert client.ask(b"X%x,4:a}\x03}]" % DATA) == "E16"  # three bytes
    assert client.ask(b"X%x,3:a}\x03}]" % DATA) == "OK"
    assert client.ask(f"m{DATA:x},4") == b"a#}\0".hex()
    assert client.ask(f"X{DATA:x},0:") == "OK"
    two = e("addi", rd=5, rs1=5, imm12=2)
    assert client.ask(f"M{BASE:x},4:{little(two, 4)}") == "OK"  # code as well
    client.thread("s")
    assert client.register(T0) == 2


def test_memory_that_is_not_there(debugged: Debugged) -> None:
    client = debugged.start([RET])
    assert client.ask("m0,8") == "E0e"
    assert client.ask("mffffffffffffffff,8") == "E0e"
    assert client.ask("M10,1:00") == "E0e"
    assert client.ask(f"m{BASE + SIZE - 5:x},20") == "00" * 5  # as much as there is
    assert client.ask(f"M{BASE + SIZE - 2:x},4:01010101") == "E0e"
    assert client.ask(f"m{BASE + SIZE - 2:x},2") == "0000"
    assert client.ask(f"m{DATA:x},0") == ""
    assert len(client.ask(f"m{DATA:x},ffffffff")) == 0x4000 - 2


# -- threads and what else a debugger asks


def test_harts_are_threads(make_debugged: Callable[..., Debugged]) -> None:
    client = make_debugged(12).start([RET])
    assert client.ask("qfThreadInfo") == "m1,2,3,4,5,6,7,8,9,a,b,c"
    assert client.ask("qsThreadInfo") == "l"
    assert client.ask("qC") == "QC1"
    assert bytes.fromhex(client.ask("qThreadExtraInfo,1")) == b"hart 0, in instance 0"
    assert bytes.fromhex(client.ask("qThreadExtraInfo,c")) == b"hart 11, waiting"
    assert (client.ask("Tc"), client.ask("Td")) == ("OK", "E16")
    assert [client.ask(h) for h in ("Hg0", "Hc-1", "Hgd", "Hx1", "H")] == [
        "OK", "OK", "E16", "E16", "E16",
    ]  # fmt: skip


def test_only_what_is_there_is_offered(debugged: Debugged) -> None:
    client = debugged.start([RET])
    assert "PacketSize=4000" in client.ask("qSupported:multiprocess+;swbreak+")
    for packet in (
        "vMustReplyEmpty",
        "!",
        "R00",
        "b",
        "QNonStop:1",
        "qOffsets",
        "Z9,0,0",
        "Z4,0,1",
    ):
        assert client.ask(packet) == ""
    assert client.ask("vCont?") == "vCont;c;C;s;S;r"
    for packet in ("vCont", "vCont;", "vCont;t", "vCont;s:7f", "vCont;r1:1", "vCont;c:x", "Z0,1,4"):
        assert client.ask(packet) == "E16"


def test_acknowledging_and_not(debugged: Debugged) -> None:
    client = debugged.start([RET])
    client.raw(b"$qC#00")
    assert client.byte() == b"-"
    client.send("qC")
    assert client.byte() == b"+"
    assert client.answer(acknowledge=False) == "QC1"
    client.raw(b"-")
    assert client.answer() == "QC1"
    assert client.ask("QStartNoAckMode") == "OK"
    client.send("qC")
    assert [client.byte() for _ in range(7)] == [b"$", b"Q", b"C", b"1", b"#", b"c", b"5"]
    client.raw(b"$qC#00")
    assert client.answer() == "E16"


def test_the_program_is_a_file_to_read(debugged: Debugged) -> None:
    data = random.Random(3).randbytes(20_000)
    debugged.server.program = Program("/no/where/demo.elf", data)
    client = debugged.start([RET])
    assert client.ask("qXfer:exec-file:read:1:0,3") == "m/no"
    assert client.ask("qXfer:exec-file:read::3,fff") == "l/where/demo.elf"
    assert client.ask("vFile:setfs:0") == "F0"
    name = b"/no/where/demo.elf".hex()
    assert client.ask(f"vFile:open:{name},0,0") == "F3"
    head, stat = client.ask("vFile:fstat:3").split(";", 1)
    assert head == "F40"
    assert int.from_bytes(unescaped(stat)[28:36], "big") == len(data)
    read = b""
    while part := unescaped(client.ask(f"vFile:pread:3,4000,{len(read):x}").partition(";")[2]):
        read += part
    assert read == data
    assert client.ask("vFile:close:3") == "F0"
    for wrong, number in (
        (f"open:{name},1,0", 30), ("open:2f,0,0", 2), ("pread:4,1,0", 9), ("fstat:", 22),
        ("pread:3", 22), ("pread:3,-1,0", 22), ("open:x,0,0", 22), ("open", 22),
    ):  # fmt: skip
        assert client.ask(f"vFile:{wrong}") == f"F-1,{number:x}"
    assert client.ask(f"vFile:unlink:{name}") == ""


def test_there_need_not_be_a_program(debugged: Debugged) -> None:
    client = debugged.start([RET])
    assert client.ask("qXfer:exec-file:read::0,fff") == "E00"
    assert client.ask("vFile:setfs:0") == ""


# -- debuggers who leave, or make no sense


def test_detaching_lets_it_run(debugged: Debugged) -> None:
    client = debugged.start(LOOP_1000)
    client.ask(f"Z0,{BASE + 8:x},4")
    client.thread("c")
    assert client.ask("D") == "OK"
    assert debugged.finish().retired == (2002,)
    assert debugged.server.ended is None


@pytest.mark.parametrize("packet", ["k", "vKill;1"])
def test_killing_ends_it(debugged: Debugged, packet: str) -> None:
    client = debugged.start([SPIN])
    client.send(packet)
    if packet != "k":
        assert client.answer() == "OK"
    assert debugged.finish().reason is Reason.STOPPED
    assert debugged.server.ended == "gdb has killed the run"


@pytest.mark.parametrize("last", [b"", b"$c#63", b"$qC#", b"$vCont;r0,100000000:1#0b"])
def test_a_broken_connection_ends_it(debugged: Debugged, last: bytes) -> None:
    client = debugged.start([SPIN])
    client.thread("?")
    client.raw(last)
    client.close()
    assert debugged.finish().reason is Reason.STOPPED
    assert debugged.server.ended == "the connection to gdb is broken"


def test_a_packet_too_long_is_refused(debugged: Debugged) -> None:
    client = debugged.start([RET])
    assert client.ask("m" + "0" * 0x5000) == "E16"
    assert client.ask("qC") == "QC1"


def test_nonsense_gets_answers(debugged: Debugged) -> None:
    """Packets like real ones, damaged; none of them may be the last."""
    client = debugged.start([COUNT, SPIN])
    r = random.Random(7)
    real = [
        b"g", b"G0011", b"p1f", b"P5=1122334455667788", b"m40000000,40", b"M40000100,4:01020304",
        b"X40000100,4:abcd", b"Z0,40000008,4", b"z0,40000008,4", b"Z2,40000100,4", b"z2,40000100,4",
        b"Hg1", b"Hc-1", b"T1", b"qXfer:features:read:target.xml:0,fff", b"qThreadExtraInfo,1",
        b"vCont?", b"qSupported:a;b", b"?",
    ]  # fmt: skip
    for _ in range(400):
        packet = bytearray(r.choice(real))
        for _ in range(r.randrange(3)):
            at = r.randrange(len(packet) + 1)
            packet[at : at + r.randrange(2)] = r.choices(b"0f,:;-=zZq\xff\x00 ", k=r.randrange(3))
        if packet[:1] in (b"c", b"C", b"s", b"S", b"k", b"D", b"v") or b"#" in packet:
            continue
        client.ask(bytes(packet))
    assert client.ask("qC") == "QC1"
