# SPDX-License-Identifier: Apache-2.0
"""How spatial memory divides, believes and keeps space, as read from YAML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from memagent.memory.spatial.tokens.config import TokenConfig
from memagent.memory.spatial.topology.config import TopologyConfig
from memagent.memory.spatial.voxels.config import VoxelConfig
from memagent.memory.spatial.voxels.spatial_cache import CacheConfig

Positive = Annotated[FiniteFloat, Field(gt=0)]


class SpatialConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    voxels: VoxelConfig = VoxelConfig(resolution=0.03, miss=0.5, most=1.5, margin=1.0)
    """Belief saturates sooner than OctoMap's: people move things between two visits of a robot, and
    three looks that see through a voxel take it away."""
    topology: TopologyConfig = TopologyConfig()
    tokens: TokenConfig = TokenConfig()
    cache: CacheConfig = CacheConfig()
    localised: bool = False
    """Whether poses come from a localiser and do not drift. No loop is closed then."""
    stop_every: Positive = 0.5
    """Metres of driving after which the robot notes where it is, though it did not stop."""
    fastest: Positive = 3.0
    """m/s; a pose farther away than that allows is a jump."""
    jumps: Annotated[int, Field(ge=1)] = 3
    """So many poses in a row that agree with one another make a jump believed."""
    farthest: Positive = 20.0
    """Metres from the sensor beyond which points are left out, and from the robot's last pose
    beyond which a sensor is not believed to be there."""
    same: Positive = 0.2
    """Metres within which a thing that is seen again has not moved."""
    floor: tuple[FiniteFloat, FiniteFloat] = (-0.06, 0.06)
    """Heights of the floor, metres."""
    body: tuple[FiniteFloat, FiniteFloat] = (0.12, 1.8)
    """Heights at which something is in the robot's way, metres."""
    narrow: Positive = 0.4
    """Metres: shorter borders of the unknown are no way to explore."""
    blind: Annotated[FiniteFloat, Field(ge=0)] = 0.6
    """Metres around where the robot was within which it sees no floor, and needs to see none."""
    reach: Positive = 1.5
    """Metres from a known place within which a position is reached from it in a straight line."""
    journal_bytes: Annotated[int, Field(gt=0)] = 16 << 20
    """Length of the journal of places and things at which a snapshot replaces it."""
    persist_every: Positive = 5.0
    """Seconds: how often "still there" is written while nothing changes."""

    @property
    def durability(self) -> Literal["normal", "full"]:
        return self.voxels.durability

    @property
    def graph(self) -> TopologyConfig:
        """Of the topology graph."""
        if not self.localised:
            return self.topology
        closure = self.topology.closure.model_copy(update={"enabled": False})
        # A localiser is right: nothing is corrected towards older poses.
        poses = self.topology.pose_graph.model_copy(update={"tolerance": 1e9})
        return self.topology.model_copy(update={"closure": closure, "pose_graph": poses})
