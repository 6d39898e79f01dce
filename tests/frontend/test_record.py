"""Records do what dataclasses do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from kcc.frontend.record import asdict, field, fields, is_record, record, replace


@record(kw_only=True)
class Base:
    span: int = field(default=0, compare=False, repr=False)


@record
class Pair(Base):
    left: object
    right: list[Any] = field(default_factory=list)


@record(eq=False)
class Named:
    name: str


def test_fields_come_in_order_and_by_keyword() -> None:
    pair = Pair(1, [2], span=3)
    assert (pair.left, pair.right, pair.span) == (1, [2], 3)
    assert Pair(1).right is not Pair(1).right
    assert [f.name for f in fields(pair)] == ["span", "left", "right"]


def test_comparison_and_text_leave_out_what_they_should() -> None:
    assert Pair(1, [2], span=3) == Pair(1, [2], span=4)
    assert Pair(1, [2]) != Pair(1, [3])
    assert Pair(1) != Base()
    assert repr(Pair(1, [2], span=3)) == "Pair(left=1, right=[2])"
    assert hash(Base(span=1)) == hash(Base(span=2))


def test_identity_when_asked_for() -> None:
    one = Named("x")
    assert one != Named("x")
    assert {one: 1}[one] == 1


def test_replace_and_patterns() -> None:
    pair = replace(Pair(1, [2]), left=5)
    match pair:
        case Pair(left, right):
            assert (left, right) == (5, [2])


def test_wrong_arguments_are_refused_as_ever() -> None:
    with pytest.raises(TypeError, match=r"Pair\.__init__\(\) missing"):
        Pair()
    with pytest.raises(TypeError, match="unexpected keyword"):
        Pair(1, other=2)


def test_records_become_dictionaries() -> None:
    inner = {"span": 4, "left": 1, "right": [2]}
    assert asdict(Pair(Pair(1, [2], span=4), [(Base(),)])) == {
        "span": 0,
        "left": inner,
        "right": [({"span": 0},)],
    }


def test_a_record_is_told_from_its_class() -> None:
    assert [is_record(x) for x in (Base(), Base, 1)] == [True, False, False]
    assert fields(Base()) == fields(Base)


def test_defining_records_does_not_import_dataclasses() -> None:
    script = (
        "import sys; from kcc.frontend.record import record, replace\n"
        "@record\nclass R:\n  x: int\n"
        "assert replace(R(1), x=2).x == 2\n"
        "sys.exit('dataclasses' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_many_are_made_as_few_are() -> None:
    @record
    class Late(Base):
        left: object
        right: list[Any] = field(default_factory=list)

        def __post_init__(self) -> None:
            self.twice = (self.left, self.left)

    made = [Late(n, span=n) if n % 2 else Late(left=n, span=n) for n in range(40)]
    assert [(m.left, m.right, m.span, m.twice) for m in made] == [
        (n, [], n, (n, n)) for n in range(40)
    ]
    assert made[0].right is not made[1].right
    for arguments, keywords in (((), {}), ((1, [], 2), {}), ((1,), {"left": 1}), ((), {"x": 1})):
        with pytest.raises(TypeError):
            Late(*arguments, **keywords)
