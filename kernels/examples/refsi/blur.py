"""blur: three kernels, one after the other, over an image that stays on the device."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from clik import Example, Session, validate

WIDTH, HEIGHT = 15, 12
# fmt: off
BLURRED = (
    (0,  0,  0,  0,  0,  0,  0,  0, 22, 33, 33, 11,  0,  0, 0),
    (0, 11, 22, 33, 33, 33, 33, 22, 22, 22, 33, 22, 11,  0, 0),
    (0, 22, 44, 66, 66, 66, 66, 44, 22, 11, 22, 25, 14,  3, 0),
    (0, 33, 66, 99, 99, 99, 99, 66, 33,  0, 11, 14, 18,  7, 3),
    (0, 33, 66, 99, 99, 99, 99, 73, 40,  7,  0,  3,  7, 11, 11),
    (0, 22, 44, 66, 73, 80, 88, 73, 51, 22,  7,  0,  3,  7, 11),
    (0, 11, 22, 33, 47, 62, 77, 73, 62, 36, 14,  0,  0,  3, 7),
    (0,  0,  0,  0, 22, 44, 66, 66, 66, 44, 22,  0,  0,  0, 0),
    (0,  0,  0,  0, 14, 36, 58, 66, 58, 36, 14,  0,  0,  0, 0),
    (0,  0,  0,  0,  7, 22, 36, 44, 36, 22,  7,  0,  0,  0, 0),
    (0,  0,  0,  0,  0,  7, 14, 22, 14,  7,  0,  0,  0,  2, 4),
    (0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  4, 8),
)
# fmt: on


def image() -> NDArray[np.uint32]:
    pixels = np.zeros((HEIGHT, WIDTH), np.uint32)
    pixels[2:6, 2:8] = 99  # a square
    pixels[6:9, 5:10] = 66  # a rounded one
    pixels[9, 6:9] = pixels[5, 8] = 66
    for row, (column, value) in enumerate(((9, 99), (10, 99), (11, 99), (12, 33), (13, 33))):
        pixels[row, column] = value  # a line
    pixels[5, 14] = 33
    pixels[11, 14] = 18
    return pixels


def run(session: Session) -> bool:
    kernels = session.compile()
    session.announce()
    src = session.device.buffer(image())
    padded = session.device.buffer(np.zeros((HEIGHT + 2, WIDTH + 2), np.uint32))
    dst = session.device.buffer(np.zeros((HEIGHT, WIDTH), np.uint32))
    one = (1,)
    session.launch(
        kernels["copy_and_pad_hor_main"], src, padded, global_size=(HEIGHT,), local_size=one
    )
    session.launch(kernels["pad_vert_main"], padded, global_size=(WIDTH + 2,), local_size=one)
    session.launch(kernels["blur_main"], padded, dst)
    blurred = dst.numpy()
    for row in blurred:
        print("".join(f" {pixel:2d}" for pixel in row), file=sys.stderr)
    return validate(blurred, np.array(BLURRED))


EXAMPLE = Example(
    "blur", run, size=None, local=None, sizes=lambda _size, _local: ((WIDTH, HEIGHT), (1, 1))
)

if __name__ == "__main__":
    sys.exit(EXAMPLE.main())
