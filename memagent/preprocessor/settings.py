# SPDX-License-Identifier: Apache-2.0
"""What can be tuned in the preprocessor. Lengths in metres, times in seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Channel = Annotated[int, Field(ge=0, le=255)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaneConfig(_Strict):
    """Finding large planes in the depth image, on every ``stride``-th pixel."""

    stride: Annotated[int, Field(ge=1, le=16)] = 4
    min_pixels: Annotated[int, Field(gt=0)] = 220
    """Of the thinned image; smaller planes may be the face of an object."""
    max_tilt: Share = 0.12
    """How far a normal may lean away from vertical or horizontal (sine of the angle)."""


class SegmentationConfig(_Strict):
    """Which pixels may belong to an object, and which of them belong together."""

    max_range: Positive = 4.5
    min_pixels: Annotated[int, Field(gt=0)] = 24
    min_saturation: Channel = 95
    min_value: Channel = 40
    dark_value: Channel = 42
    """A pixel whose brightest channel is at most this is dark."""
    dark_saturation: Channel = 110
    dark_reach: Positive = 0.2
    """Dark things stand on something: their pixels are no higher above a support than this."""
    hue_step: Annotated[int, Field(gt=0, le=90)] = 8
    """Largest hue difference (OpenCV's half degrees) between neighbours of one object."""
    depth_step: Positive = 0.02
    """Largest depth difference between neighbours, per metre of depth."""
    lift: Positive = 0.006
    """A pixel must be this far above its support, or it is the support."""
    max_extent: Positive = 0.35
    """Anything longer is furniture."""


class ClassificationConfig(_Strict):
    residual: Positive = 0.006
    """Surface distance at which a shape's score has fallen to 61 %."""
    scale_spread: Positive = 0.08
    """Standard deviation of an object's size about its kind's typical size (log scale)."""
    samples: Annotated[int, Field(ge=20)] = 160
    """Points of an object that are used for fitting."""
    min_confidence: Share = 0.3


class TrackingConfig(_Strict):
    gate: Positive = 0.25
    """Farthest an object can move between two frames and keep its track."""
    jump: Positive = 0.03
    """Beyond this the object moved, and its smoothed position starts anew."""
    smoothing: Positive = 8.0
    """Frames of full confidence that the smoothed position remembers."""
    memory: Positive = 20.0
    """A track that was not seen for this long is forgotten."""


class ContainerConfig(_Strict):
    hypotheses: Annotated[int, Field(ge=3)] = 41
    tolerance: Positive = 0.03
    spacing: Positive = 0.07
    min_support: Share = 0.2
    """Share of a front that must be seen, or seen through, to say anything."""
    min_samples: Annotated[int, Field(gt=0)] = 12
    open_from: Share = 0.2
    """From this opening on a container counts as open."""


class CoverageConfig(_Strict):
    spacing: Positive = 0.05
    window: Positive = 3.0
    tolerance: Positive = 0.035
    max_range: Positive = 3.0
    """Farther away, too few pixels fall on an object to be sure it is not there."""
    object_margin: Positive = 0.03
    """A cell that a known object covers counts as seen, up to this far about the object."""


class RelationConfig(_Strict):
    rest: Positive = 0.045
    """Farthest the bottom of a resting object is from the surface."""
    near: Positive = 0.25
    floor_margin: Positive = 0.02


class PreprocessorConfig(_Strict):
    planes: PlaneConfig = PlaneConfig()
    segmentation: SegmentationConfig = SegmentationConfig()
    classification: ClassificationConfig = ClassificationConfig()
    tracking: TrackingConfig = TrackingConfig()
    containers: ContainerConfig = ContainerConfig()
    coverage: CoverageConfig = CoverageConfig()
    relations: RelationConfig = RelationConfig()
    finger_rest: Positive = 0.004
    """Fingers this far from shut and from fully open, and still, hold something."""
    at_place: Positive = 0.5
    """The robot is "at" a place when its base is this near to the place's stand."""
