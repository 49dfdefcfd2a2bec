# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from memagent.errors import ConfigError
from memagent.planner.grounding import lexicon as lexicon_module
from memagent.planner.grounding.lexicon import household, load_lexicon

pytestmark = pytest.mark.unit

FOLDER = Path(lexicon_module.__file__).parent


def test_no_two_kinds_of_a_role_own_a_name() -> None:
    lexicon = household()
    shared = {
        (name, lexicon.role[sense.kind])
        for name, senses in lexicon.names.items()
        for sense in senses
        if sense.own
        and any(
            s.own and s.kind != sense.kind and lexicon.role[s.kind] == lexicon.role[sense.kind]
            for s in senses
        )
    }
    assert not shared


def test_every_kind_is_found_by_its_own_name() -> None:
    lexicon = household()
    owners = {sense.kind for senses in lexicon.names.values() for sense in senses if sense.own}
    assert owners == {*lexicon.objects, *lexicon.receptacles, *lexicon.lamps}


def test_every_object_can_be_put_somewhere() -> None:
    lexicon = household()
    nowhere = [
        thing
        for thing in lexicon.objects
        if not any(lexicon.takes(place, thing) for place in lexicon.receptacles)
    ]
    # Scenery: one can name it, but no task is about it.
    assert set(nowhere) <= {"Boots", "TeddyBear", "ScrubBrush", "PaperTowelRoll"}


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"objects": {"Apple": {"names": [], "words": "x"}}}, "objects.Apple.names"),
        ({"objects": {"Apple": {"names": ["apple"], "words": "x", "size": 3}}}, "size"),
        ({"groups": {"fruit": ["Durian"]}}, "Durian"),
    ],
)
def test_a_damaged_lexicon_is_refused_by_key(
    damage: dict[str, object], says: str, tmp_path: Path
) -> None:
    words = {"groups": {}, "objects": {}, "receptacles": {}, "lamps": {}, **damage}
    path = tmp_path / "words.yaml"
    path.write_text(yaml.safe_dump(words), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"words.yaml.*{says}"):
        load_lexicon(path, FOLDER / "english.yaml")
