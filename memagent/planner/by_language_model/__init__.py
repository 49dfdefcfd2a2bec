# SPDX-License-Identifier: Apache-2.0
"""Planning and judging by a language model, where there is one. Its plans are rehearsed before they
are believed, and where it has no usable answer, the embedded planner and critic do.
"""

from memagent.planner.by_language_model.critic import ModelCritic
from memagent.planner.by_language_model.planner import ModelPlanner

__all__ = ["ModelCritic", "ModelPlanner"]
