# SPDX-License-Identifier: Apache-2.0
"""How a voxel map divides space, believes its sensors, and bounds its memory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

Positive = Annotated[FiniteFloat, Field(gt=0)]


class VoxelConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    resolution: Positive = 0.02
    """Side of a voxel, metres."""
    origin: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = (0.0, 0.0, 0.0)
    """A corner of voxel (0, 0, 0), metres in ``frame``."""
    frame: str = "map"
    """Frame that points and positions are in."""
    hit: Annotated[FiniteFloat, Field(gt=0, le=30)] = 0.85
    """Log-odds that a point of full confidence adds to its voxel (OctoMap's default, p = 0.7)."""
    miss: Annotated[FiniteFloat, Field(gt=0, le=30)] = 0.41
    """Log-odds that a voxel loses in each scan that sees through it (OctoMap's, p = 0.4)."""
    most: Annotated[FiniteFloat, Field(gt=0, le=30)] = 3.5
    """Log-odds at which belief saturates (OctoMap's, p = 0.97): most/miss scans see it away."""
    margin: Annotated[FiniteFloat, Field(ge=0)] = 2.0
    """Voxels before a measured surface that a scan does not clear, for noise and slanted faces."""
    pending_points: Annotated[int, Field(gt=0)] = 2_000_000
    """Points that a map without a folder gathers before it sorts them in."""
    resident_voxels: Annotated[int, Field(gt=0)] | None = None
    """Voxels in memory above which the stalest regions go to the folder's disk; None: no bound."""
    journal_bytes: Annotated[int, Field(gt=0)] = 64 << 20
    """Length of the journal at which a snapshot replaces it."""
    durability: Literal["normal", "full"] = "full"
    """full: an acknowledged write survives power loss (one sync each). normal: it survives the
    death of this process; a power cut may roll back the newest writes."""
