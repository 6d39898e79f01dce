"""Frames of the protocol, in whatever pieces and however damaged they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kcc.device.gdb.packets import LONGEST, Signal, Unframer, escape, frame


def taken(data: bytes, cut: int = 1 << 20) -> list[bytes | Signal]:
    unframer = Unframer()
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    return [item for piece in pieces for item in unframer.feed(piece)]


@given(payloads=st.lists(st.binary(max_size=40)), cut=st.integers(1, 50))
def test_what_is_framed_comes_out(payloads: list[bytes], cut: int) -> None:
    assert taken(b"+".join(frame(escape(p)) for p in payloads), cut) == payloads


@given(data=st.binary())
def test_any_bytes_are_taken(data: bytes) -> None:
    unframer = Unframer()
    list(unframer.feed(data))
    end = [item for item in unframer.feed(b"##00$OK#9a") if item != b""]
    assert end[-1:] == [b"OK"]


def test_a_known_frame() -> None:
    """From the manual: the sum is of all characters between $ and #."""
    assert frame(b"OK") == b"$OK#9a"
    assert frame(b"") == b"$#00"
    assert taken(b"+$qC#b4") == [b"qC"]
    assert taken(b"$X0,1:}\x03#9f") == [b"X0,1:#"]


def test_damage_is_noticed() -> None:
    assert taken(b"$OK#9b") == [Signal.DAMAGED]
    assert taken(b"$OK#zz") == [Signal.DAMAGED]
    assert taken(b"$OK#+9") == [Signal.DAMAGED]
    assert taken(b"$O$OK#9a") == [Signal.DAMAGED, b"OK"]


def test_signals_stand_between_frames() -> None:
    assert taken(b"\x03+-$\x03#03\x03") == [
        Signal.INTERRUPT, Signal.RESEND, b"\x03", Signal.INTERRUPT,
    ]  # fmt: skip


def test_a_frame_too_long_is_one_thing() -> None:
    for cut in (1 << 20, 1000):
        long = frame(bytes(LONGEST + 1)) + frame(b"OK") + frame(bytes(LONGEST))
        assert taken(long, cut) == [Signal.TOO_LONG, b"OK", bytes(LONGEST)]
