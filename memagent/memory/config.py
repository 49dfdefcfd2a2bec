# SPDX-License-Identifier: Apache-2.0
"""How memory works, as read from YAML."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from memagent.language_model import EndpointConfig
from memagent.memory.forgetting.retention import ForgettingConfig
from memagent.memory.perceiving import PerceivingConfig
from memagent.memory.recall.embedders import EmbedderConfig
from memagent.memory.state import StateConfig
from memagent.memory.store.config import StoreConfig


class MemoryConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    store: StoreConfig = StoreConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    language_model: EndpointConfig | None = None
    """Tells old steps and judges lessons, beside memory; None: rules do."""
    state: StateConfig = StateConfig()
    perceiving: PerceivingConfig = PerceivingConfig()
    forgetting: ForgettingConfig = ForgettingConfig()
    persist_every: float = 5.0
    """Seconds: how often "still there" is written while nothing changes."""
    reader_delay: Annotated[float, Field(ge=0)] = 0.5
    """Seconds after which a reader in another process looks for news."""
    late: float = 2.0
    """Seconds by which a percept may be older than the newest one; it is then left out."""
