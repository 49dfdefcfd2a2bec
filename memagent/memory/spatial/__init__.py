# SPDX-License-Identifier: Apache-2.0
"""Where things are: voxels, tokens and places."""
