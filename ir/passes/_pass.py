"""What a pass is: a name, a function over the module, and what must have run before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...frontend.record import record

if TYPE_CHECKING:
    from ..lower import Lowered


@record
class Pass:
    """run changes the module in place, and `kernels` where it finds out more about them."""

    name: str
    run: Callable[[Lowered], None]
    after: tuple[str, ...] = ()


def describe_wrapper(function: Any, inner: Any, name: str, build: Any) -> None:
    """Debug information, where `inner` has some, of a function that a pass makes around it."""
    if "dbg" in inner.metadata:
        from .. import debug

        debug.describe_wrapper(function, inner, name, build)
