"""What translations are specialised for besides their code: the rounding mode and the like."""

from __future__ import annotations

from dataclasses import dataclass

# Rounding modes, as in an instruction's rm field. RNE, RTZ, RDN and RUP the host has as well;
# HOST is whichever of them its environment says, see runtime_float.py.
RNE, RTZ, RDN, RUP, RMM, INVALID_RM = range(6)
HOST = DYNAMIC_RM = 7


@dataclass(frozen=True)
class Mode:
    """The part of a hart's state that translations are specialised for."""

    # By frm: HOST, RMM, or INVALID_RM for 5..7; RNE if no code is seen that changes it.
    rounding: int = HOST
    float_on: bool = True  # mstatus.FS is not Off
    track_flags: bool = False  # see ieee.py; False as long as no code is seen that reads them
    vlen: int = 0  # bits of a vector register; 0: there are none
    vector_on: bool = True  # mstatus.VS is not Off
    # For those who watch: the state is right where a turn ends or an instruction traps, and a
    # turn does not go on in the middle of a unit.
    exact: bool = False
    counters: bool = False  # count events, see counting.py
    told: bool = False  # an observer is told, see told.py

    @property
    def least_left(self) -> int:
        """With fewer instructions left a turn ends at a jump back."""
        return 1 if self.exact else 0

    @property
    def vector(self) -> bool:
        """True if vector instructions are legal."""
        return self.vlen != 0 and self.vector_on
