# SPDX-License-Identifier: Apache-2.0
"""Backbones of a world model: state spaces, recurrent networks and attention, one interface."""

from memagent.world_model.backbones.backbone import Backbone, matched, parameters_of
from memagent.world_model.backbones.config import BackboneConfig, BackboneKind

__all__ = ["Backbone", "BackboneConfig", "BackboneKind", "matched", "parameters_of"]
