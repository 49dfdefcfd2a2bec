# SPDX-License-Identifier: Apache-2.0
"""What a backbone is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from memagent.world_model.s4.discretisation import Discretisation
from memagent.world_model.s4.initialization import Spectrum

BackboneKind = Literal["s4d", "s4", "s5", "gru", "transformer", "mingru", "mlstm"]
Positive = Annotated[int, Field(ge=1)]


class BackboneConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: BackboneKind = "s4d"
    width: Positive = 128
    """Of the vectors between layers."""
    blocks: Positive = 2
    layers: Positive = 2
    """With memory, in each block, before its MLP."""
    mlp: Annotated[float, Field(gt=0)] = 2.0
    """Hidden width of the MLP over ``width``."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    state: Annotated[int, Field(ge=2, multiple_of=2)] = 64
    """N per channel of s4d and s4, P of s5."""
    spectrum: Spectrum = "lin"
    """Of s4d."""
    discretisation: Discretisation = "zoh"
    """Of s4d and s5."""
    shortest: Annotated[float, Field(gt=0)] = 1e-3
    """Time steps start between this and ``longest``."""
    longest: Annotated[float, Field(gt=0)] = 1e-1
    heads: Positive = 4
    """Of transformer and mlstm."""
    window: Positive = 1024
    """Steps that the transformer can see."""
    truncate: Annotated[int, Field(ge=0)] = 0
    """Steps after which the gru's gradients are cut; 0 for never."""
