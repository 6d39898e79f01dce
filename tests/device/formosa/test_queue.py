"""Commands and events: what waits for what, and what becomes of those that wait for failures."""

from __future__ import annotations

import threading

import pytest

from kcc.device.formosa.driver import Driver
from kcc.device.formosa.errors import EventInWaitListFailed, InvalidEvent, InvalidMemObject
from kcc.device.formosa.queue import COMPLETE, SUBMITTED, Event, Queue


@pytest.fixture(scope="module")
def driver():
    made = Driver()
    made.init()
    yield made
    made.uninit()


def test_nothing_runs_before_it_is_flushed_and_then_in_order(driver):
    done: list[int] = []
    queue = Queue()
    commands = [driver.submit(queue, lambda i=i: done.append(i)) for i in range(4)]
    assert (done, queue.count) == ([], 4)
    driver.flush(queue)
    assert (done, queue.count) == ([0, 1, 2, 3], 0)
    assert {c.status for c in commands} == {COMPLETE}
    driver.join(queue)


def test_commands_of_other_queues_wait_for_events_alone(driver):
    done: list[str] = []
    a, b = Queue(), Queue(in_order=False)
    gate = Event()
    first = driver.submit(a, lambda: done.append("first"), [gate])
    second = driver.submit(b, lambda: done.append("second"), [first, first])
    driver.submit(b, lambda: done.append("third"))
    driver.flush(a)
    assert done == ["third"]
    assert (first.status, second.status) == (SUBMITTED, SUBMITTED)
    driver.set_user_event(gate)
    assert done == ["third"]
    driver.join(b)
    assert done == ["third", "first", "second"]


def test_a_failure_is_kept_and_passed_on_to_those_that_wait(driver):
    done: list[str] = []
    a, b = Queue(), Queue()
    freed = driver.alloc_mem_obj(1, 4)
    driver.free(freed)
    bad = driver.submit(a, lambda: driver.write(b"1234", freed, 0, 4))
    after = driver.submit(b, lambda: done.append("never"), [bad])
    last = driver.submit(b, lambda: done.append("never"), [after])
    next_ = driver.submit(a, lambda: done.append("next"))  # after it, but not because of it
    driver.join(a)
    driver.join(b)
    assert isinstance(bad.error, InvalidMemObject)
    assert bad.status == InvalidMemObject.code == -38
    assert after.status == last.status == EventInWaitListFailed.code == -14
    assert "CL_INVALID_MEM_OBJECT" in str(after.error)
    assert (done, next_.status) == (["next"], COMPLETE)
    late = driver.submit(a, lambda: done.append("never"), [bad])  # it has failed already
    assert late.status == -14
    driver.join(a)


def test_a_users_event_fails_what_waits_for_it(driver):
    queue, gate = Queue(), Event()
    command = driver.submit(queue, print, [gate])
    driver.set_user_event(gate, -5)
    driver.join(queue)
    assert command.status == -14


@pytest.mark.parametrize("status", [1, 2, 3])
def test_events_are_set_once_with_a_final_status(driver, status):
    gate = Event()
    with pytest.raises(InvalidEvent):
        driver.set_user_event(gate, status)
    driver.set_user_event(gate)
    with pytest.raises(InvalidEvent):
        driver.set_user_event(gate)
    command = driver.submit(Queue(), lambda: None)
    with pytest.raises(InvalidEvent):
        driver.set_user_event(command)
    with pytest.raises(InvalidEvent):
        driver._opened().scheduler.submit(command)
    driver.flush(command.queue)


def test_join_waits_for_what_another_thread_sets(driver):
    queue, gate, waiting = Queue(), Event(), threading.Event()
    done: list[int] = []
    driver.submit(queue, waiting.set)
    driver.submit(queue, lambda: done.append(1), [gate])

    def release() -> None:
        waiting.wait()
        driver.set_user_event(gate)

    thread = threading.Thread(target=release)
    thread.start()
    driver.join(queue)
    thread.join()
    assert done == [1]


def test_an_interrupt_ends_the_command_and_is_raised(driver):
    queue = Queue()

    def interrupted() -> None:
        raise KeyboardInterrupt

    command = driver.submit(queue, interrupted)
    with pytest.raises(KeyboardInterrupt):
        driver.flush(queue)
    assert (command.finished, queue.count) == (True, 0)


def test_many_commands_in_a_chain(driver):
    """Each finishes the next: as deep as there are commands, were it a recursion."""
    done: list[int] = []
    queue, gate = Queue(), Event()
    for i in range(3000):
        driver.submit(queue, lambda i=i: done.append(i), [gate])
    driver.set_user_event(gate)
    driver.join(queue)
    assert done == list(range(3000))
    gate = Event()
    chain: list[Event] = [gate]
    for _ in range(3000):
        chain.append(driver.submit(Queue(), print, [chain[-1]]))
    driver.set_user_event(gate, -1)
    assert {e.status for e in chain[1:]} == {-14}
