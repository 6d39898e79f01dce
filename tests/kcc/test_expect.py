"""Expectations: what is evaluated, how differences are shown, and what is never evaluated."""

from __future__ import annotations

import numpy as np
import pytest

from kcc.expect import FUNCTIONS, ExpectError, check_expectation

A = np.arange(6, dtype=np.float32)
FINAL = {"a": A, "b": A * 2, "n": np.int32(6), "m": A.reshape(2, 3)}
INITIAL = {"a": np.zeros(6, np.float32), "b": A, "n": np.int32(6), "m": A.reshape(2, 3)}


@pytest.mark.parametrize(
    "text",
    [
        "b == 2 * a",
        "b == a + initial.b",
        "a >= 0",
        "0 <= a < n == 6",
        "all(a < n)",
        "sum(b) == 30",
        "b[1:3] == [2, 4]",
        "m[1, :] == a[3:]",
        "(a < 3) | (a >= 3)",
        "transpose(m)[0] == [0, 3]",
        "where(a > 2, 1, 0) == float32(a > 2)",
        "a == arange(n)",
        "a % 2 == (int32(a) & 1)",
        "where(a > 2, nan, inf) == where(a < 3, inf, nan)",
        "sum(m, axis=0) == [3, 5, 7]",
    ],
)
def test_what_holds_gives_nothing(text: str) -> None:
    assert check_expectation(text, FINAL, INITIAL) is None


def test_a_mismatch_lists_the_first_ten_with_index_got_and_expected() -> None:
    final = {"c": np.zeros(100, np.int32)}
    found = check_expectation("c == arange(100)", final, final)
    assert found is not None
    assert (found.count, found.total, len(found.first)) == (99, 100, 10)
    assert found.first[0] == ("1", "0", "1")
    assert "... and 89 more" in str(found)


def test_ulp_widens_an_equality_of_floats_only() -> None:
    near = {"a": np.nextafter(A + 1, np.float32(99)), "b": A + 1}
    assert check_expectation("a == b", near, near) is not None
    assert check_expectation("a == b", near, near, ulp=1) is None
    ints = {"a": np.array([1]), "b": np.array([2])}
    assert check_expectation("a == b", ints, ints, ulp=5) is not None


def test_nan_equals_nan_but_not_within_ulps_of_a_number() -> None:
    values = {"a": np.array([np.nan, 1], np.float32), "b": np.array([np.nan, 1], np.float32)}
    assert check_expectation("a == b", values, values) is None
    values["b"] = np.array([1, 1], np.float32)
    assert check_expectation("a == b", values, values, ulp=1 << 40) is not None


def test_ulps_are_counted_across_zero() -> None:
    tiny = np.float32(1e-45)
    values = {"a": np.array([tiny]), "b": np.array([-tiny])}
    assert check_expectation("a == b", values, values, ulp=2) is None
    assert check_expectation("a == b", values, values, ulp=1) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a ==", "invalid syntax"),
        ("q == 1", "no argument is called 'q'"),
        ("initial.q == 1", "no argument is called 'q'"),
        ("__import__('os').system('true') == 0", "Attribute|not allowed|not available"),
        ("a.__class__ == 1", "not allowed"),
        ("(lambda: 1)() == 1", "not allowed|Lambda"),
        ("[x for x in a] == a", "not allowed"),
        ("open('x') == 1", "not available"),
        ("a + 1", "not a comparison"),
        ("a == b[:3]", "broadcast|shape"),
        ("sum(a, out=b) == 1", "keyword 'out'"),
        ("a == 'text'", "not allowed"),
        ("9 ** 9 ** 9 ** 9 == a", None),
        ("a[" + "(" * 500 + "0" + ")" * 500 + "] == 0", None),
    ],
)
def test_what_cannot_be_evaluated_is_an_error(text: str, message: str | None) -> None:
    if message is None:  # must end, one way or the other
        try:
            check_expectation(text, FINAL, INITIAL)
        except ExpectError:
            pass
        return
    with pytest.raises(ExpectError, match=message):
        check_expectation(text, FINAL, INITIAL)


def test_every_function_offered_exists() -> None:
    assert all(callable(getattr(np, name)) for name in FUNCTIONS)
