# SPDX-License-Identifier: Apache-2.0
"""Spatial memory on disk: one folder, of which this process is the only writer.

``voxels/`` is the voxel map's; ``places.snapshot`` and its journal hold places and things.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from memagent.memory.spatial import state as of
from memagent.memory.spatial.config import SpatialConfig
from memagent.memory.spatial.questions import Questions
from memagent.memory.spatial.spatial_log import SpatialLog
from memagent.memory.spatial.state import SpatialState
from memagent.memory.spatial.values import Knowledge, Rejected
from memagent.memory.spatial.voxels import VoxelMap
from memagent.site import Site

if TYPE_CHECKING:
    from typing_extensions import Self  # In typing from Python 3.11 on.


class Keeping(Questions):
    """A change is in the journal before it is made."""

    def __init__(
        self,
        folder: Path | str | None,
        config: SpatialConfig,
        knowledge: Knowledge | None,
        site: Site | None,
    ) -> None:
        path = None if folder is None else Path(folder)
        # The voxels' folder is locked: while it is held, all of this folder is.
        voxels = VoxelMap(config.voxels, None if path is None else path / "voxels")
        state = SpatialState(config)
        self._log: SpatialLog | None = None
        try:
            if path is not None:
                self._log = SpatialLog(path, config.durability == "full")
                for kind, payload in self._log.read():
                    state.apply(kind, payload, again=True)
        except BaseException:
            voxels.close()
            raise
        super().__init__(config, state, voxels, knowledge, site)
        self.rejected = Rejected()

    # --- the whole ----------------------------------------------------------------------------

    def _write(self, kind: int, payload: bytes) -> None:
        """Make a change, whose record was made since ``_make_room``."""
        if self._log is not None:
            self._log.journal.append(kind, payload)
        self._state.apply(kind, payload)

    def _make_room(self) -> None:
        """Before changes: keep the journal within its bound."""
        if self._log is not None and self._log.journal.length > self.config.journal_bytes:
            self._checkpoint()

    def _checkpoint(self) -> None:
        assert self._log is not None
        self._log.replace(self._state.snapshot())
        self._state.driven.clear()  # The snapshot has driven there.

    def checkpoint(self) -> None:
        """Write snapshots and begin new journals; happens by itself as they grow."""
        with self._space, self._lock:
            if self._log is not None:
                self._checkpoint()
                self._voxels.checkpoint()

    def stats(self) -> dict[str, int]:
        """How much is known, and what was refused."""
        with self._space, self._lock:
            return {
                "voxels": len(self._voxels),
                "voxel_bytes": self._voxels.nbytes,
                "places": len(self._state.graph.places),
                "passages": self._state.graph.ways.network.number_of_edges(),
                "looks": 0 if self._state.looks is None else len(self._state.looks),
                "stays": len(self._state.things),
                "rejected_poses": self.rejected.poses,
                "rejected_clouds": self.rejected.clouds,
                "rejected_points": self.rejected.points,
            }

    @property
    def recovered(self) -> int:
        """Bytes of unfinished writes that opening dropped."""
        return self._voxels.recovered + (self._log.journal.torn if self._log else 0)

    def close(self) -> None:
        """Let go of the folder. All that was acknowledged is in it already."""
        with self._space, self._lock:
            if self._log is not None:
                told = self._state.things.touched()
                if told is not None:
                    self._log.journal.append(of.TOUCHED, told)
                self._log.close()
                self._log = None
            self._voxels.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
