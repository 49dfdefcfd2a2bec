# SPDX-License-Identifier: Apache-2.0
"""Keeping the identity of objects from frame to frame, and smoothing what is seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from memagent.catalogue import Category
from memagent.preprocessor.classification import Detection, Hypothesis
from memagent.preprocessor.settings import TrackingConfig
from memagent.types import FloatArray, ObjectObservation, Vector3

_FORGET_VOTES = 0.9
_DOUBT = 0.6


@dataclass(slots=True)
class _Track:
    id: int
    colour: str
    position: FloatArray
    size: FloatArray
    yaw: float
    weight: float
    last_seen: float
    votes: dict[str, float] = field(default_factory=dict)


class Tracker:
    """Follows objects of constant position that may jump when somebody moves them.

    A detection joins the nearest track of its colour. The kind is put to the vote over the track's
    history, so that a glimpse from a bad angle does not rename an object.
    """

    def __init__(self, config: TrackingConfig) -> None:
        self._config = config
        self._tracks: list[_Track] = []
        self._next_id = 1

    def update(
        self, detections: Sequence[Detection], stamp: float
    ) -> tuple[ObjectObservation, ...]:
        """Take in one frame's detections; return the objects seen in it, in the same order."""
        self._tracks = [t for t in self._tracks if 0 <= stamp - t.last_seen <= self._config.memory]
        matches = self._match(detections)
        return tuple(
            self._follow(matches.get(i), detection, stamp) for i, detection in enumerate(detections)
        )

    def _match(self, detections: Sequence[Detection]) -> dict[int, _Track]:
        """Nearest pairs first, within the gate, each used once."""
        pairs = []
        for i, detection in enumerate(detections):
            best = detection.hypotheses[0]
            for track in self._tracks:
                if track.colour != detection.colour:
                    continue
                gap = float(np.linalg.norm(track.position - best.fit.centre))
                # Of two objects of one colour nearby, the one that was called so before is meant.
                other_name = (
                    track.votes.get(best.category.name, 0.0) < max(track.votes.values()) / 2
                )
                if gap < self._config.gate:
                    pairs.append((gap + (0.1 if other_name else 0.0), i, track))
        matches: dict[int, _Track] = {}
        taken: set[int] = set()
        for _, i, track in sorted(pairs, key=lambda pair: pair[0]):
            if i not in matches and track.id not in taken:
                matches[i] = track
                taken.add(track.id)
        return matches

    def _follow(
        self, track: _Track | None, detection: Detection, stamp: float
    ) -> ObjectObservation:
        if track is None:
            track = self._begin(detection, stamp)
        chosen = _elect(track, detection)
        trust = chosen.score * detection.visibility(chosen)
        self._smooth(track, chosen, max(trust, 1e-3) ** 2)
        track.last_seen = stamp
        return _observation(track, detection, chosen, trust * _certainty(track))

    def _begin(self, detection: Detection, stamp: float) -> _Track:
        best = detection.hypotheses[0].fit
        track = _Track(
            id=self._next_id,
            colour=detection.colour,
            position=np.asarray(best.centre),
            size=np.asarray(best.size),
            yaw=best.long_yaw,
            weight=0.0,
            last_seen=stamp,
        )
        self._next_id += 1
        self._tracks.append(track)
        return track

    def _smooth(self, track: _Track, seen: Hypothesis, trust: float) -> None:
        """Weighted mean of position, size and yaw (of period pi), begun anew after a jump."""
        centre = np.asarray(seen.fit.centre)
        if np.linalg.norm(centre - track.position) > self._config.jump:
            track.weight = 0.0
        share = trust / (track.weight + trust)
        track.position = track.position + share * (centre - track.position)
        track.size = track.size + share * (np.asarray(seen.fit.size) - track.size)
        turn = (seen.fit.long_yaw - track.yaw + np.pi / 2) % np.pi - np.pi / 2
        track.yaw = float(np.pi / 2 - (np.pi / 2 - (track.yaw + share * turn)) % np.pi)
        track.weight = min(track.weight + trust, self._config.smoothing)


def _elect(track: _Track, detection: Detection) -> Hypothesis:
    """Let the frame vote on the track's kind, and return the hypothesis of the kind that leads."""
    for kind in track.votes:
        track.votes[kind] *= _FORGET_VOTES
    weight = detection.visibility(detection.hypotheses[0])
    for hypothesis in detection.hypotheses:
        kind = hypothesis.category.name
        track.votes[kind] = track.votes.get(kind, 0.0) + weight * hypothesis.score**2
    return max(detection.hypotheses, key=lambda h: track.votes[h.category.name])


def _certainty(track: _Track) -> float:
    """1 if one kind has all the votes, less if a second one is close."""
    ranked = sorted(track.votes.values(), reverse=True)
    if len(ranked) < 2 or ranked[0] <= 0:
        return 1.0
    return 1 - _DOUBT * (ranked[1] / ranked[0]) ** 2


def _observation(
    track: _Track, detection: Detection, chosen: Hypothesis, confidence: float
) -> ObjectObservation:
    category: Category = chosen.category
    return ObjectObservation(
        track_id=track.id,
        label=category.label(track.colour),
        category=category.name,
        colour=track.colour,
        shape=category.shape,
        position=_vector(track.position),
        yaw=track.yaw,
        size=_vector(track.size),
        confidence=min(1.0, confidence),
        pixels=detection.pixels,
    )


def _vector(values: FloatArray) -> Vector3:
    return (float(values[0]), float(values[1]), float(values[2]))
