# SPDX-License-Identifier: Apache-2.0
"""The sentence-transformers embedder, with a real model that is made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memagent.memory.recall.embedders import (
    EmbedderConfig,
    EmbedderError,
    SentenceTransformersEmbedder,
    choose_embedder,
)

pytestmark = pytest.mark.unit
library = pytest.importorskip("sentence_transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model: words as bags, untrained, saved as any other."""
    models = pytest.importorskip("sentence_transformers.models")
    bags = models.BoW(vocab=["red", "mug", "desk", "tea", "box"])
    path = tmp_path_factory.mktemp("model") / "bags"
    library.SentenceTransformer(modules=[bags]).save(str(path))
    return path


def test_vectors_are_units_and_tell_texts_apart(folder: Path) -> None:
    embedder = choose_embedder(EmbedderConfig(kind="sentence_transformers", model=str(folder)))
    assert isinstance(embedder, SentenceTransformersEmbedder)
    assert embedder.id == "sentence-transformers/bags"
    vectors = embedder.embed(["red mug", "the red mug", "tea box"])
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="nothing-here"):
        SentenceTransformersEmbedder(tmp_path / "nothing-here")
