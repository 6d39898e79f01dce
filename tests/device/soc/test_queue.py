"""The background queue: order, bounds, shutting down."""

from __future__ import annotations

import threading

import pytest

from kcc.device.soc.queue import WorkQueue

DEPTH = 3


@pytest.fixture
def queue():
    made = WorkQueue("test", DEPTH)
    yield made
    made.close()


def test_requests_run_in_order(queue):
    seen: list[int] = []
    for i in range(100):
        assert queue.put(lambda i=i: seen.append(i))
    assert queue.wait_idle()
    assert seen == list(range(100))


def test_the_thread_starts_with_the_first_request():
    queue = WorkQueue("lazy", DEPTH)
    assert queue.wait_idle()
    assert "lazy" not in [t.name for t in threading.enumerate()]
    queue.put(lambda: None)
    assert "lazy" in [t.name for t in threading.enumerate()]
    queue.close()


def test_put_blocks_while_the_queue_is_full(queue):
    gate = threading.Event()
    started = threading.Event()
    queue.put(lambda: (started.set(), gate.wait()))
    started.wait()
    for _ in range(DEPTH):
        queue.put(lambda: None)
    extra = threading.Thread(target=lambda: queue.put(lambda: None))
    extra.start()
    extra.join(0.05)
    assert extra.is_alive()
    assert not queue.wait_idle(0.01)
    gate.set()
    extra.join()
    assert queue.wait_idle()


def test_drop_forgets_what_has_not_started(queue):
    gate = threading.Event()
    started = threading.Event()
    seen: list[int] = []
    queue.put(lambda: (started.set(), gate.wait()))
    started.wait()
    queue.put(lambda: seen.append(1))
    queue.drop()
    gate.set()
    assert queue.wait_idle()
    assert not seen


def test_close_drops_and_refuses(queue):
    gate = threading.Event()
    started = threading.Event()
    seen: list[int] = []
    queue.put(lambda: (started.set(), gate.wait()))
    started.wait()
    queue.put(lambda: seen.append(1))
    queue.close()
    assert not queue.put(lambda: seen.append(2))
    gate.set()
    assert queue.wait_idle()
    assert not seen


def test_a_defect_is_raised_where_somebody_waits(queue):
    queue.put(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        queue.wait_idle()
    queue.put(lambda: None)
    assert queue.wait_idle()


def test_a_call_waits_for_its_turn_and_runs_here(queue):
    gate = threading.Event()
    started = threading.Event()
    seen: list[object] = []
    queue.put(lambda: (started.set(), gate.wait(), seen.append("put")))
    started.wait()
    opener = threading.Timer(0.02, gate.set)
    opener.start()
    assert queue.call(lambda: seen.append(threading.current_thread()))
    assert seen == ["put", threading.current_thread()]
    opener.join()


def test_what_is_put_during_a_call_waits_for_its_end(queue):
    seen: list[int] = []
    assert queue.call(lambda: (queue.put(lambda: seen.append(2)), seen.append(1)))
    assert queue.wait_idle()
    assert seen == [1, 2]


def test_a_request_may_queue_more_than_can_wait(queue):
    seen: list[int] = []
    queue.put(lambda: [queue.put(lambda i=i: seen.append(i)) for i in range(40)])
    assert queue.wait_idle(10)
    assert seen == list(range(40))


def test_a_call_raises_here_and_the_queue_goes_on(queue):
    with pytest.raises(ZeroDivisionError):
        queue.call(lambda: 1 / 0)
    assert queue.wait_idle()
    assert queue.call(lambda: None)


def test_no_call_inside_a_request_or_after_the_end(queue):
    answers: list[bool] = []
    assert queue.call(lambda: answers.append(queue.call(lambda: None)))
    queue.close()
    assert not queue.call(lambda: answers.append(True))
    assert answers == [False]
