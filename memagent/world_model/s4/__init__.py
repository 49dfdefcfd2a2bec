# SPDX-License-Identifier: Apache-2.0
"""State-space layers: S4D, S4 (diagonal plus low rank, the reference) and S5."""

from memagent.world_model.s4.dplr import S4
from memagent.world_model.s4.s4d import S4D
from memagent.world_model.s4.s5 import S5
from memagent.world_model.s4.scan import linear_scan

__all__ = ["S4", "S4D", "S5", "linear_scan"]
