# SPDX-License-Identifier: Apache-2.0
"""What outcomes teach: lessons with their evidence, merged and faded."""
