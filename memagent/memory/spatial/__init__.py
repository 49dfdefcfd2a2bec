# SPDX-License-Identifier: Apache-2.0
"""Where things are: voxels, places and the ways between them, and what was seen there."""
