# SPDX-License-Identifier: Apache-2.0
"""What people set right, and take back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memagent.errors import MemagentError, StoreError
from memagent.memory import LifelongMemory
from memagent.memory.corrections.operations import Journal
from memagent.memory.knowledge.contradictions import MERGED, PERSON
from memagent.memory.records import whereabouts_of
from memagent.site import Site
from memagent.types import Percept, Query, Vector3

from ..scenes import DESK, mug_on_desk, outcome, percept, show, thing, watch

pytestmark = pytest.mark.unit

SHELF: Vector3 = (7.7, 4.4, 0.645)
NAMES = ("red mug", "red mug 2", "blue cup", "banana")


def _seen(stamp: float, label: str, position: Vector3, place: str, track: int = 1) -> Percept:
    return percept(stamp, thing(label, position, track), where={label: f"on {place}"})


def _everything(memory: LifelongMemory) -> dict[str, Any]:
    """Every row about the objects of these tests, notes on operations left out."""
    with memory._writing():
        memory._state.persist()
    return Journal(memory._state.tables).rows(NAMES)


def _places(memory: LifelongMemory, as_of: float | None = None) -> dict[str, str]:
    return {
        f.relation.subject: f.relation.object for f in memory.facts(as_of=as_of)
        if f.relation.predicate == "on"
    }  # fmt: skip


# --- merge ------------------------------------------------------------------------------------


@pytest.fixture
def two_names(memory: LifelongMemory) -> LifelongMemory:
    """One mug that was taken for two: as a red mug on the desk, then as a blue cup on the shelf."""
    show(memory, mug_on_desk(1.0))
    show(memory, _seen(20.0, "blue cup", SHELF, "shelf", 2))
    return memory


def test_merged_an_object_has_one_name_one_place_and_the_history_of_both(
    two_names: LifelongMemory,
) -> None:
    memory = two_names
    operation = memory.merge("red mug", "blue cup")
    assert (operation.kind, operation.names) == ("merge", ("red mug", "blue cup"))
    assert [o.name for o in memory.world().objects] == ["red mug"]
    assert _places(memory) == {"red mug": "shelf"}, "where it was seen last"
    assert _places(memory, as_of=10.0) == {"red mug": "desk"}
    assert [f.relation.object for f in memory.history("red mug")] == ["shelf", "desk"]
    assert memory.where("red mug").candidates[0].position == SHELF
    (entry,) = memory.contradictions()
    assert (entry.old.relation.object, entry.why) == ("desk", MERGED)


def test_after_a_merge_the_other_label_means_the_same_object(
    two_names: LifelongMemory, path: Path, site: Site
) -> None:
    two_names.merge("red mug", "blue cup")
    show(two_names, _seen(30.0, "blue cup", DESK, "desk", 3))
    assert [o.name for o in two_names.world().objects] == ["red mug"]
    two_names.close()
    with LifelongMemory(path, site) as memory:
        assert memory.where("blue cup").name == "red mug"
        show(memory, _seen(40.0, "blue cup", SHELF, "shelf", 4))
        assert _places(memory) == {"red mug": "shelf"}


def test_a_merge_can_be_undone_to_the_last_row_also_after_a_restart(
    two_names: LifelongMemory, path: Path, site: Site
) -> None:
    before, world = _everything(two_names), two_names.world()
    operation = two_names.merge("red mug", "blue cup")
    two_names.close()
    with LifelongMemory(path, site) as memory:
        undone = memory.undo(operation.id)
        assert undone.undone is not None
        assert _everything(memory) == before
        assert memory.world() == world
        assert memory.operations() == (undone,)
        with pytest.raises(MemagentError, match="undone already"):
            memory.undo(operation.id)
        with pytest.raises(MemagentError, match="nothing to undo"):
            memory.undo()


def test_what_was_learned_since_a_merge_stays(two_names: LifelongMemory) -> None:
    two_names.merge("red mug", "blue cup")
    show(two_names, _seen(30.0, "red mug", (2.1, 5.7, 0.645), "nightstand", 3))
    two_names.undo()
    assert _places(two_names)["red mug"] == "nightstand"
    subjects = [f.relation.subject for f in two_names.facts() if f.relation.predicate == "on"]
    assert len(subjects) == len(set(subjects)), "one place each"


def test_an_undo_that_would_take_a_name_from_another_object_is_refused(
    two_names: LifelongMemory,
) -> None:
    merged = two_names.merge("red mug", "blue cup")
    two_names.correct("blue cup", "desk")  # The label means the red mug now.
    assert "blue cup" not in {o.name for o in two_names.world().objects}
    with pytest.raises(MemagentError, match=r"before operation-2, which builds on it"):
        two_names.undo(merged.id)
    assert two_names.undo().kind == "correct"
    assert two_names.undo(merged.id).kind == "merge"


def test_nonsense_is_refused_and_changes_nothing(two_names: LifelongMemory) -> None:
    before = _everything(two_names)
    for attempt in (
        lambda: two_names.merge("red mug", "red mug"),
        lambda: two_names.merge("red mug", "unicorn"),
        lambda: two_names.split("unicorn", since=1.0),
        lambda: two_names.split("red mug"),
        lambda: two_names.split("red mug", since=1e9),
        lambda: two_names.split("red mug", since=0.0),
        lambda: two_names.correct("red mug", "moon"),
        lambda: two_names.correct("fact-999", "desk"),
        lambda: two_names.correct(" ", "desk"),
        lambda: two_names.undo("banana"),
        lambda: two_names.undo("operation-7"),
    ):
        with pytest.raises(MemagentError):
            attempt()
    assert _everything(two_names) == before
    assert two_names.operations() == ()


def test_a_failed_write_leaves_no_half_merge(
    two_names: LifelongMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _everything(two_names)

    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "record", fail)
        with pytest.raises(StoreError):
            two_names.merge("red mug", "blue cup")
    assert _everything(two_names) == before
    assert len(two_names.world().objects) == 2


def test_of_overlapping_histories_the_object_is_at_one_place_at_a_time(
    memory: LifelongMemory,
) -> None:
    for stamp, place, spot in ((1.0, "desk", DESK), (5.0, "shelf", SHELF), (9.0, "desk", DESK)):
        show(memory, _seen(stamp, "red mug", spot, place))
        show(memory, _seen(stamp + 1.0, "blue cup", spot[::-1], "nightstand", 2))
    memory.merge("red mug", "blue cup")
    for stamp in range(14):
        assert len(memory.facts("red mug", as_of=float(stamp))) <= 1, stamp


def test_with_an_object_what_people_did_to_it_is_forgotten(two_names: LifelongMemory) -> None:
    two_names.merge("red mug", "blue cup")
    first = next(i for i in two_names.timeline() if i.kind == "object")
    two_names.forget(first.id)
    assert two_names.operations() == ()
    assert two_names.where("blue cup").candidates[0].last_seen is None


# --- split ------------------------------------------------------------------------------------


@pytest.fixture
def one_name(memory: LifelongMemory) -> LifelongMemory:
    """Two mugs that were never seen together: one stayed on the desk, one is on the shelf."""
    show(memory, mug_on_desk(1.0))
    show(memory, _seen(20.0, "red mug", SHELF, "shelf", 2))
    return memory


@pytest.mark.parametrize("how", [{"since": 10.0}, {"places": ("shelf",)}])
def test_split_two_objects_are_each_where_they_were_seen(
    one_name: LifelongMemory, how: dict[str, Any]
) -> None:
    before = _everything(one_name)
    operation = one_name.split("red mug", **how)
    assert operation.names == ("red mug", "red mug 2")
    assert _places(one_name) == {"red mug": "desk", "red mug 2": "shelf"}
    assert one_name.where("red mug").candidates[0].position == DESK
    # Each is recognised where it is from now on.
    show(one_name, _seen(30.0, "red mug", SHELF, "shelf", 7))
    assert _places(one_name) == {"red mug": "desk", "red mug 2": "shelf"}
    assert one_name.where("red mug 2").candidates[0].last_seen == 30.0
    one_name.undo()
    assert [o.name for o in one_name.world().objects] == ["red mug"]
    assert _places(one_name) == {"red mug": "shelf"}
    assert one_name.where("red mug").candidates[0].last_seen == 30.0, "seen since: it stays"
    assert set(_everything(one_name)["fact"]) == set(before["fact"])


def test_a_split_undone_at_once_leaves_every_row_as_it_was(one_name: LifelongMemory) -> None:
    before, world = _everything(one_name), one_name.world()
    one_name.split("red mug", since=10.0)
    one_name.undo()
    assert _everything(one_name) == before
    assert one_name.world() == world


def test_merge_takes_back_what_split_did(one_name: LifelongMemory) -> None:
    one_name.split("red mug", since=10.0)
    one_name.merge("red mug", "red mug 2")
    assert _places(one_name) == {"red mug": "shelf"}
    assert _places(one_name, as_of=5.0) == {"red mug": "desk"}


# --- correct ----------------------------------------------------------------------------------


def test_a_person_says_where_something_is(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    show(memory, percept(9.0))
    operation = memory.correct("mug", "shelf")
    assert operation.text == "a person says: red mug on the shelf (study)"
    (fact,) = memory.facts("red mug")
    assert (fact.relation.object, fact.source, fact.learned) == ("shelf", "person", 9.0)
    (old,) = memory.facts("red mug", as_of=5.0)
    assert (old.relation.object, old.valid_to) == ("desk", 9.0)
    (entry,) = memory.contradictions()
    assert entry.why == PERSON
    assert memory.where("red mug").candidates[0].place == "shelf"
    assert "shelf" in memory.recall(Query(text="mug shelf")).items[0].text


def test_a_wrong_fact_is_corrected_by_its_id(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    (fact,) = memory.facts("red mug")
    memory.correct(fact.id, "fridge")
    assert memory.facts("red mug")[0].relation.predicate == "in"
    memory.correct("red mug", "kitchen")
    assert memory.facts("red mug")[0].relation.predicate == "at"


def test_a_correction_can_be_taken_back(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    show(memory, percept(9.0))
    before, open_before = memory.where("red mug"), memory.facts("red mug")
    memory.correct("red mug", "shelf")
    memory.undo()
    assert memory.facts("red mug") == open_before
    assert memory.where("red mug") == before
    said = next(f for f in memory.history("red mug") if f.source == "person")
    assert said.valid_from == said.valid_to, "that it was said is kept, as never true"
    assert _places(memory, as_of=9.0) == {"red mug": "desk"}


def test_what_was_seen_after_a_correction_outlives_its_undoing(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.correct("red mug", "shelf")
    seen = _seen(20.0, "red mug", (2.1, 5.7, 0.645), "nightstand", 3)
    assert show(memory, seen) == (), "one frame does not overrule a person"
    watch(memory, seen, 20.2, 1.0)
    memory.undo()
    assert _places(memory) == {"red mug": "nightstand"}


def test_what_the_robot_thought_it_held_is_where_a_person_says(memory: LifelongMemory) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.correct("red mug", "desk")
    assert memory.world().holding == ""
    memory.undo()
    assert memory.world().holding == "red mug"


@pytest.mark.parametrize("what", ["red mug", "fact-1", "banana"])
def test_memory_after_a_correction_is_what_it_would_read_again(
    memory: LifelongMemory, what: str
) -> None:
    show(memory, mug_on_desk(1.0))
    memory.record(outcome("pick red mug @ desk", finished=5.0))
    memory.correct(what, "shelf")
    told = memory.world(), memory.facts(), memory.where("red mug"), memory.where("banana")
    memory._loaded = None
    assert told == (memory.world(), memory.facts(), memory.where("red mug"), memory.where("banana"))


def test_a_person_may_name_something_never_seen(memory: LifelongMemory) -> None:
    memory.correct("banana", "fridge")
    assert memory.where("banana").candidates[0].place == "fridge"
    memory.undo()
    assert memory.world().objects == ()


# --- any story --------------------------------------------------------------------------------

SPOTS: dict[str, Vector3] = {"desk": DESK, "shelf": SHELF, "nightstand": (2.1, 5.7, 0.645)}
sightings = st.tuples(
    st.just("see"), st.sampled_from(["red mug", "blue cup", "banana"]), st.sampled_from([*SPOTS])
)
repairs = st.one_of(
    st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("split"), st.sampled_from(NAMES), st.sampled_from([*SPOTS])),
    st.tuples(st.just("correct"), st.sampled_from(NAMES), st.sampled_from([*SPOTS])),
    st.tuples(st.just("take"), st.sampled_from(NAMES), st.just("")),
)


def _do(memory: LifelongMemory, stamp: float, action: str, name: str, other: str) -> None:
    if action == "see":
        watch(memory, _seen(stamp, name, SPOTS[other], other), stamp, 1.0)
    elif action == "take":
        memory.record(outcome(f"pick {name} @ desk", finished=stamp))
    elif action == "merge":
        memory.merge(name, other)
    elif action == "split":
        memory.split(name, places=(other,))
    else:
        memory.correct(name, other)


def _is_sound(memory: LifelongMemory) -> None:
    facts = memory.facts()
    things = [whereabouts_of(f.relation) for f in facts if whereabouts_of(f.relation)]
    assert len(things) == len(set(things)), "one place per object"
    assert sum(f.relation.predicate == "holding" for f in facts) <= 1
    assert set(things) <= {o.name for o in memory.world().objects} | {"I"}


@settings(max_examples=40, deadline=None, derandomize=True)
@example(
    before=[("see", "red mug", "desk")],
    middle=[("take", "banana", ""), ("correct", "banana", "nightstand")],
    after=[("take", "red mug", ""), ("split", "banana", "nightstand")],
)
@given(
    before=st.lists(sightings, min_size=1, max_size=6),
    middle=st.lists(repairs, max_size=4),
    after=st.lists(st.one_of(sightings, repairs), max_size=4),
)
def test_whatever_people_do_memory_stays_sound_and_undoing_it_at_once_changes_nothing(
    before: list[tuple[str, str, str]],
    middle: list[tuple[str, str, str]],
    after: list[tuple[str, str, str]],
) -> None:
    with LifelongMemory(":memory:") as memory:
        stamp = 0.0
        for step in (*before, *middle):
            stamp += 10.0
            rows, world = _everything(memory), memory.world()
            try:
                _do(memory, stamp, *step)
            except MemagentError:
                assert _everything(memory) == rows
                continue
            _is_sound(memory)
            if step[0] in ("merge", "split", "correct"):
                memory.undo()
                changed = {t: r for t, r in _everything(memory).items() if r != rows[t]}
                assert set(changed) <= {"fact", "item"}, "a fact once told is kept, as never true"
                assert memory.world().holding == world.holding
                assert memory.world().objects == world.objects
                _is_sound(memory)
                _do(memory, stamp, *step)
        for step in after:
            stamp += 10.0
            with suppress(MemagentError):
                _do(memory, stamp, *step)
            _is_sound(memory)
        while True:
            try:
                memory.undo()
            except MemagentError:
                break
            _is_sound(memory)
