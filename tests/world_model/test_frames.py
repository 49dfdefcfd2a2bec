# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from memagent.world_model.frames import FrameDecoder, FrameEncoder, FrameSpec

pytestmark = pytest.mark.unit

SPECS = {
    "image": FrameSpec(kind="image", shape=(16, 16, 3)),
    "tiles": FrameSpec(kind="tiles", shape=(5, 5), classes=7),
    "vector": FrameSpec(kind="vector", shape=(6,)),
}


def frames(kind):
    if kind == "image":
        return torch.randint(256, (2, 3, 16, 16, 3), dtype=torch.uint8)
    return torch.randint(7, (2, 3, 5, 5)) if kind == "tiles" else torch.randn(2, 3, 6)


@pytest.mark.parametrize("kind", SPECS)
def test_frames_pass_through_vectors_and_back_in_their_own_shape(kind):
    spec, seen = SPECS[kind], frames(kind)
    encoder = FrameEncoder(spec, 32, 8)
    decoder = FrameDecoder(spec, encoder.size, 32, 8)
    vectors = encoder(seen)
    assert vectors.shape == (2, 3, encoder.size)
    told = decoder(vectors)
    assert decoder.loss(told, seen).shape == (2, 3)
    likeliest = decoder.likeliest(told)
    assert likeliest.shape == seen.shape
    assert likeliest.dtype == seen.dtype


@pytest.mark.parametrize("kind", SPECS)
def test_one_frame_can_be_learned_by_heart(kind):
    torch.manual_seed(0)
    spec, seen = SPECS[kind], frames(kind)[:1, :1]
    encoder, decoder = FrameEncoder(spec, 32, 8), None
    decoder = FrameDecoder(spec, encoder.size, 32, 8)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
    losses = []
    for _ in range(60):
        loss = decoder.loss(decoder(encoder(seen)), seen).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "image", "shape": (24, 24, 3)}, "power of two"),
        ({"kind": "tiles", "shape": (5, 5)}, "number of classes"),
        ({"kind": "vector", "shape": (5, 5)}, "shape of 1"),
    ],
)
def test_what_cannot_be_a_frame_is_refused(arguments, message):
    with pytest.raises(ValidationError, match=message):
        FrameSpec(**arguments)
