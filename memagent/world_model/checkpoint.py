# SPDX-License-Identifier: Apache-2.0
"""World models on disk: configuration and weights in one file, whole after a crash."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from memagent.errors import StoreError
from memagent.whole_file import write_whole
from memagent.world_model.config import WorldModelConfig
from memagent.world_model.model import WorldModel

SCHEMA = 1


def save(model: WorldModel, path: Path) -> None:
    """Write a model; ``load`` gives back the same bits.

    Raises:
        StoreError: the file cannot be written.
    """
    write(path, {"config": model.config.model_dump_json(), "weights": model.state_dict()})


def load(path: Path, device: str | torch.device = "cpu") -> WorldModel:
    """Read what ``save`` wrote; the model is in evaluation mode.

    Raises:
        StoreError: the file is not there, is no world model, or of another schema.
    """
    kept = read(path, device)
    try:
        config = WorldModelConfig.model_validate_json(kept["config"])
        model = WorldModel(config).to(device)
        model.load_state_dict(kept["weights"])
    except (KeyError, ValidationError, RuntimeError) as error:
        raise StoreError(f"{path}: holds no world model: {error}") from error
    return model.eval()


def write(path: Path, content: dict[str, Any]) -> None:
    """Write tensors and plain values, with the schema version; the old file or the new one stays.

    Raises:
        StoreError: the file cannot be written.
    """
    buffer = io.BytesIO()
    torch.save({"schema": SCHEMA, **content}, buffer)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, buffer.getvalue())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def read(path: Path, device: str | torch.device = "cpu") -> dict[str, Any]:
    """What ``write`` wrote.

    Raises:
        StoreError: the file cannot be read, or has another schema version.
    """
    try:
        kept = torch.load(path, map_location=device, weights_only=True)
        schema = kept["schema"]
    except Exception as error:  # torch raises many kinds for a file that is none of its own
        raise StoreError(f"{path}: cannot be read as a world model: {error}") from error
    if schema != SCHEMA:
        raise StoreError(f"{path}: has schema version {schema}; this version reads {SCHEMA}")
    return dict(kept)
