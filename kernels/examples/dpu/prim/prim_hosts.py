"""Hosts of the programs in kernels/examples/dpu/prim: inputs, shared out over DPUs; launches.

Each gives back what the DPUs computed, and what NumPy says it is: the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Answer = tuple[Array, Array]
WIDE = {"before", "previous"}


class Dpus(Protocol):
    """A set of DPUs with a program."""

    count: int
    tasklets: int

    def arguments(self, rows: Array) -> None:
        """DPU_INPUT_ARGUMENTS: a record for each DPU."""

    def push(self, offset: int, rows: Array) -> None:
        """To the heap in MRAM, `offset` bytes in: a row for each DPU, or one for all."""

    def launch(self) -> None: ...

    def pull(self, offset: int, dtype: Any, count: int) -> Array:
        """`count` values of each DPU's heap in MRAM."""

    def results(self, dtype: Any) -> Array:
        """DPU_RESULTS: a row for each DPU, a column for each tasklet."""


def share(data: Array, dpus: Dpus, unit: int = 1) -> list[Array]:
    """Neighbours to neighbours, `unit` by unit; the last DPUs may get less, or nothing."""
    each = -(-len(data) // (dpus.count * unit)) * unit
    return [data[i * each : (i + 1) * each] for i in range(dpus.count)]


def rows_of(parts: list[Array]) -> Array:
    """The parts as equal rows, filled up with zeros to a multiple of 8 bytes."""
    unit = 8 // parts[0].itemsize
    rows = np.zeros((len(parts), max(1, -(-max(map(len, parts)) // unit)) * unit), parts[0].dtype)
    for row, part in zip(rows, parts, strict=True):
        row[: len(part)] = part
    return rows


def records(dpus: Dpus, **fields: Any) -> Array:
    """Arguments by name, in the struct's order; WIDE ones of 64 bits, others of 32."""
    table = np.zeros(dpus.count, [(name, "<i8" if name in WIDE else "<i4") for name in fields])
    for name, value in fields.items():
        table[name] = value
    return table


def sizes(parts: list[Array]) -> Array:
    """Bytes of each part, as transfers have them."""
    return np.array([-(-part.nbytes // 8) * 8 for part in parts], np.uint32)


def gathered(rows: Array, parts: list[Array]) -> Array:
    """Of each row what its part was long."""
    return np.concatenate([row[: len(part)] for row, part in zip(rows, parts, strict=True)])


def integers(
    rng: np.random.Generator, bound: int, shape: int | tuple[int, int], dtype: Any
) -> Array:
    return rng.integers(-bound, bound, shape).astype(dtype)


def vector_add(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    a, b = integers(rng, 1 << 30, n, np.int32), integers(rng, 1 << 30, n, np.int32)
    parts = share(a, dpus)
    rows = rows_of(parts)
    capacity = rows[0].nbytes
    dpus.arguments(records(dpus, bytes=sizes(parts), capacity=capacity))
    dpus.push(0, rows)
    dpus.push(capacity, rows_of(share(b, dpus)))
    dpus.launch()
    return gathered(dpus.pull(2 * capacity, np.int32, rows.shape[1]), parts), a + b


def reduction(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    values = integers(rng, 1 << 40, n, np.int64)
    parts = share(values, dpus)
    dpus.arguments(records(dpus, bytes=sizes(parts)))
    dpus.push(0, rows_of(parts))
    dpus.launch()
    results = dpus.results([("sum", "<i8"), ("cycles", "<u8")])
    assert (results["cycles"] % 16 == 0).all()  # the counter's granularity
    return results["sum"][:, :1].sum(axis=0), values.sum(keepdims=True)


def scan(dpus: Dpus, rng: np.random.Generator, n: int, exclusive: bool) -> Answer:
    """Both scans: two launches, and the host's scan of the DPUs' sums in between."""
    values = integers(rng, 1 << 40, n, np.int64)
    parts = share(values, dpus)
    rows = rows_of(parts)
    before = np.zeros(dpus.count, np.int64)
    dpus.push(0, rows)
    for step in 0, 1:
        shared = {"bytes": sizes(parts), "capacity": rows[0].nbytes, "unused": 0}
        dpus.arguments(records(dpus, step=step, **shared, before=before))
        dpus.launch()
        if step == 0:
            sums = dpus.results("<i8").sum(axis=1)
            before = np.cumsum(sums) - sums
    scanned = np.cumsum(values) - values * exclusive
    return gathered(dpus.pull(rows[0].nbytes, np.int64, rows.shape[1]), parts), scanned


def scan_ssa(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    return scan(dpus, rng, n, exclusive=False)


def scan_rss(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    return scan(dpus, rng, n, exclusive=True)


def kept(dpus: Dpus, offset: int, most: int) -> Array:
    """What each DPU has kept, one after the other."""
    counts = dpus.results("<u8").sum(axis=1)
    rows = dpus.pull(offset, np.int64, most)
    return np.concatenate([row[:count] for row, count in zip(rows, counts, strict=True)])


def select(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    values = integers(rng, 1 << 40, n, np.int64)
    parts = share(values, dpus)
    rows = rows_of(parts)
    dpus.arguments(records(dpus, bytes=sizes(parts), capacity=rows[0].nbytes))
    dpus.push(0, rows)
    dpus.launch()
    return kept(dpus, rows[0].nbytes, rows.shape[1]), values[values % 2 != 0]


def unique(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    values = np.sort(rng.integers(-n // 6, n // 6 + 1, n))
    parts = share(values, dpus)
    rows = rows_of(parts)
    first = np.minimum(np.cumsum([0, *map(len, parts)])[:-1], n)
    previous = np.where(first > 0, values[first - 1], 0)
    shared = {"bytes": sizes(parts), "capacity": rows[0].nbytes, "follows": first > 0, "unused": 0}
    dpus.arguments(records(dpus, **shared, previous=previous))
    dpus.push(0, rows)
    dpus.launch()
    return kept(dpus, rows[0].nbytes, rows.shape[1]), np.unique(values)


def histogram(dpus: Dpus, rng: np.random.Generator, n: int, bins: int) -> Answer:
    # In pairs: what fills up a transfer would be counted, too.
    values = rng.integers(0, 1 << 12, n // 2 * 2).astype(np.uint32)
    parts = share(values, dpus, 2)
    rows = rows_of(parts)
    dpus.arguments(records(dpus, bytes=sizes(parts), capacity=rows[0].nbytes, bins=bins))
    dpus.push(0, rows)
    dpus.launch()
    counts = dpus.pull(rows[0].nbytes, np.uint32, bins).sum(axis=0)
    return counts, np.histogram(values, bins, (0, 1 << 12))[0]


def histogram_short(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    return histogram(dpus, rng, n, 256)


def histogram_long(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    return histogram(dpus, rng, n, 4096)


def matrix_vector(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    rows, columns = n // 20 * 2, n // 30 * 2
    matrix, x = (
        integers(rng, 1 << 12, (rows, columns), np.int32),
        integers(rng, 99, columns, np.int32),
    )
    parts = share(matrix, dpus, 2)
    counts = [len(part) for part in parts]
    dpus.arguments(records(dpus, rows=counts, columns=columns))
    own = max(counts)
    panels = np.zeros((dpus.count, own + 1, columns), np.int32)  # x is behind the rows there are
    for panel, part in zip(panels, parts, strict=True):
        panel[: len(part)], panel[len(part)] = part, x
    dpus.push(0, panels.reshape(dpus.count, -1))
    dpus.launch()
    y = {count: dpus.pull((count + 1) * columns * 4, np.int32, own) for count in set(counts)}
    return np.concatenate([y[count][i, :count] for i, count in enumerate(counts)]), matrix @ x


def mlp(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    width = n // 16 * 2
    layers = [integers(rng, 4, (width, width), np.int32) for _ in range(3)]
    x = integers(rng, 8, width, np.int32)
    expected = x
    capacity, weights = width * 4, 2 * width * 4
    shares = [share(layer, dpus, 2) for layer in layers]
    counts = [len(part) for part in shares[0]]
    layer_bytes = max(counts) * width * 4
    for number, parts in enumerate(shares):
        rows = rows_of([part.reshape(-1) for part in parts])
        dpus.push(weights + number * layer_bytes, rows)
    for number, layer in enumerate(layers):
        place = weights + number * layer_bytes
        dpus.arguments(
            records(dpus, neurons=counts, inputs=width, capacity=capacity, weights=place)
        )
        dpus.push(0, x)
        dpus.launch()
        x = gathered(dpus.pull(capacity, np.int32, max(counts)), shares[number])
        expected = np.maximum(layer @ expected, 0)
    return x, expected


def sparse(rng: np.random.Generator, rows: int, columns: int, each: int) -> tuple[Array, Array]:
    """Starts of rows, and columns of their entries; about `each` a row, and empty ones."""
    counts = rng.integers(0, 2 * each, rows) * rng.integers(0, 2, rows)
    return np.concatenate([[0], np.cumsum(counts)]), rng.integers(0, columns, counts.sum())


def spmv(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    rows, columns = n // 4 * 2, n // 2 * 2
    starts, where = sparse(rng, rows, columns, 6)
    entry = np.dtype([("column", "<u4"), ("value", "<f4")])
    entries = np.zeros(len(where), entry)
    # Small whole numbers: their sums are exact in any order.
    entries["column"], entries["value"] = where, rng.integers(-50, 50, len(where))
    x = rng.integers(-50, 50, columns).astype(np.float32)
    own = share(np.arange(rows), dpus, 2)
    starts_rows = rows_of([starts_of(starts, part) for part in own])
    entry_rows = rows_of([entries_of(starts, entries, part) for part in own])
    at_entries = starts_rows[0].nbytes
    at_x = at_entries + entry_rows[0].nbytes
    at_y = at_x + x.nbytes
    counts = [len(part) for part in own]
    dpus.arguments(records(dpus, rows=counts, entries=at_entries, x=at_x, y=at_y))
    dpus.push(0, starts_rows)
    dpus.push(at_entries, entry_rows)
    dpus.push(at_x, x)
    dpus.launch()
    dense = np.zeros((rows, columns))
    np.add.at(dense, (np.repeat(np.arange(rows), np.diff(starts)), where), entries["value"])
    y = gathered(dpus.pull(at_y, np.float32, max(counts)), own)
    return y, (dense @ x).astype(np.float32)


def starts_of(starts: Array, own: Array) -> Array:
    """Where rows start, counted from the first of these rows; the last's end, too."""
    if not len(own):
        return np.zeros(1, np.uint32)
    part: Array = starts[own[0] : own[-1] + 2].astype(np.uint32)
    part -= part[0]
    return part


def entries_of(starts: Array, entries: Array, own: Array) -> Array:
    """What is in these rows."""
    return entries[starts[own[0]] : starts[own[-1] + 1]] if len(own) else entries[:0]


def bfs(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    vertices = -(-n // 64) * 64
    starts, ends = sparse(rng, vertices, vertices, 3)
    own = share(np.arange(vertices), dpus, 64)
    starts_rows = rows_of([starts_of(starts, part) for part in own])
    edge_rows = rows_of([entries_of(starts, ends, part).astype(np.uint32) for part in own])
    level_rows = np.full((dpus.count, max(map(len, own))), -1, np.int32)
    edges = starts_rows[0].nbytes
    levels = edges + edge_rows[0].nbytes
    frontier = levels + level_rows[0].nbytes
    bitmap = vertices // 8
    visited, following = frontier + bitmap, frontier + 2 * bitmap
    dpus.push(0, starts_rows)
    dpus.push(edges, edge_rows)
    dpus.push(levels, level_rows)
    dpus.push(visited, np.zeros(bitmap, np.uint8))
    root = int(np.flatnonzero(np.diff(starts))[0])
    now: Array = np.zeros(vertices, np.uint8)
    now[root] = 1
    seen = now.copy()
    level = followed = 0
    while now.any():
        dpus.push(frontier, np.packbits(now, bitorder="little"))
        places = {"edges": edges, "levels": levels, "frontier": frontier, "visited": visited}
        shape = {"first": [p[0] if len(p) else 0 for p in own], "count": [len(p) for p in own]}
        dpus.arguments(
            records(dpus, vertices=vertices, **shape, level=level, **places, next=following)
        )
        dpus.launch()
        followed += int(dpus.results("<u8").sum())
        reached = np.bitwise_or.reduce(dpus.pull(following, np.uint8, bitmap), axis=0)
        now = np.unpackbits(reached, bitorder="little") & ~seen & 1
        seen |= now
        level += 1
    found = gathered(dpus.pull(levels, np.int32, level_rows.shape[1]), own)
    assert followed == np.diff(starts)[found >= 0].sum()
    return found, distances(starts, ends, root)


def distances(starts: Array, ends: Array, root: int) -> Array:
    """Relaxes all edges until nothing changes: another way than the DPUs'."""
    begins = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    far = len(starts)
    distance = np.full(len(starts) - 1, far)
    distance[root] = 0
    while True:
        before = distance.copy()
        np.minimum.at(distance, ends, before[begins] + 1)
        if (before == distance).all():
            return np.where(distance >= far, -1, distance).astype(np.int32)


def binary_search(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    values = np.sort(integers(rng, 1 << 40, n, np.int64))
    queries = np.concatenate(
        [integers(rng, 1 << 40, n // 8, np.int64), values[::8], values[-1:] + 1]
    )
    parts = share(queries, dpus)
    rows = rows_of(parts)
    dpus.arguments(records(dpus, values=n, queries=[len(part) for part in parts]))
    dpus.push(0, values)
    dpus.push(values.nbytes, rows)
    dpus.launch()
    found = gathered(dpus.pull(values.nbytes, np.int64, rows.shape[1]), parts)
    return found, np.searchsorted(values, queries)


def time_series(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    length = 32
    series = integers(rng, 128, n + length, np.int32).clip(-127)
    series[n // 2 : n // 2 + length + 9] = 5  # flat: some windows have no score
    query = series[n // 3 : n // 3 + length] // 2 + integers(rng, 8, length, np.int32)
    windows = share(np.arange(n + 1), dpus)
    parts = [series[w[0] : w[-1] + length] if len(w) else series[:0] for w in windows]
    dpus.arguments(records(dpus, windows=[len(w) for w in windows], length=length))
    dpus.push(0, query)
    dpus.push(query.nbytes, rows_of(parts))
    dpus.launch()
    results = dpus.results([("score", "<i8"), ("index", "<i8")])
    offsets = np.array([w[0] if len(w) else 0 for w in windows])[:, None]
    best = min(
        (-int(score), int(index))
        for score, index in zip(
            results["score"].flat, (results["index"] + offsets).flat, strict=True
        )
        if score != np.iinfo(np.int64).min
    )
    seen = np.lib.stride_tricks.sliding_window_view(series.astype(np.int64), length)
    wide = query.astype(np.int64)
    c = length * (seen @ wide) - wide.sum() * seen.sum(axis=1)
    v = length * (seen * seen).sum(axis=1) - seen.sum(axis=1) ** 2
    assert (v == 0).any()
    # Towards zero, as C divides.
    scores = np.where(v > 0, np.sign(c) * (c * c // np.maximum(v, 1)), np.iinfo(np.int64).min)
    return np.array([-best[0], best[1]]), np.array([scores.max(), scores.argmax()])


def transposition(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    each, columns = 12, n // 8 + 1
    matrix = integers(rng, 1 << 40, (each * dpus.count, columns), np.int64)
    dpus.arguments(records(dpus, rows=each, columns=columns))
    dpus.push(0, matrix.reshape(dpus.count, -1))
    dpus.launch()
    panels = dpus.pull(0, np.int64, each * columns).reshape(dpus.count, columns, each)
    return np.concatenate(list(panels), axis=1), matrix.T


SIDE = 64  # of a square of needleman_wunsch.c, in letters


def needleman_wunsch(dpus: Dpus, rng: np.random.Generator, n: int) -> Answer:
    squares = max(1, n // (3 * SIDE))
    length = squares * SIDE
    match, mismatch, gap = 3, -2, 4
    down, across = (rng.integers(65, 69, length).astype(np.uint8) for _ in range(2))
    scores = np.zeros((length + 1, length + 1), np.int32)
    scores[0] = scores[:, 0] = -gap * np.arange(length + 1)
    for diagonal in range(2 * squares - 1):
        places = [(r, diagonal - r) for r in range(squares) if 0 <= diagonal - r < squares]
        for first in range(0, len(places), dpus.count):
            batch = [(r * SIDE, c * SIDE) for r, c in places[first : first + dpus.count]]
            fill = (0,) * (dpus.count - len(batch))
            corners = [*(scores[place] for place in batch), *fill]
            active = (1,) * len(batch) + fill
            worth = {"match": match, "mismatch": mismatch, "gap": gap}
            dpus.arguments(records(dpus, active=active, corner=corners, **worth))
            edges = np.zeros((dpus.count, 10 * SIDE), np.uint8)
            for edge, (r, c) in zip(edges, batch, strict=False):
                left, above = scores[r + 1 : r + 1 + SIDE, c], scores[r, c + 1 : c + 1 + SIDE]
                letters = [down[r : r + SIDE], across[c : c + SIDE]]
                edge[:] = np.concatenate(
                    [*letters, left.copy().view("u1"), above.copy().view("u1")]
                )
            dpus.push(0, edges)
            dpus.launch()
            filled = dpus.pull(edges.shape[1], np.int32, SIDE * SIDE).reshape(-1, SIDE, SIDE)
            for (r, c), square in zip(batch, filled, strict=False):
                scores[r + 1 : r + 1 + SIDE, c + 1 : c + 1 + SIDE] = square
    return scores, alignment(down, across, match, mismatch, gap)


def alignment(down: Array, across: Array, match: int, mismatch: int, gap: int) -> Array:
    """By rows: what comes from the left is a running maximum, of scores without their gaps."""
    steps = gap * np.arange(len(across) + 1)
    scores = np.empty((len(down) + 1, len(across) + 1), np.int32)
    scores[0] = -steps
    for i, letter in enumerate(down):
        worth = np.where(across == letter, match, mismatch)
        best = np.maximum(scores[i, 1:] - gap, scores[i, :-1] + worth)
        row = np.concatenate([[scores[i, 0] - gap], best])
        scores[i + 1] = np.maximum.accumulate(row + steps) - steps
    return scores


Host = Callable[[Dpus, np.random.Generator, int], Answer]

# The program's name, and its host's.
HOSTS: dict[str, Host] = {
    host.__name__: host
    for host in (
        vector_add,
        reduction,
        scan_ssa,
        scan_rss,
        select,
        unique,
        histogram_short,
        histogram_long,
        matrix_vector,
        spmv,
        bfs,
        binary_search,
        time_series,
        transposition,
        mlp,
        needleman_wunsch,
    )
}
