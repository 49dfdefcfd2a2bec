# SPDX-License-Identifier: Apache-2.0
"""Reversible tokens: one vector per place that sums up what it looked like, and its exact history.

NumPy alone writes, reads and searches. Only training (``tokens.training``) needs torch.
"""

from memagent.memory.spatial.tokens.config import TokenConfig
from memagent.memory.spatial.tokens.log import TokenLog, Written
from memagent.memory.spatial.tokens.network import ReversibleNetwork, TokenError
from memagent.memory.spatial.tokens.search import Match, PlaceSearch, SearchBy

__all__ = [
    "Match",
    "PlaceSearch",
    "ReversibleNetwork",
    "SearchBy",
    "TokenConfig",
    "TokenError",
    "TokenLog",
    "Written",
]
