"""What passes have done, as far as -Rpass and the like ask for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kcc.frontend.diag import Diagnostics
from kcc.frontend.source import Span
from kcc.ir.wide.remarks import Remark


def tell(
    remarks: Sequence[Remark],
    flags: Sequence[str],
    kernels: Mapping[str, Span],
    diags: Diagnostics,
) -> None:
    """Add those to `diags` that a flag asks for, in order of the kernels: threads have made them.

    flags:   "-Rpass=REGEX" and the like. kernels: where they are in the source.
    """
    order = {name: number for number, name in enumerate(kernels)}
    for remark in sorted(remarks, key=lambda r: (order[r.kernel], r.by, r.message)):
        option = "-Rpass" if remark.kind == "passed" else f"-Rpass-{remark.kind}"
        asked = [flag for flag in flags if flag.startswith(f"{option}=")]
        if any(re.search(flag.partition("=")[2], remark.by) for flag in asked):
            message = f"{remark.message} [{option}={remark.by}]"
            diags.remark(remark.by, message, kernels[remark.kernel])
