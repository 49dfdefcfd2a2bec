# SPDX-License-Identifier: Apache-2.0
"""``memagent memory``: a memory in the hand.

Questions are asked beside a running robot, of the very file that it writes. What changes the memory
needs it for itself: stop the robot first, or use the memory node's services.
"""

from memagent.commands.memory import asking, changing, whole
from memagent.commands.memory.app import app

__all__ = ["app", "asking", "changing", "whole"]
