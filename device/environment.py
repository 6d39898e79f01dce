"""What the environment says of devices: the variables of RefSi's driver, HAL and profiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .. import config
from .profile import Profile, ProfileError, with_vlen
from .profiler import Profiling
from .soc.device import DeviceOptions, log_stderr

EVENTS_LEVEL = 3  # of profiles, from which on harts count kinds of instructions


def with_environment(options: DeviceOptions) -> DeviceOptions:
    """`options`, and what variables ask for besides."""
    level = config.number("CA_PROFILE_LEVEL")
    return replace(
        options,
        trace=options.trace or _trace("REFSI_DEBUG"),
        hal_trace=options.hal_trace or _trace("CA_HAL_DEBUG"),
        profiling=options.profiling or _profiling(level),
        counters=options.counters or level >= EVENTS_LEVEL,
    )


def profile_with_environment(profile: Profile) -> Profile:
    """A profile, of a G with as long vectors as a variable says. raises: ProfileError."""
    vlen = config.variable("CA_RISCV_VLEN_BITS_MIN")
    if profile.family != "G" or not vlen or not profile.vlen:
        return profile
    if not vlen.isdecimal() or len(vlen) > 9:
        raise ProfileError(f"CA_RISCV_VLEN_BITS_MIN is a number of bits, not '{vlen}'")
    return with_vlen(profile, int(vlen))


def _trace(variable: str) -> Callable[[str], None] | None:
    return None if config.variable(variable) == "0" else log_stderr


def _profiling(level: int) -> Profiling | None:
    return Profiling(level, Path(config.variable("CA_PROFILE_CSV_PATH"))) if level else None
