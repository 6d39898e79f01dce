"""checksum: the host of checksum.c, which has a DPU add up 65536 bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

try:
    import kcc
except ModuleNotFoundError:  # in a checkout, without an installation
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    import kcc
from kcc.device.dpu import (
    DPU_SYNCHRONOUS,
    dpu_alloc,
    dpu_copy_from,
    dpu_copy_to,
    dpu_free,
    dpu_launch,
    dpu_load_from_memory,
)

SOURCE = Path(__file__).with_name("checksum.c")
COUNT = 65536


def main() -> int:
    program = kcc.compile(SOURCE, ("-mdevice=dpu", "-O2"))
    data = np.arange(COUNT).astype(np.uint8)  # 0 to 255, again and again
    image = np.frombuffer(np.uint32(COUNT).tobytes() + data.tobytes() + b"\xee" * 4, np.uint8)

    dpu = dpu_alloc(1)
    dpu_load_from_memory(dpu, program.elf)
    dpu_copy_to(dpu, "buffer", 0, image)
    dpu_launch(dpu, DPU_SYNCHRONOUS)
    back = np.empty_like(image)
    dpu_copy_from(dpu, "buffer", 0, back)
    dpu_free(dpu)

    checksum = int(back[:4].view(np.uint32)[0])
    print(hex(checksum))
    # All but the first four bytes are as they were.
    return int(checksum != data.sum(dtype=np.uint32) or not np.array_equal(back[4:], image[4:]))


if __name__ == "__main__":
    sys.exit(main())
