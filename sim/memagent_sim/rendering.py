# SPDX-License-Identifier: Apache-2.0
"""Pictures of the simulation: colour and depth from one rendering pass, and segmentation."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco.gl_context import GLContext
from numpy.typing import NDArray

from memagent_sim.mjcf import UPPER_WALL_GROUP
from memagent_sim.scene import FAR, NEAR, PICTURE_LIMIT

_REFLECTION = int(mujoco.mjtRndFlag.mjRND_REFLECTION.value)
_HAZE = int(mujoco.mjtRndFlag.mjRND_HAZE.value)
_SEGMENTS = [
    int(mujoco.mjtRndFlag.mjRND_SEGMENT.value),
    int(mujoco.mjtRndFlag.mjRND_IDCOLOR.value),
]


class Renderer:
    """An off-screen renderer of one model, to be used from one thread.

    Set ``MUJOCO_GL=egl`` (or ``osmesa``) before mujoco is imported on a machine without a display.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._gl = GLContext(*PICTURE_LIMIT)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(model, maxgeom=2000)
        self._scene.flags[[_REFLECTION, _HAZE]] = False
        # Not when Python ends: the thread that the context is bound to may be gone by then.
        self._close = weakref.finalize(self, _free, self._gl, self._context)
        self._close.atexit = False

    def rgbd(
        self, data: mujoco.MjData, camera: str, width: int, height: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour, and depth in metres along the optical axis (0 where nothing is hit)."""
        view = self._render(data, camera, width, height)
        rgb = np.empty((height, width, 3), dtype=np.uint8)
        depth = np.empty((height, width), dtype=np.float32)
        mujoco.mjr_readPixels(rgb, depth, view, self._context)
        return rgb[::-1].copy(), _metres(depth[::-1])

    def picture(
        self, data: mujoco.MjData, camera: str, width: int, height: int
    ) -> NDArray[np.uint8]:
        """Colour only, without the upper part of the walls, as one looks into a doll's house."""
        view = self._render(data, camera, width, height, upper_walls=False)
        rgb = np.empty((height, width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(rgb, None, view, self._context)
        return rgb[::-1].copy()

    def geoms(self, data: mujoco.MjData, camera: str, width: int, height: int) -> NDArray[np.int32]:
        """Which geom each pixel shows, shape (h, w); -1 for none."""
        view = self._render(data, camera, width, height, _SEGMENTS)
        code = np.empty((height, width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(code, None, view, self._context)
        segment = code[::-1].astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], dtype=np.int32)
        ids = np.full(self._scene.ngeom + 1, -1, dtype=np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == int(mujoco.mjtObj.mjOBJ_GEOM):
                ids[geom.segid + 1] = geom.objid
        return ids[segment]

    def close(self) -> None:
        """Free the graphics context, from the thread that used it."""
        self._close()

    def _render(
        self,
        data: mujoco.MjData,
        camera: str,
        width: int,
        height: int,
        flags: Sequence[int] = (),
        upper_walls: bool = True,
    ) -> mujoco.MjrRect:
        """Draw with the given rendering flags switched on besides the usual ones."""
        if width > PICTURE_LIMIT[0] or height > PICTURE_LIMIT[1]:
            raise ValueError(f"a picture may be {PICTURE_LIMIT} at most, got {(width, height)}")
        view = mujoco.MjvCamera()
        view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        view.fixedcamid = self._model.camera(camera).id
        option = mujoco.MjvOption()
        option.geomgroup[UPPER_WALL_GROUP] = upper_walls
        everything = mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._model, data, option, None, view, everything, self._scene)
        rectangle = mujoco.MjrRect(0, 0, width, height)
        self._gl.make_current()
        usual = self._scene.flags.copy()
        self._scene.flags[list(flags)] = True
        try:
            mujoco.mjr_render(rectangle, self._scene, self._context)
        finally:
            self._scene.flags[:] = usual
        return rectangle


def _metres(reversed_z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the perspective of a depth buffer that is 1 at the near plane and 0 at the far one."""
    depth = (NEAR * FAR) / (reversed_z.astype(np.float64) * (FAR - NEAR) + NEAR)
    return np.where(reversed_z > 0.0, depth, 0.0).astype(np.float32)


def _free(gl: GLContext, context: mujoco.MjrContext) -> None:
    gl.make_current()
    context.free()
    gl.free()
