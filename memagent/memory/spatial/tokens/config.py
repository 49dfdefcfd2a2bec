# SPDX-License-Identifier: Apache-2.0
"""How tokens are kept and searched, as read from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.memory.spatial.tokens.log import KEYFRAME_EVERY
from memagent.memory.spatial.tokens.network import ReversibleNetwork, TokenError
from memagent.memory.spatial.tokens.search import DECAY, SearchBy


class TokenConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    network: Path | None = None
    """Trained weights, ``.npz``; None: a token is the sum of its observations."""
    keyframe_every: Annotated[int, Field(ge=1)] = KEYFRAME_EVERY
    search_by: SearchBy = SearchBy.EXPONENTIAL
    decay: Annotated[float, Field(gt=0, le=1)] = DECAY
    """Of the exponential average."""

    def load_network(self, width: int) -> ReversibleNetwork:
        """The network for embeddings of ``width``.

        Raises:
            StoreError: the file of weights is not there, or is no such file.
            TokenError: they are for embeddings of another width.
        """
        if self.network is None:
            return ReversibleNetwork.untrained(width)
        network = ReversibleNetwork.load(self.network)
        if network.width != width:
            raise TokenError(
                f"{self.network}: is for embeddings of {network.width} numbers, these have {width}"
            )
        return network
