"""What a pass is: a name, a function over the module, and what must have run before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...frontend.record import record

if TYPE_CHECKING:
    from ..lower import Lowered


@record
class Pass:
    """run changes the module in place, and `kernels` where it finds out more about them."""

    name: str
    run: Callable[[Lowered], None]
    after: tuple[str, ...] = ()
