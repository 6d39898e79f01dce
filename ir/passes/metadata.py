"""metadata: describe the kernels in a note section, for whoever loads the program.

after:  @__kcc_note = internal constant [N x i8] c"...", section ".note.kcc", align 4
        @llvm.used = appending global [1 x ptr] [ptr @__kcc_note], section "llvm.metadata"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..abi import NOTE_SECTION, encode_metadata
from ..emit import global_bytes, keep
from ._pass import Pass

if TYPE_CHECKING:
    from ..lower import Lowered


def add_note(unit: Lowered) -> None:
    if not unit.kernels:
        return
    note = global_bytes(unit.module, "__kcc_note", encode_metadata(unit.kernels))
    note.linkage, note.unnamed_addr = "internal", False
    note.section, note.align = NOTE_SECTION, 4
    keep(unit.module, [note])


PASS = Pass("metadata", add_note, after=("local-memory",))
