"""Vector nodes of the typed tree, built by hand."""

from __future__ import annotations

import numpy as np

from kcc.frontend import tast
from kcc.frontend.types import (
    CHAR,
    FLOAT,
    INT,
    LONG,
    NO_QUALS,
    UINT,
    ULONG,
    VOID,
    AddrSpace,
    Function,
    Pointer,
    Quals,
    Scalar,
    Vector,
)

GLOBAL = Quals(AddrSpace.GLOBAL)


def vec(t: Scalar, count: int) -> Vector:
    return Vector(t, count)


def element(var: tast.Var, index: int) -> tast.Deref:
    """var[index], as an object."""
    pointer = tast.Load(tast.VarRef(var, type=var.type), type=var.type)
    step = tast.PointerAdd(pointer, tast.Const(index, type=LONG), type=var.type)
    return tast.Deref(step, type=var.type.pointee, quals=GLOBAL)


def load(place) -> tast.Load:
    return tast.Load(place, type=place.type)


def assign(place, value) -> tast.ExprStmt:
    return tast.ExprStmt(tast.Assign(place, value, type=place.type))


def run(build_program, params, statements, *data):
    body = tast.Block(tuple(statements))
    signature = Function(VOID, tuple(p.type for p in params))
    kernel = tast.Function("k", signature, tuple(params), is_kernel=True, body=body)
    build_program(tast.Program([kernel])).run("k", *data)


def param(name: str, t: Vector | Scalar) -> tast.Var:
    return tast.Var(name, Pointer(t, GLOBAL), NO_QUALS, "param")


def test_lanes_are_built_picked_and_set(build_program):
    p = param("p", vec(INT, 4))
    a = load(element(p, 0))
    t = vec(INT, 4)
    reverse = tast.Shuffle(a, (3, 2, 1, 0), type=t)
    lane = tast.Shuffle(a, (2,), type=INT)
    pair = tast.Shuffle(a, (0, 1), type=vec(INT, 2))
    statements = [
        assign(element(p, 1), reverse),
        assign(element(p, 2), tast.VectorBuild((lane, pair, tast.Const(9, type=INT)), type=t)),
        assign(tast.LanesRef(element(p, 3), (3,), type=INT), lane),
        assign(tast.LanesRef(element(p, 3), (2, 0), type=vec(INT, 2)), pair),
        assign(element(p, 4), tast.Convert("splat", lane, type=t)),
    ]
    data = np.arange(20, dtype=np.int32).reshape(5, 4) + 1
    run(build_program, [p], statements, data)
    assert data.tolist() == [
        [1, 2, 3, 4],
        [4, 3, 2, 1],
        [3, 1, 2, 9],
        [2, 14, 1, 3],
        [3, 3, 3, 3],
    ]


def test_operators_work_lane_by_lane(build_program):
    t = vec(INT, 4)
    p = param("p", t)
    a, b = load(element(p, 0)), load(element(p, 1))
    less = tast.Binary("lt", a, b, type=t)
    statements = [
        assign(element(p, 2), tast.Binary("div", a, b, type=t)),
        assign(element(p, 3), less),
        assign(element(p, 4), tast.VectorSelect(less, a, b, type=t)),
        assign(element(p, 5), tast.Binary("shl", a, b, type=t)),
        assign(element(p, 6), tast.Unary("lnot", b, type=t)),
        assign(element(p, 7), tast.Binary("land", a, b, type=t)),
        assign(element(p, 8), tast.Unary("neg", a, type=t)),
    ]
    data = np.zeros((9, 4), np.int32)
    data[0], data[1] = [7, -7, 5, -(2**31) + 1], [2, 0, 33, -1]
    run(build_program, [p], statements, data)
    assert data[2:].tolist() == [
        [3, -1, 0, 2**31 - 1],
        [0, -1, -1, -1],
        [2, -7, 5, -(2**31) + 1],
        [28, -7, 10, -(2**31)],
        [0, -1, 0, 0],
        [-1, 0, -1, -1],
        [-7, 7, -5, 2**31 - 1],
    ]


def test_conversions_and_other_views_of_the_bits(build_program):
    f, i = vec(FLOAT, 4), vec(INT, 4)
    p, q = param("p", f), param("q", i)
    x = load(element(p, 0))
    narrow = tast.Convert("int", load(element(q, 0)), type=vec(CHAR, 4))
    statements = [
        assign(element(q, 1), tast.Convert("float-to-int", x, type=i)),
        assign(element(q, 2), tast.Reinterpret(x, type=i)),
        assign(element(q, 3), tast.Convert("int", narrow, type=i)),
        assign(element(p, 1), tast.Convert("int-to-float", load(element(q, 0)), type=f)),
    ]
    xs = np.array([[1.5, -2.5, 1e20, np.nan], [0] * 4], np.float32)
    qs = np.array([[300, -1, 127, 128], [0] * 4, [0] * 4, [0] * 4], np.int32)
    run(build_program, [p, q], statements, xs, qs)
    assert qs[1].tolist() == [1, -2, 2**31 - 1, 0]
    assert qs[2].tolist() == xs[0].view(np.int32).tolist()
    assert qs[3].tolist() == [44, -1, 127, -128]
    assert xs[1].tolist() == [300, -1, 127, 128]


def test_three_lanes_take_the_room_of_four(build_program):
    t = vec(UINT, 3)
    p = param("p", t)
    sum_ = tast.Binary("add", load(element(p, 0)), load(element(p, 1)), type=t)
    local = tast.Var("v", t, NO_QUALS, "auto")
    size = tast.Var("n", ULONG, NO_QUALS, "auto")
    statements = [
        tast.VarDecl(local, sum_),
        tast.VarDecl(size, None),
        assign(element(p, 2), load(tast.VarRef(local, type=t))),
    ]
    data = np.arange(12, dtype=np.uint32).reshape(3, 4)
    run(build_program, [p], statements, data)
    assert data[2, :3].tolist() == [4, 6, 8]
    assert data[:2].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
