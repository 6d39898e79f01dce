"""Launches: the DPUs of a set run on threads of the host, side by side, and are waited for."""

from __future__ import annotations

import warnings
from concurrent.futures import Future, wait
from enum import IntEnum

from .device import Outcome
from .errors import (
    DpuAlreadyRunning,
    DpuFaulted,
    DpuTimeout,
    DpuWarning,
    InvalidLaunchPolicy,
    NoProgramLoaded,
)
from .sets import Allocation, DpuSet, Member, check_idle, live, single

SHOWN = 8  # faults of a set that a message tells of


class dpu_launch_policy_t(IntEnum):
    DPU_ASYNCHRONOUS = 0
    DPU_SYNCHRONOUS = 1


DPU_ASYNCHRONOUS, DPU_SYNCHRONOUS = dpu_launch_policy_t


def dpu_launch(dpu_set: DpuSet, policy: int = DPU_SYNCHRONOUS) -> None:
    """Run the loaded program on every DPU of a set.

    Synchronous: returns when all have stopped. Asynchronous: returns at once, dpu_sync waits.
    raises: NoProgramLoaded, DpuAlreadyRunning, InvalidLaunchPolicy; DpuFaulted for a DPU whose
            last run ended with a fault and that was not loaded since; nothing runs then.
            Synchronous ones also raise what dpu_sync does.
    """
    if policy not in tuple(dpu_launch_policy_t):
        raise InvalidLaunchPolicy(f"{policy!r} is no policy of launches")
    allocation = live(dpu_set).allocation
    with allocation.lock:
        members = live(dpu_set).members
        for member in members:
            if member.program is None:
                raise NoProgramLoaded(f"DPU {member.index} has none")
        check_idle(members, "dpu_launch")
        _raise_faults(members, "stopped with a fault before, and needs its program loaded again: ")
        for member in members:
            member.run = _begun(allocation, member, policy)
            member.told = False
    if policy == DPU_SYNCHRONOUS:
        _finish(members)


def _begun(allocation: Allocation, member: Member, policy: int) -> Future[Outcome]:
    """A launch, on a thread beside others; or over, if it is waited for and does not take long.

    Handing many short ones to threads costs more than all of them.
    """
    if policy == DPU_ASYNCHRONOUS:
        return allocation.pool.submit(member.device.launch, allocation.limit)
    launched = member.device.begin(allocation.limit)
    if not launched.briefly():
        return allocation.pool.submit(launched.outcome)
    run: Future[Outcome] = Future()
    run.set_result(launched.outcome())
    return run


def dpu_sync(dpu_set: DpuSet) -> None:
    """Wait until no DPU of the set is running.

    raises: DpuFaulted when one ended its last run with a fault, naming which and why; DpuTimeout
            when those were no others than the limit of instructions. KeyboardInterrupt, when
            someone loses patience, stops what is running.
    warns:  DpuWarning, of what "check=warn" in the profile has found.
    """
    _finish(live(dpu_set).members)


def _finish(members: tuple[Member, ...]) -> None:
    """As dpu_sync; called by what the host program calls."""
    runs = {member.run: member for member in members if member.run is not None}
    try:
        wait(runs)
    except KeyboardInterrupt:
        _stop(runs)
        raise
    found: dict[str, list[str]] = {}
    for member in members:
        outcome = None if member.told else _outcome(member)
        member.told = True
        for line in () if outcome is None else outcome.warnings:
            found.setdefault(line, []).append(str(member.index))
    for line, dpus in found.items():
        some = ", ".join(dpus[:SHOWN]) + (", ..." if len(dpus) > SHOWN else "")
        warnings.warn(f"DPU {some}: {line}", DpuWarning, stacklevel=3)
    _raise_faults(members, "")


def dpu_status(dpu_set: DpuSet) -> tuple[bool, bool]:
    """(whether all DPUs of the set have stopped, whether one did with a fault)."""
    members = live(dpu_set).members
    outcomes = [_outcome(member) for member in members]
    done = not any(member.running for member in members)
    return done, any(o is not None and o.fault is not None for o in outcomes)


def dpu_outcome(dpu: DpuSet) -> Outcome | None:
    """How the last run of one DPU ended: what each tasklet's main returned, counts, the fault.

    Beyond dpu.h. None before the first run of the loaded program.
    raises: DpuAlreadyRunning.
    """
    member = single(dpu, "dpu_outcome")
    if member.running:
        raise DpuAlreadyRunning(f"dpu_outcome: DPU {member.index} is running")
    return _outcome(member)


def _stop(runs: dict[Future[Outcome], Member]) -> None:
    """End runs; those that no thread had taken up never were."""
    for run, member in runs.items():
        if run.cancel():
            member.device.abandon()
            member.run = None
    left = {run for run in runs if not run.done()}
    while left:  # one that is only about to begin does not see a stop
        for run in left:
            runs[run].device.stop()
        left = wait(left, timeout=0.05).not_done


def _outcome(member: Member) -> Outcome | None:
    run = member.run
    return run.result() if run is not None and run.done() else None


def _raise_faults(members: tuple[Member, ...], before: str) -> None:
    outcomes = [(member.index, _outcome(member)) for member in members]
    faults = [(index, o.fault) for index, o in outcomes if o is not None and o.fault is not None]
    if faults:
        lines = [f"DPU {index}: {before}{fault}" for index, fault in faults[:SHOWN]]
        if len(faults) > SHOWN:
            lines.append(f"and {len(faults) - SHOWN} more")
        timeout = all(fault.kind == "limit" for _, fault in faults)
        raise (DpuTimeout if timeout else DpuFaulted)("\n".join(lines))
