"""The entry into the HAL: which devices there are, and how one is made."""

from __future__ import annotations

from dataclasses import dataclass

from .environment import profile_with_environment, with_environment
from .hal import API_VERSION, Hal
from .launch import HalDeviceInfo, device_info
from .profile import NAMES, named_profile
from .soc.device import DeviceOptions, log_stderr


@dataclass(frozen=True)
class HalInfo:
    platform_name: str
    num_devices: int
    api_version: int


def get_info() -> HalInfo:
    return HalInfo("RefSi", len(NAMES), API_VERSION)


def device_get_info(index: int) -> HalDeviceInfo | None:
    """What a device will be; None for an index there is none of."""
    return device_info(named_profile(NAMES[index])) if 0 <= index < len(NAMES) else None


def device_create(index: int) -> Hal | None:
    """A device, as the environment wants it; None for an index there is none of.

    raises: ProfileError where a variable asks for what cannot be.
    """
    if not 0 <= index < len(NAMES):
        return None
    options = with_environment(DeviceOptions(log=log_stderr))
    return Hal(options, profile_with_environment(named_profile(NAMES[index])))


def device_delete(hal: Hal | None) -> bool:
    """Shut a device down; False for none, or one that has been."""
    if hal is None or hal.device.closed:
        return False
    hal.close()
    return True
