# SPDX-License-Identifier: Apache-2.0
"""Tiles that the memory environments are made of, and pictures of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DARK, WALL, FLOOR = range(3)
COLOURS = tuple(range(3, 11))
"""Coloured things; an environment uses the first few."""
REACH = 2
"""Tiles that are seen on each side of the agent."""
SIDE = 2 * REACH + 1

_THINGS = np.array(
    [
        (214, 62, 62),
        (62, 148, 84),
        (62, 100, 214),
        (232, 190, 60),
        (150, 80, 190),
        (70, 190, 200),
        (240, 130, 40),
        (240, 150, 190),
    ]
)
PALETTE = np.concatenate(
    ([(0, 0, 0), (110, 110, 110), (235, 230, 220)], _THINGS, _THINGS // 2, 128 + _THINGS // 2)
).astype(np.uint8)
"""Red, green and blue of each tile; eight colours, then darker ones, then paler ones."""


def picture(tiles: NDArray[np.uint8], pixels: int = 12) -> NDArray[np.uint8]:
    """Tiles (h, w) as an image, uint8 (h * pixels, w * pixels, 3), the agent a white dot."""
    image = PALETTE[tiles].repeat(pixels, 0).repeat(pixels, 1)
    row, column = (size // 2 * pixels + pixels // 2 for size in tiles.shape)
    image[row - 1 : row + 2, column - 1 : column + 2] = 255
    return image
