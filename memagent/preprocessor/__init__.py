# SPDX-License-Identifier: Apache-2.0
"""The preprocessor (RoboMemory's thalamus): RGB-D frames in, percepts out."""

from memagent.preprocessor.cloud import point_cloud
from memagent.preprocessor.overlay import overlay
from memagent.preprocessor.preprocessor import Preprocessor
from memagent.preprocessor.settings import PreprocessorConfig

__all__ = ["Preprocessor", "PreprocessorConfig", "overlay", "point_cloud"]
