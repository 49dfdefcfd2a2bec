# SPDX-License-Identifier: Apache-2.0
"""memagent: a lifelong memory, and an agent that lives by it, for robots on ROS 2."""

__version__ = "0.1.0"
