# SPDX-License-Identifier: Apache-2.0
"""The robot's skills, one module per family, and the one place that runs them."""

from memagent.executor.skills.execution import SKILL_NAMES, Skills

__all__ = ["SKILL_NAMES", "Skills"]
