"""LLVM on several threads.

llvmlite lets one thread at a time into LLVM. What works long, and on modules of one context
alone, may go past that lock: LLVM's contexts share nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from threading import Thread
from typing import Any, TypeVar

import llvmlite.binding as llvm

T = TypeVar("T")
R = TypeVar("R")


def unlocked(name: str) -> Any:
    """llvmlite's binding of a function, without the lock: for a module whose context is its own."""
    wrapper = getattr(llvm.ffi.lib, name)
    return getattr(wrapper, "_cfn", wrapper)


def side_by_side(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """work(item) for each, on as many threads as there are processors; results in order.

    raises: what the first item in order that failed raised.
    """
    results: dict[int, R] = {}
    failures: dict[int, BaseException] = {}
    following = count()

    def take_turns() -> None:
        while (index := next(following)) < len(items):
            try:
                results[index] = work(items[index])
            except BaseException as e:  # of whatever kind, it is the caller's
                failures[index] = e

    threads = [Thread(target=take_turns) for _ in range(min(len(items), os.cpu_count() or 1) - 1)]
    for thread in threads:
        thread.start()
    take_turns()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[min(failures)]
    return [results[i] for i in range(len(items))]
