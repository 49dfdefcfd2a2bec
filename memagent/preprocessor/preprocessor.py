# SPDX-License-Identifier: Apache-2.0
"""From a camera frame to a percept: the region's one entrance."""

from __future__ import annotations

from memagent.catalogue import Catalogue
from memagent.preprocessor.body import RobotBody
from memagent.preprocessor.classification import Classifier
from memagent.preprocessor.containers import ContainerWatcher
from memagent.preprocessor.coverage import Coverage
from memagent.preprocessor.planes import find_planes
from memagent.preprocessor.projection import View
from memagent.preprocessor.relations import relate
from memagent.preprocessor.segmentation import segment
from memagent.preprocessor.settings import PreprocessorConfig
from memagent.preprocessor.summary import EventBoundary, Moment, place_at, queries, summarize
from memagent.preprocessor.supports import Surroundings
from memagent.preprocessor.tracking import Tracker
from memagent.robot import RobotDescription
from memagent.site import Site
from memagent.types import CameraFrame, Percept, RobotState

_MODULE = "memagent.preprocessor"


class Preprocessor:
    """Makes percepts of registered RGB-D frames, one after the other.

    It keeps what helps to read the next frame: tracks, how far containers were seen open, and which
    parts of places were seen within the last seconds. Feed it frames in the order of their stamps;
    it is not thread-safe.
    """

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        robot: RobotDescription,
        config: PreprocessorConfig | None = None,
    ) -> None:
        self._site = site
        self._robot = robot
        self._config = config or PreprocessorConfig()
        self._classifier = Classifier(catalogue, self._config.classification)
        self._tracker = Tracker(self._config.tracking)
        self._watcher = ContainerWatcher(site, self._config.containers)
        self._coverage = Coverage(site, self._config.coverage)
        self._boundary = EventBoundary()
        self._openings: dict[str, float] = {}

    def process(self, frame: CameraFrame, state: RobotState) -> Percept:
        """Make a percept of ``frame``, taken while the robot was in ``state``.

        Raises:
            ValueError: the images or the pose of ``frame`` have the wrong shape.
        """
        view = View(frame)
        containers = self._watcher.observe(view)
        self._openings.update({c.name: c.opening for c in containers})
        planes = find_planes(view, self._config.planes)
        surroundings = Surroundings(self._site, self._openings, planes.levels)
        body = RobotBody(self._robot, state)
        blobs = segment(view, planes, surroundings, body, self._config.segmentation)
        detections = [d for blob in blobs for d in self._classifier.classify(blob, view)]
        objects = tuple(
            o
            for o in self._tracker.update(detections, frame.stamp)
            if o.confidence >= self._config.classification.min_confidence
        )
        relations = relate(objects, self._site, self._openings, self._config.relations)
        moment = Moment(
            room=self._site.room_at(state.base.x, state.base.y),
            place=place_at(state.base, self._site, self._config.at_place),
            objects=objects,
            relations=relations,
            containers=containers,
            holding=self._holding(state),
        )
        return Percept(
            stamp=frame.stamp,
            base=state.base,
            objects=objects,
            containers=containers,
            relations=relations,
            viewed=self._coverage.update(view, self._openings, objects, frame.stamp),
            holding=moment.holding,
            room=moment.room,
            summary=summarize(moment),
            queries=queries(moment),
            boundary=self._boundary.update(moment),
            source=f"{frame.frame_id} {_MODULE}",
        )

    def _holding(self, state: RobotState) -> bool:
        rest = self._config.finger_rest
        widest = self._robot.gripper.max_width - rest
        return not state.gripper_moving and rest < state.gripper_width < widest
