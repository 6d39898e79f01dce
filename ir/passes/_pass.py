"""What a pass is: a name, a function over the module, and what must have run before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..lower import Lowered


@dataclass(frozen=True)
class Pass:
    """run changes the module in place, and `kernels` where it finds out more about them."""

    name: str
    run: Callable[[Lowered], None]
    after: tuple[str, ...] = ()
