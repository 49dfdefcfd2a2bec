# SPDX-License-Identifier: Apache-2.0
"""Memory at a distance: the planner's ``MemoryPort`` over the memory node's services."""

from __future__ import annotations

import math

import numpy as np
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from memagent.ros import convert
from memagent.ros.calls import call
from memagent.types import FloatArray, Lesson, ObjectBelief, SkillOutcome, TaskResult, WorldBelief
from memagent_interfaces import srv

ANSWER_S = 10.0
"""Wall-clock time-out of one call; long enough for a memory node that is being restarted."""
SPACE_S = 2.0
"""That of asking for known ways, without which a search goes on."""


class MemoryClient:
    def __init__(self, node: Node) -> None:
        group = ReentrantCallbackGroup()

        def client(kind: type, name: str) -> object:
            return node.create_client(kind, f"memagent/memory/{name}", callback_group=group)

        self._world = client(srv.World, "world")
        self._where = client(srv.Where, "where")
        self._lessons = client(srv.Lessons, "lessons")
        self._begin = client(srv.BeginEpisode, "begin_episode")
        self._record = client(srv.RecordOutcome, "record")
        self._end = client(srv.EndEpisode, "end_episode")
        self._lengths = client(srv.RouteLengths, "route_lengths")

    def world(self, after: float | None = None) -> WorldBelief:
        request = srv.World.Request(
            has_after=after is not None,
            after=math.nan if after is None else float(after),
            timeout=ANSWER_S / 2,
        )
        return convert.world_from_msg(call(self._world, request, ANSWER_S).world)

    def where(self, name: str) -> ObjectBelief:
        response = call(self._where, srv.Where.Request(name=name), ANSWER_S)
        return convert.belief_from_msg(response.belief)

    def lessons(self, skill: str, subject: str) -> tuple[Lesson, ...]:
        request = srv.Lessons.Request(skill=skill, subject=subject)
        response = call(self._lessons, request, ANSWER_S)
        return tuple(convert.lesson_from_msg(m) for m in response.lessons)

    def route_lengths(self, start: tuple[float, float], goals: FloatArray) -> FloatArray:
        """As the planner's ``SpacePort`` has it."""
        begin, *ends = convert.points_to_msg([start, *goals])
        request = srv.RouteLengths.Request(start=begin, goals=ends)
        return np.array(call(self._lengths, request, SPACE_S).lengths, np.float64)

    def begin_episode(self, instruction: str) -> str:
        request = srv.BeginEpisode.Request(instruction=instruction)
        return str(call(self._begin, request, ANSWER_S).id)

    def record(self, outcome: SkillOutcome) -> None:
        request = srv.RecordOutcome.Request(outcome=convert.outcome_to_msg(outcome))
        call(self._record, request, ANSWER_S)

    def end_episode(self, result: TaskResult) -> None:
        request = convert.result_to_request(
            result, srv.EndEpisode.Request(instruction=result.instruction)
        )
        call(self._end, request, ANSWER_S)
