"""The only reader of the environment: one table of variables, one function that reads them.

Kept free of heavy imports: a cache hit pays for this module. All may use it.
"""

from __future__ import annotations

import os

# fmt: off
VARIABLES = {
    # name            default   meaning
    "KCC_CACHE_DIR": ("",       "folder of the two caches; default ~/.cache/kcc"),
    "KCC_CACHE":     ("1",      "0 switches both caches off"),
    "KCC_CACHE_MB":  ("512",    "size the compile cache is trimmed to, in MiB"),
    "KCC_DEBUG":     ("0",      "1 stage times, 2 launch statistics, 3 IR after each pass, "
                                "4 assembly and map; each level adds to the last"),
    "KCC_KEEP":      ("",       "folder in which every artefact of a compilation is kept"),
    "REFSI_DEBUG":   ("0",      "anything but 0: trace command processor and DMA on stderr"),
    "CA_HAL_DEBUG":  ("0",      "anything but 0: trace the HAL's operations on stderr"),
    "CA_PROFILE_LEVEL": ("0",   "when a device is closed: 1 totals, 2 and a CSV file of launches "
                                "and transfers, 3 with kinds of instructions"),
    "CA_PROFILE_CSV_PATH": ("/tmp/riscv.csv", "that file"),
    "SPIKE_SIM_LOG": ("0",      "1: trace instructions on stderr; else the file that gets them"),
    "CA_RISCV_VLEN_BITS_MIN": ("", "bits of a G1's vector registers, 128 without"),
    "NO_COLOR":      ("",       "anything: diagnostics without colour"),
}
# fmt: on


def variable(name: str) -> str:
    """The value of one variable of the table, or its default."""
    return os.environ.get(name) or VARIABLES[name][0]


def number(name: str) -> int:
    """A variable that must be a whole number; anything else counts as the default."""
    text = variable(name)
    return int(text if text.isdecimal() and len(text) < 10 else VARIABLES[name][0])


def cache_dir(cache: str) -> str | None:
    """The folder of one cache; None when they are off or there is no home to put them in."""
    if variable("KCC_CACHE") == "0":
        return None
    chosen = variable("KCC_CACHE_DIR")
    if chosen:
        return os.path.join(chosen, cache)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "kcc", cache) if os.path.isabs(base) else None


def colour(stream_is_terminal: bool) -> bool:
    return stream_is_terminal and not variable("NO_COLOR")
