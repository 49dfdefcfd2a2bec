# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from memagent.errors import StoreError
from memagent.world_model import checkpoint, load, save
from tests.world_model.models import experience, small

pytestmark = pytest.mark.unit


def test_a_model_comes_back_bit_for_bit(tmp_path):
    torch.manual_seed(0)
    model, path = small("s5").eval(), tmp_path / "deep" / "model.pt"
    save(model, path)
    again = load(path)
    assert again.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    batch = experience()
    futures = []
    for each in (model, again):
        torch.manual_seed(1)
        futures.append(each.infer(batch)[0].features)
    assert torch.equal(*futures)
    assert [p.name for p in path.parent.iterdir()] == ["model.pt"]


def test_other_files_are_refused_by_name(tmp_path):
    path = tmp_path / "model.pt"
    with pytest.raises(StoreError, match=r"model\.pt.*cannot be read"):
        load(path)
    path.write_bytes(b"no model")
    with pytest.raises(StoreError, match=r"model\.pt"):
        load(path)
    checkpoint.write(path, {"losses": []})
    with pytest.raises(StoreError, match="holds no world model"):
        load(path)
    torch.save({"schema": 99}, path)
    with pytest.raises(StoreError, match="schema version 99"):
        load(path)
