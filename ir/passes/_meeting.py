"""Code that checks whether all work-items of a group stop at the same barrier."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..emit import I32, I64, PTR, VOID, declare, global_bytes, load, store

REPORT = "__kcc_barriers_differ"  # in kernels/rt/printf.cl


class Meeting:
    """Keeps where the first work-item has stopped, for the others to be compared with."""

    def __init__(self, build: Any, kernel: str) -> None:
        self.build = build
        self.kernel = kernel
        self.first = build.alloca(I32, name="first")
        self.first.type = PTR
        self.table: Any = None

    def check(
        self,
        is_first: Any,
        stopped: Any,
        item: tuple[Any, ...],
        places: tuple[str, ...],
        first: str = ", work-item (0,0,0) at ",
    ) -> None:
        """stopped: the number of a barrier, 0 for the kernel's end. Traps, after saying why.

        first: how the message goes on with where the first has stopped.
        """
        build = self.build
        expected = build.select(is_first, stopped, load(build, self.first, I32, 4))
        store(build, expected, self.first, 4)
        same, differ = (build.append_basic_block(name) for name in ("same", "differ"))
        build.cbranch(build.icmp_unsigned("==", stopped, expected), same, differ)
        build.position_at_end(differ)
        words = (f"kernel '{self.kernel}': work-item (", " is at ", first)
        texts = [*map(self.text, words), *(self.place(places, n) for n in (expected, stopped))]
        args = [*texts, *item]
        build.call(declare(build.module, REPORT, VOID, [a.type for a in args]), args)
        build.call(declare(build.module, "llvm.trap", VOID, ()), ())
        build.unreachable()
        build.position_at_end(same)

    def place(self, places: tuple[str, ...], number: Any) -> Any:
        if self.table is None:
            texts = [self.text("the kernel's end"), *map(self.text, places)]
            typ = llir.ArrayType(PTR, len(texts))
            name = self.build.module.get_unique_name(f"{self.kernel}.places")
            self.table = llir.GlobalVariable(self.build.module, typ, name)
            self.table.type, self.table.linkage = PTR, "internal"
            self.table.global_constant, self.table.initializer = True, llir.Constant(typ, texts)
        at = self.build.gep(
            self.table, [self.build.zext(number, I64)], inbounds=True, source_etype=PTR
        )
        return load(self.build, at, PTR, 8)

    def text(self, words: str) -> Any:
        module = self.build.module
        name = module.get_unique_name(f"{self.kernel}.text")
        return global_bytes(module, name, words.encode() + b"\0")
