# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from memagent.errors import ConfigError
from memagent.language_model import Prompt, PromptFile

pytestmark = pytest.mark.unit

NAMES = frozenset({"skills", "instruction"})


def test_a_prompt_is_filled_in_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_text("# system\nSkills: $skills.\n# not a part\n# user\n${instruction} for 1 $$\n")
    filled = PromptFile.read(path, NAMES).fill(skills="pick, place", instruction="Fetch $x")
    assert filled == Prompt("plan", "Skills: pick, place.\n# not a part", "Fetch $x for 1 $")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Just words", 'needs a part "# system"'),
        ("# user\nx\n# system\ny", "needs a part"),
        ("# system\n$goal\n# user\nx", r"'\$goal'.*only \$instruction, \$skills"),
        ("# system\nx\n# user\n5 $ each", r"'\$ each'"),
        (None, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.md"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        PromptFile.read(path, NAMES)
