"""What no lane does, taken out once LLVM has found so.

    before:  %a = call i1 @llvm.vp.reduce.or.nxv8i1(i1 false, <vscale x 8 x i1> zeroinitializer, …
    after:   %a = and i1 false, false

LLVM makes copies of a loop in which a mask is known to be empty, but does not know what its own
operations amount to under one; its code generator may leave such a load's result without a
register.
"""

from __future__ import annotations

import re

_EMPTY = r"<vscale x \d+ x i1> zeroinitializer"
_ALL = r"<vscale x \d+ x i1> splat \(i1 true\)"
_ANY = re.compile(
    rf"^  (%\S+) = (?:tail )?call i1 @llvm\.vp\.reduce\.or\.[^(]*\(i1 false, {_EMPTY}, {_ALL}, .*$",
    re.M,
)
_ACCESS = r"@llvm\.(?:experimental\.)?vp\.(?:strided\.)?"
_LOAD = re.compile(
    rf"^  (%\S+) = (?:tail )?call (<vscale x \d+ x [^>]*>) {_ACCESS}(?:load|gather)\."
    rf".*, {_EMPTY}, i32 [^,]*\).*$",
    re.M,
)
_STORE = re.compile(
    rf"^  (?:tail )?call void {_ACCESS}(?:store|scatter)\..*, {_EMPTY}, i32 [^,]*\).*\n", re.M
)


def settle(text: str) -> str | None:
    """A module's text without them; None where there are none."""
    settled = _ANY.sub(r"  \1 = and i1 false, false", text)
    settled = _LOAD.sub(r"  \1 = bitcast \2 zeroinitializer to \2", settled)
    settled = _STORE.sub("", settled)
    return None if settled == text else settled
