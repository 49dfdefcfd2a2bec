# SPDX-License-Identifier: Apache-2.0
"""navigate_to(place)."""

from __future__ import annotations

from memagent.executor.skills.job import Job, drive_to, stand_pose


def navigate_to(job: Job) -> str:
    """Drive to a place's stand with the arm tucked, and look ahead."""
    job.body.eyes.turn(0.0, 0.45)  # the floor ahead and the furniture beyond it
    drive_to(job, stand_pose(job), f"driving to {job.place.name}")
    return f"at {job.place.name}"
