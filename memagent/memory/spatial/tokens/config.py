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
    search_by: SearchBy | None = None
    """None: whatever the ablation says (``chosen_search``)."""
    decay: Annotated[float, Field(gt=0, le=1)] = DECAY
    """Of the exponential average."""

    @property
    def chosen_search(self) -> SearchBy:
        """By token where there are trained weights, else by the exponential average.

        What ``benchmarks/spatial_tokens.py`` found, recall@1 after 12 looks: in worlds seen through
        the camera and embedder of the training, trained tokens 0.81, the exponential average 0.79
        with maps trained likewise and 0.56 without. So nearly all of the gain is the trained maps',
        and a small rest the token's. Seen through another camera and embedder, trained tokens fall
        to 0.34, below the untrained average's 0.60: weights serve the embedder they were trained on
        and no other. An untrained token finds what the mean does.
        """
        if self.search_by is not None:
            return self.search_by
        return SearchBy.EXPONENTIAL if self.network is None else SearchBy.TOKEN

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
