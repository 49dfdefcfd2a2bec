# SPDX-License-Identifier: Apache-2.0
"""Where space is occupied: a sparse octree of voxels that clouds and depth images build up.

Inspired by the octree of Mem4Nav (arXiv 2506.19433, withdrawn by its authors), with what that
lacks: real Morton keys, signed coordinates, parents, mean positions, free space, and a disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memagent.memory.spatial.voxels import cloud as clouds
from memagent.memory.spatial.voxels.cloud import Cloud, Points
from memagent.memory.spatial.voxels.columns import MILLI
from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.depth import (
    Pinhole,
    depth_of,
    points_in,
    pose_of,
    seen_through,
)
from memagent.memory.spatial.voxels.errors import VoxelError
from memagent.memory.spatial.voxels.fold import fold
from memagent.memory.spatial.voxels.morton import BITS, Ints
from memagent.memory.spatial.voxels.radius import RadiusIndex
from memagent.memory.spatial.voxels.residence import Residence
from memagent.memory.spatial.voxels.search import first_hits, passed
from memagent.memory.spatial.voxels.voxels import Voxels, coarser, voxels_of

_GATHERED = 100_000
"""Points of a cloud that is sorted in at once; smaller ones are gathered first."""


@dataclass(frozen=True)
class Insertion:
    """What became of a cloud."""

    points: int
    """That are in the map."""
    not_finite: int
    """That were rejected, having a coordinate that is no finite number."""
    out_of_range: int
    """That were rejected, being too far from all the rest (2^21 voxels)."""
    cleared: int = 0
    """Voxels that are gone, seen through."""


class VoxelMap:
    """Occupied voxels in memory, and in a folder if one is given. Not thread-safe.

    Rows that queries return hold until the map next changes, is asked about a region that is on
    disk, or is compacted.
    """

    def __init__(self, config: VoxelConfig | None = None, folder: Path | None = None) -> None:
        """Open the map in ``folder``, or begin one; None: in memory only.

        Raises:
            DamagedFileError: a file of the folder is damaged.
            VoxelError: the folder is in use, of another resolution, or cannot be written.
        """
        self.config = config or VoxelConfig()
        self._most = round(MILLI * self.config.most)
        self._miss = round(MILLI * self.config.miss)
        self._pending: list[Cloud] = []
        self._held = Residence(self.config, folder, self._most)
        self._near = RadiusIndex(self._held.tiers)

    # --- inserting and clearing ---------------------------------------------------------------

    def insert(
        self,
        points: ArrayLike,
        stamp: float = 0.0,
        *,
        labels: ArrayLike | None = None,
        colours: ArrayLike | None = None,
        confidence: ArrayLike = 1.0,
        sensor: ArrayLike | None = None,
    ) -> Insertion:
        """Add a cloud; in a folder's journal when this returns.

        Args:
            points: (N, 3) metres, in the map's frame; what is not finite or out of range is
                rejected and counted.
            stamp: seconds.
            labels: 0 (none) to 65535, one or (N,).
            colours: (N, 3) uint8.
            confidence: above 0 to 1, one or (N,).
            sensor: (3,) metres; what lies between it and the points is then seen through.

        Raises:
            VoxelError: anything has the wrong shape, type or range: the map is as before. Or the
                disk is full: none of the points is in the map; what was seen through may be gone.
        """
        given = clouds.points_of(points)
        count = len(given)
        eye = None if sensor is None else clouds.position_of(sensor, "sensor")
        cloud = Cloud(
            given,
            np.zeros((2, 3)),
            clouds.stamp_of(stamp),
            clouds.weights_of(confidence, count, self.config.hit),
            clouds.labels_of(labels, count),
            clouds.colours_of(colours, count),
        )
        if not count:
            return Insertion(0, 0, 0)
        cloud, not_finite, out_of_range = self._admitted(cloud, eye)
        if not len(cloud.points):
            return Insertion(0, not_finite, out_of_range)
        gather = self._held.folder is None and eye is None and len(cloud.points) < _GATHERED
        if gather:
            if np.may_share_memory(cloud.points, points):
                cloud = cloud.of(cloud.points.copy(), cloud.box)
            self._pending.append(cloud)
            if sum(len(c.points) for c in self._pending) >= self.config.pending_points:
                self._settle()
            return Insertion(len(cloud.points), not_finite, out_of_range)
        self._settle()
        self._held.make_room()
        batch = fold([cloud], self._held.window, self._most)
        cleared = 0
        if eye is not None:
            cleared = self._clear(lambda: passed(self._held, eye, batch, self.config.margin))
        self._held.observe(batch)
        return Insertion(len(cloud.points), not_finite, out_of_range, cleared)

    def insert_depth(
        self,
        depth: ArrayLike,
        camera: Pinhole,
        pose: ArrayLike,
        stamp: float = 0.0,
        *,
        labels: ArrayLike | None = None,
        colours: ArrayLike | None = None,
        confidence: float = 1.0,
    ) -> Insertion:
        """Clear what a depth image sees through, and add what it measures.

        Pixels are skipped as far as each voxel of a face seen squarely still gets a point.

        Args:
            depth: (H, W) metres along the optical axis; 0 or not finite for no reading.
            camera: its intrinsics.
            pose: (4, 4), optical frame (z forward) to the map's.
            stamp: seconds.
            labels: (H, W), 0 (none) to 65535.
            colours: (H, W, 3) uint8.
            confidence: of all its points.

        Raises:
            VoxelError: as ``insert``.
        """
        image, at = depth_of(depth), pose_of(pose)
        points, pixels = points_in(image, camera, at, self.config.resolution)
        if labels is not None:
            labels = _per_pixel(labels, image.shape, "labels")[pixels]
        if colours is not None:
            colours = _per_pixel(colours, (*image.shape, 3), "colours")[pixels]
        # All that can be wrong is found before anything is cleared.
        clouds.stamp_of(stamp)
        clouds.labels_of(labels, len(points))
        clouds.colours_of(colours, len(points))
        clouds.weights_of(confidence, len(points), self.config.hit)
        self._settle()
        margin = self.config.margin * self.config.resolution
        if self._held.aside:
            self._held.recall_box(clouds.box_of(np.vstack([points, at[None, :3, 3]])))
        cleared = self._clear(
            lambda: self._held.tiers.each(
                lambda run: seen_through(run, self._held.window, image, camera, at, margin)
            )
        )
        done = self.insert(points, stamp, labels=labels, colours=colours, confidence=confidence)
        return Insertion(done.points, done.not_finite, done.out_of_range, cleared)

    def _clear(self, rows_of: Callable[[], Ints]) -> int:
        rows = rows_of()
        return self._held.lower(rows, self._miss) if len(rows) else 0

    def _admitted(self, cloud: Cloud, eye: NDArray[np.float64] | None) -> tuple[Cloud, int, int]:
        """The part of a cloud that fits, after moving the window if that helps."""
        not_finite = out_of_range = 0
        box = clouds.box_of(cloud.points)
        if not np.isfinite(box).all():
            good = np.isfinite(cloud.points).all(axis=1)
            not_finite = int(np.count_nonzero(~good))
            cloud = cloud.where(np.asarray(good))
            box = clouds.box_of(cloud.points) if len(cloud.points) else box
        cloud = cloud.of(cloud.points, box)
        if len(cloud.points) and not self._reaches(box):
            self._settle()
            self._held.move(cloud.points)
            inside = self._held.window.inside(self._held.window.cells(cloud.points))
            if inside is not None:
                out_of_range = int(np.count_nonzero(~inside))
                cloud = cloud.where(inside)
                if len(cloud.points):
                    cloud = cloud.of(cloud.points, clouds.box_of(cloud.points))
        if (
            eye is not None
            and self._held.window.inside(self._held.window.cells(eye[None])) is not None
        ):
            raise VoxelError(f"sensor: {eye.tolist()} is out of the map's range")
        return cloud, not_finite, out_of_range

    def _reaches(self, points: Points) -> bool:
        return self._held.window.inside(self._held.window.cells(points)) is None

    def _settle(self) -> None:
        """Sort in what was gathered."""
        if self._pending:
            batch = fold(self._pending, self._held.window, self._most)
            self._pending.clear()
            self._held.observe(batch)

    # --- asking -------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Occupied voxels in memory."""
        self._settle()
        return len(self._held.tiers)

    def lookup(self, points: ArrayLike) -> Ints:
        """(N,) rows of the voxels that (N, 3) points lie in, -1 for none."""
        given = clouds.points_of(points)
        self._settle()
        if not self._held.aside:
            return self._held.tiers.find_points(self._held.window, given)
        cells = self._held.window.cells(given)
        self._held.recall_cells(cells)
        return self._held.tiers.find(cells)

    def voxels(self, rows: Ints) -> Voxels:
        """What is known of voxels, in the order of ``rows``, none of which is -1."""
        array = np.asarray(rows)
        if array.size and (array.min() < 0 or array.max() >= self._held.tiers.rows):
            raise VoxelError("rows: give rows that a query returned since the last change")
        return voxels_of(self._held.tiers.take(array.astype(np.int64)), self._held.window)

    def within(self, centre: ArrayLike, radius: float) -> Ints:
        """Rows of voxels whose centre is at most ``radius`` metres from ``centre``, in no order."""
        point = clouds.position_of(centre, "centre")
        if not 0 <= radius < np.inf:
            raise VoxelError(f"radius: give finite metres, 0 or more, not {radius!r}")
        self._settle()
        if self._held.aside:
            self._held.recall_box(np.stack([point - radius, point + radius]))
        return self._near.within(self._held.window, point, radius)

    def prepare(self) -> None:
        """Make the radius index now rather than after some searches; it lasts until a change."""
        self._settle()
        self._held.compact()
        self._near.grow(self._held.window)

    def box(self, low: ArrayLike, high: ArrayLike) -> Ints:
        """Rows of voxels that the box from ``low`` to ``high`` (metres) touches."""
        corners = np.stack([clouds.position_of(low, "low"), clouds.position_of(high, "high")])
        self._settle()
        self._held.recall_box(corners)
        first, last = self._held.window.cells(corners).T
        return self._held.tiers.in_box(first, last)

    def nearest(self, point: ArrayLike) -> tuple[int, float]:
        """Row of the voxel whose centre is nearest, and metres to it; (-1, inf) for none."""
        at = clouds.position_of(point, "point")
        self._settle()
        row, distance = self._near.nearest(self._held.window, at)
        if self._held.aside:
            if row < 0:
                self._held.recall_all()
            else:
                self._held.recall_box(np.stack([at - distance, at + distance]))
            row, distance = self._near.nearest(self._held.window, at)
        return row, distance

    def ray(self, origins: ArrayLike, directions: ArrayLike, reach: float) -> Ints:
        """(N,) rows of the first occupied voxel along rays, -1 for none within ``reach`` metres.

        Args:
            origins: (N, 3) metres; a voxel that an origin lies in counts.
            directions: (N, 3) of any length but 0.
            reach: metres.
        """
        starts, along = (
            clouds.points_of(origins, "origins"),
            clouds.points_of(directions, "directions"),
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = along / np.linalg.norm(along, axis=1, keepdims=True)
        if starts.shape != along.shape or not np.isfinite(unit).all() or not 0 < reach < np.inf:
            raise VoxelError("ray: give as many origins as directions, none 0, and a finite reach")
        if not np.isfinite(starts).all():
            raise VoxelError("origins: give finite metres")
        self._settle()
        ends = starts + unit * reach
        if self._held.aside and len(starts):
            self._held.recall_box(clouds.box_of(np.vstack([starts, ends])))
        return first_hits(self._held, starts, ends)

    def labelled(self, label: int) -> Ints:
        """Rows of voxels with this label."""
        self._settle()
        self._held.recall_all()
        return self._held.tiers.each(
            lambda run: np.flatnonzero(run.alive & (run.columns.labels == label))
        )

    def all(self) -> Ints:
        """Rows of all voxels, those on disk included, in order of key."""
        self._settle()
        self._held.recall_all()
        self._held.compact()
        return self._held.tiers.all()

    def level(self, level: int) -> Voxels:
        """The whole map in cells of 2^level voxels a side, 0 to 21."""
        if not 0 <= level <= BITS:
            raise VoxelError(f"level: give 0 to {BITS}, not {level!r}")
        return coarser(self._held.tiers.take(self.all()), self._held.window, level)

    # --- memory and disk ----------------------------------------------------------------------

    def evict(self, before: float) -> int:
        """Put regions on disk in which nothing was seen since ``before``, seconds; returns how
        many. They come back by themselves when asked about or seen again.
        """
        self._settle()
        return self._held.put_aside(before)

    def checkpoint(self) -> None:
        """Write a snapshot, and begin a new journal; happens by itself as journals grow."""
        self._settle()
        self._held.checkpoint()

    def close(self) -> None:
        """Let go of the folder. All that was acknowledged is in it already."""
        self._held.close()

    def __enter__(self) -> VoxelMap:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def nbytes(self) -> int:
        """Of memory that voxels and their block index take."""
        self._settle()
        return self._held.tiers.nbytes

    @property
    def recovered(self) -> int:
        """Bytes of an unfinished write that opening the folder dropped."""
        return 0 if self._held.folder is None else self._held.folder.journal.torn


def _per_pixel(values: ArrayLike, shape: tuple[int, ...], what: str) -> NDArray[np.generic]:
    """(H * W, ...) of (H, W, ...)."""
    array = np.asarray(values)
    if array.shape != shape:
        raise VoxelError(f"{what}: give shape {shape}, that of the depth image, not {array.shape}")
    return array.reshape(shape[0] * shape[1], *shape[2:])
