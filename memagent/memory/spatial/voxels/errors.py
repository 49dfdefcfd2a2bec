# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a voxel map."""

from memagent.errors import MemagentError


class VoxelError(MemagentError):
    """A cloud, a query or a file that a voxel map cannot take; what it holds is unchanged."""


class DamagedFileError(VoxelError):
    """A file of a voxel map does not hold what was written to it. No file was changed."""
