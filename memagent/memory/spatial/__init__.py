# SPDX-License-Identifier: Apache-2.0
"""Where things are: occupied space, what places look like, and how they connect."""
