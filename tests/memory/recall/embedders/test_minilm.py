# SPDX-License-Identifier: Apache-2.0
"""The NumPy forward pass against torch's own Transformer layers, on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memagent.memory.recall.embedders import EmbedderError, MiniLMEmbedder

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")
safetensors = pytest.importorskip("safetensors.numpy")

pytestmark = pytest.mark.unit

WIDTH, HEADS, LAYERS, INNER = 384, 12, 2, 64
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "red", "mug", "is", "on", "a", "desk")
SENTENCES = ["the red mug is on a desk", "red", "a mug is on the red red desk the mug"]


def _weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{name}attention.{part}.weight"] = (WIDTH, WIDTH)
            shapes[f"{name}attention.{part}.bias"] = (WIDTH,)
        shapes[f"{name}intermediate.dense.weight"] = (INNER, WIDTH)
        shapes[f"{name}intermediate.dense.bias"] = (INNER,)
        shapes[f"{name}output.dense.weight"] = (WIDTH, INNER)
        shapes[f"{name}output.dense.bias"] = (WIDTH,)
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{name}{norm}.weight"] = shapes[f"{name}{norm}.bias"] = (WIDTH,)
    return {
        name: (random.normal(0.0, 0.1, shape) + (1.0 if name.endswith("Norm.weight") else 0.0))
        .astype(np.float32)
        for name, shape in shapes.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("model")
    words = tokenizers.models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(words)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(where / "tokenizer.json"))
    safetensors.save_file(_weights(), where / "model.safetensors")
    return where


def _reference(sentence: str) -> np.ndarray:
    """The same network from torch's parts, one sentence at a time."""
    w = {name: torch.from_numpy(value) for name, value in _weights().items()}
    ids = [2, *(WORDS.index(word) for word in sentence.split()), 3]
    x = (
        w["embeddings.word_embeddings.weight"][ids]
        + w["embeddings.position_embeddings.weight"][: len(ids)]
        + w["embeddings.token_type_embeddings.weight"][0]
    )
    norm = torch.nn.functional.layer_norm
    names = "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"
    x = norm(x, (WIDTH,), w[names[0]], w[names[1]], 1e-12)
    for number in range(LAYERS):
        name = f"encoder.layer.{number}."
        layer = torch.nn.TransformerEncoderLayer(
            WIDTH, HEADS, INNER, 0.0, "gelu", 1e-12, batch_first=True
        )
        attention = f"{name}attention."
        parts = [attention + f"self.{p}" for p in ("query", "key", "value")]
        layer.load_state_dict(
            {
                "self_attn.in_proj_weight": torch.cat([w[f"{p}.weight"] for p in parts]),
                "self_attn.in_proj_bias": torch.cat([w[f"{p}.bias"] for p in parts]),
                "self_attn.out_proj.weight": w[attention + "output.dense.weight"],
                "self_attn.out_proj.bias": w[attention + "output.dense.bias"],
                "linear1.weight": w[name + "intermediate.dense.weight"],
                "linear1.bias": w[name + "intermediate.dense.bias"],
                "linear2.weight": w[name + "output.dense.weight"],
                "linear2.bias": w[name + "output.dense.bias"],
                "norm1.weight": w[attention + "output.LayerNorm.weight"],
                "norm1.bias": w[attention + "output.LayerNorm.bias"],
                "norm2.weight": w[name + "output.LayerNorm.weight"],
                "norm2.bias": w[name + "output.LayerNorm.bias"],
            }
        )
        x = layer.eval()(x[None])[0]
    mean = x.mean(0)
    return (mean / mean.norm()).detach().numpy()


def test_it_computes_what_torch_computes_whatever_the_batch(folder: Path) -> None:
    embedder = MiniLMEmbedder(folder)
    together = embedder.embed(SENTENCES)
    for vector, sentence in zip(together, SENTENCES, strict=True):
        np.testing.assert_allclose(vector, _reference(sentence), atol=2e-6)
        np.testing.assert_allclose(vector, embedder.embed([sentence])[0], atol=2e-6)
    assert embedder.embed([]).shape == (0, WIDTH)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"holds no tokenizer\.json"):
        MiniLMEmbedder(tmp_path)
