"""Random kernels full of barriers, and what they must leave behind.

A program is a tree of statements, each with its text and what it does. It is carried out in lock
step: a variable of the work-items is an array with an element for each, a uniform one a number,
and a barrier is nothing, since everybody is always at the same place.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import running

WORDS = 4  # private variables, and elements of the private array
STATEMENTS = 16
WAIT = "barrier(CLK_LOCAL_MEM_FENCE);\n"
Array = Any


class Leave(Exception):
    """raises: `how` is "break", "continue" or "return"."""

    def __init__(self, how: str) -> None:
        self.how = how


@dataclass
class State:
    """Of a whole group. `own` and `shared` are the variables by name."""

    lid: Array
    tile: Array
    own: dict[str, Array] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)

    @property
    def items(self) -> int:
        return len(self.lid)


@dataclass
class Node:
    """A statement or an expression: its text, and what it does to a State or its value there."""

    text: str
    run: Callable[[State], Any]


class Generator:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.loops = 0
        self.helpers: list[str] = []
        self.left = STATEMENTS

    # -- expressions ----------------------------------------------------------------------------

    def own(self, depth: int = 2) -> Node:
        """A value of each work-item: an array of uint."""
        rng = self.rng
        kind = rng.randrange(8) if depth else rng.randrange(4)
        if kind == 0:
            number = rng.choice((0, 1, 3, 7, 0x9E3779B9, rng.getrandbits(32)))
            return Node(f"{number}u", lambda s: np.full(s.items, number, np.uint32))
        if kind == 1:
            return Node("lid", lambda s: s.lid.astype(np.uint32))
        if kind == 2:
            name = f"v{rng.randrange(WORDS)}"
            return Node(name, lambda s: s.own[name])
        if kind == 3:
            inner = self.uniform(0)
            return Node(inner.text, lambda s: np.full(s.items, inner.run(s), np.uint32))
        if kind == 4:
            at = self.own(depth - 1)
            return Node(
                f"p[({at.text}) % {WORDS}]",
                lambda s: s.own["p"][at.run(s) % WORDS, np.arange(s.items)],
            )
        a, b = self.own(depth - 1), self.own(depth - 1)
        op = rng.choice("+-*^&|")
        return Node(f"({a.text} {op} {b.text})", lambda s: _compute(op, a.run(s), b.run(s)))

    def uniform(self, depth: int = 1) -> Node:
        """A number that is the same for all."""
        rng = self.rng
        kind = rng.randrange(5) if depth else rng.randrange(3)
        if kind == 0:
            number = rng.randrange(8)
            return Node(f"{number}u", lambda _: number)
        if kind == 1:
            name = rng.choice(("n", "m", "group"))
            return Node(name, lambda s: s.shared[name])
        if kind == 2:
            return Node("u", lambda s: s.shared["u"])
        a, b = self.uniform(depth - 1), self.uniform(depth - 1)
        op = rng.choice("+*^&")
        return Node(
            f"({a.text} {op} {b.text})",
            lambda s: int(_compute(op, np.uint32(a.run(s)), np.uint32(b.run(s)))),
        )

    def condition(self) -> Node:
        a, limit = self.uniform(), self.rng.randrange(1, 6)
        return Node(f"({a.text}) % 7 < {limit}", lambda s: a.run(s) % 7 < limit)

    # -- statements -----------------------------------------------------------------------------

    def block(self, depth: int, inside: bool) -> Node:
        """inside: in a loop, so that there is something to break out of."""
        parts = [self.statement(depth, inside) for _ in range(self.rng.randint(1, 4))]

        def run(s: State) -> None:
            for part in parts:
                part.run(s)

        return Node("".join(p.text for p in parts), run)

    def statement(self, depth: int, inside: bool) -> Node:
        self.left -= 1
        simple: list[Callable[[], Node]] = [
            self.assign,
            self.element,
            self.exchange,
            self.barrier,
            self.step,
            self.parted,
        ]
        nested = (self.branch, self.loop, self.loop, self.switch, self.call)
        if inside:
            simple.append(self.leave)
        if depth == 0 or self.left <= 0 or self.rng.random() < 0.5:
            return self.rng.choice(simple)()
        return self.rng.choice(nested)(depth - 1, inside)

    def assign(self) -> Node:
        name, value = f"v{self.rng.randrange(WORDS)}", self.own()
        return Node(f"{name} = {value.text};\n", lambda s: s.own.update({name: value.run(s)}))

    def step(self) -> Node:
        value = self.uniform()
        return Node(f"u = {value.text};\n", lambda s: s.shared.update(u=value.run(s)))

    def element(self) -> Node:
        at, value = self.own(1), self.own(1)

        def run(s: State) -> None:
            new = value.run(s)
            changed = s.own["p"].copy()
            changed[at.run(s) % WORDS, np.arange(s.items)] = new
            s.own["p"] = changed

        return Node(f"p[({at.text}) % {WORDS}] = {value.text};\n", run)

    def barrier(self) -> Node:
        return Node(WAIT, lambda _: None)

    def exchange(self) -> Node:
        """Everybody writes its place of the tile, and after a barrier reads another's."""
        value, step = self.own(1), self.rng.randrange(5)
        name = f"v{self.rng.randrange(WORDS)}"

        def run(s: State) -> None:
            s.tile[:] = value.run(s)
            s.own[name] = s.own[name] + s.tile[(s.lid + step) % s.items]

        write, read = f"tile[lid] = {value.text};\n", f"{name} += tile[(lid + {step}) % size];\n"
        return Node(write + WAIT + read + WAIT, run)

    def parted(self) -> Node:
        """Control that differs from work-item to work-item, without a barrier in it."""
        test, value = self.own(1), self.own(1)
        name = f"v{self.rng.randrange(WORDS)}"

        def run(s: State) -> None:
            s.own[name] = np.where(test.run(s) & 1, value.run(s), s.own[name])

        return Node(f"if ({test.text} & 1) {name} = {value.text};\n", run)

    def leave(self) -> Node:
        how = self.rng.choice(("break", "continue", "return"))
        test = self.condition()
        text = "goto done" if how == "return" else how

        def run(s: State) -> None:
            if test.run(s):
                raise Leave(how)

        return Node(f"if ({test.text}) {text};\n", run)

    def branch(self, depth: int, inside: bool) -> Node:
        test = self.condition()
        then, other = self.block(depth, inside), self.block(depth, inside)
        return Node(
            f"if ({test.text}) {{\n{then.text}}} else {{\n{other.text}}}\n",
            lambda s: (then if test.run(s) else other).run(s),
        )

    def loop(self, depth: int, _inside: bool) -> Node:
        self.loops += 1
        name, count = f"i{self.loops}", self.rng.randint(1, 3)
        body = self.block(depth, True)
        first = self.rng.random() < 0.7

        def run(s: State) -> None:
            for _ in range(count):
                try:
                    body.run(s)
                except Leave as leave:
                    if leave.how == "break":
                        return
                    if leave.how == "return":
                        raise

        if first:
            text = f"for (uint {name} = 0; {name} < {count}; {name}++) {{\n{body.text}}}\n"
        else:
            text = f"uint {name} = 0;\ndo {{\n{body.text}}} while (++{name} < {count});\n"
        return Node(f"{{\n{text}}}\n", run)

    def switch(self, depth: int, _inside: bool) -> Node:
        value = self.uniform()
        cases = [self.block(depth, False) for _ in range(3)]
        falls = [self.rng.random() < 0.4 for _ in cases]

        def run(s: State) -> None:
            for number in range(value.run(s) % 4, 3):
                cases[number].run(s)
                if not falls[number]:
                    return

        text = "".join(
            f"case {i}: {{\n{case.text}}}\n{'' if falls[i] else 'break;'}\n"
            for i, case in enumerate(cases)
        )
        return Node(f"switch (({value.text}) % 4) {{\n{text}default: break;\n}}\n", run)

    def call(self, _depth: int, _inside: bool) -> Node:
        """A function that waits for the others too."""
        name = f"h{self.seed}_{len(self.helpers)}"
        given, target = self.own(1), f"v{self.rng.randrange(WORDS)}"
        early, step = self.condition(), self.rng.randrange(1, 5)
        self.helpers.append(
            f"uint {name}(local uint *tile, uint lid, uint size, uint x,\n"
            "    uint u, uint n, uint m, uint group) {\n"
            f"tile[lid] = x * 3;\n{WAIT}uint y = tile[(lid + {step}) % size];\n{WAIT}"
            f"if ({early.text}) return y;\n{WAIT}return y ^ x;\n}}\n"
        )

        def run(s: State) -> None:
            x = given.run(s)
            s.tile[:] = x * np.uint32(3)
            y = s.tile[(s.lid + step) % s.items]
            s.own[target] = y if early.run(s) else y ^ x

        call = f"{name}(tile, lid, size, {given.text}, u, n, m, group)"
        return Node(f"{target} = {call};\n", run)


def _compute(op: str, a: Any, b: Any) -> Any:
    with np.errstate(over="ignore"):
        return {"+": a + b, "-": a - b, "*": a * b, "^": a ^ b, "&": a & b, "|": a | b}[op]


@dataclass
class Program:
    """Kernel `k<seed>`(global ulong *out, global const ulong *in), and what it computes."""

    seed: int
    text: str
    body: Node

    def run(self, items: int, groups: int) -> Array:
        """A number of each work-item."""
        return np.concatenate([self.run_team(items, group) for group in range(groups)])

    def run_team(self, items: int, group: int) -> Array:
        """The same for one group, or a sub-group that takes itself for one."""
        n, m = (v & 0xFFFFFFFF for v in running.inputs(Launch(items, 1)))
        lid = np.arange(items)
        s = State(lid, np.zeros(items, np.uint32))
        s.shared = {"n": n, "m": m, "group": group, "u": n & 3}
        start = (lid + group * items).astype(np.uint32)
        s.own = {f"v{i}": start * np.uint32(i + 1) for i in range(WORDS)}
        s.own["p"] = np.array([start ^ np.uint32(i) for i in range(WORDS)])
        with suppress(Leave):
            self.body.run(s)
        total = s.own["v0"]
        for value in (*(s.own[f"v{i}"] for i in range(1, WORDS)), *s.own["p"]):
            total = total * np.uint32(31) + value
        return (total * np.uint32(31) + np.uint32(s.shared["u"])).astype(np.uint64)

    def run_sub_groups(self, size: int, items: int, groups: int) -> Array:
        """What generate_for_sub_groups(seed) leaves, for sub-groups of `size` items."""
        count = -(-items // size)
        results = []
        for group in range(groups):
            sizes = [min(size, items - size * i) for i in range(count)]
            parts = [self.run_team(n, group * count + i) for i, n in enumerate(sizes)]
            total = np.concatenate(parts)
            results.append(total + np.roll(total, -1))
        return np.concatenate(results)


@dataclass(frozen=True)
class Launch:
    """What running.py wants to know."""

    GROUP: int
    ITEMS: int
    INPUTS: int = 2
    RESULTS: int = 1

    def cl_program(self, seeds: list[int]) -> str:
        return "".join(generate(seed).text for seed in seeds)


def generate(seed: int) -> Program:
    body, helpers = _body(seed)
    text = helpers + _kernel(
        seed,
        body,
        "local uint tile[1024];\n"
        "uint sx = get_local_size(0), sy = get_local_size(1), size = sx * sy * get_local_size(2);\n"
        "uint lid = (get_local_id(2) * sy + get_local_id(1)) * sx + get_local_id(0);\n"
        "uint group = get_group_id(0), gid = lid + group * size;\n",
        "out[gid] = total * 31 + u;\n",
    )
    return Program(seed, text, body)


def generate_for_sub_groups(seed: int) -> Program:
    """The same program, where each sub-group is a group; in the end all of a group meet."""
    body, helpers = _body(seed)
    text = helpers + _kernel(
        seed,
        body,
        "local uint tiles[1024];\nlocal ulong totals[1024];\n"
        "uint size = get_sub_group_size(), lid = get_sub_group_local_id();\n"
        "uint linear = get_local_linear_id(), items = get_enqueued_local_size(0) *\n"
        "    get_enqueued_local_size(1) * get_enqueued_local_size(2);\n"
        "local uint *tile = tiles + (linear - lid);\n"
        "uint group = get_group_id(0) * get_num_sub_groups() + get_sub_group_id();\n"
        "uint gid = lid + group * size;\n",
        "totals[linear] = total * 31 + u;\nbarrier(CLK_LOCAL_MEM_FENCE);\n"
        "out[get_group_id(0) * items + linear] =\n"
        "    totals[linear] + totals[(linear + 1) % items];\n",
    )
    meeting, waiting = text.rpartition("barrier(")[::2]
    own = meeting.replace(WAIT, f"sub_group_{WAIT}")
    return Program(seed, f"{own}barrier({waiting}", body)


def _body(seed: int) -> tuple[Node, str]:
    """A random program, and the functions that it calls."""
    made = Generator(seed)
    body = made.block(3, False)
    return body, "".join(made.helpers)


def _kernel(seed: int, body: Node, head: str, tail: str) -> str:
    start = " ".join(f"uint v{i} = gid * {i + 1};" for i in range(WORDS))
    parts = " ".join(f"p[{i}] = gid ^ {i};" for i in range(WORDS))
    mixed = " ".join(f"total = total * 31 + v{i};" for i in range(1, WORDS))
    mixed += " ".join(f"total = total * 31 + p[{i}];" for i in range(WORDS))
    return (
        f"kernel void k{seed}(global ulong *out, global const ulong *in) {{\n{head}"
        f"uint n = in[0], m = in[1], u = n & 3; {start}\nuint p[{WORDS}]; {parts}\n"
        f"{body.text}done:;\nuint total = v0; {mixed}\n{tail}}}\n"
    )
