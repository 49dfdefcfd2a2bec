# SPDX-License-Identifier: Apache-2.0
"""Reversible tokens: one vector per place that sums up what it looked like, and its exact history.

NumPy alone writes, reads and searches. Only training (``tokens.training``) needs torch.
"""

from memagent.memory.spatial.tokens.log import TokenLog, Written
from memagent.memory.spatial.tokens.network import ReversibleNetwork, TokenError

__all__ = ["ReversibleNetwork", "TokenError", "TokenLog", "Written"]
