# SPDX-License-Identifier: Apache-2.0
"""Where things are and what places look like."""
