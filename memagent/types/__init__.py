# SPDX-License-Identifier: Apache-2.0
"""The one data model: what the regions say to one another.

Everything here is a frozen value. Units are metres, radians and seconds; positions and poses are in
the ``map`` frame (x forward, y left, z up) unless a field says otherwise. Times (``stamp`` and the
like) are seconds on the robot's clock: simulated time in simulation, the ROS clock on a robot.

ROS messages in ``memagent_interfaces`` mirror these classes one to one; the conversion is written
once, in ``memagent.ros.convert``.
"""

from memagent.types.acting import (
    Code,
    Plan,
    SkillCall,
    SkillOutcome,
    Step,
    StepStatus,
    TaskResult,
    TaskStatus,
    Verdict,
)
from memagent.types.memory import (
    Answer,
    ContainerBelief,
    Episode,
    Event,
    Fact,
    Habit,
    Keyframe,
    Lesson,
    LessonClaim,
    LessonLevel,
    MemoryItem,
    MemoryKind,
    ObjectBelief,
    PlaceBelief,
    Query,
    Recall,
    Stay,
    WorldBelief,
)
from memagent.types.perception import (
    ContainerObservation,
    ObjectObservation,
    Percept,
    Predicate,
    Relation,
)
from memagent.types.robot import (
    CameraFrame,
    FloatArray,
    JointTrajectory,
    Pose2D,
    RobotState,
    Vector3,
)

__all__ = [
    "Answer",
    "CameraFrame",
    "Code",
    "ContainerBelief",
    "ContainerObservation",
    "Episode",
    "Event",
    "Fact",
    "FloatArray",
    "Habit",
    "JointTrajectory",
    "Keyframe",
    "Lesson",
    "LessonClaim",
    "LessonLevel",
    "MemoryItem",
    "MemoryKind",
    "ObjectBelief",
    "ObjectObservation",
    "Percept",
    "PlaceBelief",
    "Plan",
    "Pose2D",
    "Predicate",
    "Query",
    "Recall",
    "Relation",
    "RobotState",
    "SkillCall",
    "SkillOutcome",
    "Stay",
    "Step",
    "StepStatus",
    "TaskResult",
    "TaskStatus",
    "Vector3",
    "Verdict",
    "WorldBelief",
]
