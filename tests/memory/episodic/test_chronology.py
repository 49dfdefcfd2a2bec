# SPDX-License-Identifier: Apache-2.0
"""Order questions: right at any distance, or unknown, never guessed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memagent.memory import LifelongMemory, MemoryConfig, StoreConfig
from memagent.site import Site
from memagent.types import Code, TaskResult, TaskStatus

from ..scenes import DAY, mug_on_desk, outcome, percept, show, watch

pytestmark = pytest.mark.unit

QUICK = MemoryConfig(store=StoreConfig(durability="normal"))
THINGS = ("red mug", "mug", "banana", "tea box", "blue mug", "spoon", "pink sponge")
DEEDS = ("saw", "heard about", "cleaned", "picked", "lost")


# --- at any distance --------------------------------------------------------------------------


def test_order_among_a_thousand_events_is_right_at_any_distance(path: Path) -> None:
    dice = random.Random(5)
    names = [f"{dice.choice(DEEDS)} the {dice.choice(THINGS)} number {n}" for n in range(1000)]
    dice.shuffle(names)
    stamps: list[float] = []
    with LifelongMemory(path, config=QUICK) as memory:
        for name in names:
            stamps.append((stamps[-1] if stamps else 0.0) + dice.choice([0.1, 5.0, 3600.0, DAY]))
            memory.remember(name, stamp=stamps[-1])
        asked = right = 0
        for distance in (1, 2, 5, 10, 50, 100, 300, 500, 700, 990, 999):
            for _ in range(min(40, 1000 - distance)):
                i = dice.randrange(1000 - distance)
                a, b = names[i], names[i + distance]
                before, after = memory.chronology.before(a, b), memory.chronology.before(b, a)
                right += (before.value, after.value) == (True, False)
                right += [x.text for x in before.evidence] == [a, b]
                right += memory.chronology.after(b, a).value is True
                right += memory.chronology.first(b, a).evidence[0].text == a
                right += memory.chronology.last(a, b).value == stamps[i + distance]
                asked += 5
    assert asked >= 1500
    assert right == asked


Happening = tuple[str, float]
happenings = st.lists(
    st.tuples(
        st.builds("{} the {}".format, st.sampled_from(DEEDS), st.sampled_from(THINGS)),
        st.one_of(st.floats(0.0, 1e5, allow_nan=False), st.sampled_from([3.0, 4.0, 5.0])),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(happenings, st.data())
def test_every_answer_agrees_with_what_happened(
    tmp_path_factory: pytest.TempPathFactory, happened: list[Happening], data: st.DataObject
) -> None:
    """Whatever is repeated, simultaneous, told out of order, or contained in other words."""
    path = tmp_path_factory.mktemp("order") / "robot.memory"
    asked = st.builds("{} the {}".format, st.sampled_from(DEEDS), st.sampled_from(THINGS))
    with LifelongMemory(path, config=QUICK) as memory:
        for text, stamp in happened:
            memory.remember(text, stamp=stamp)
        for _ in range(12):
            a, b = data.draw(asked), data.draw(asked)
            at, bt = _meant(a, happened), _meant(b, happened)
            answer = memory.chronology.before(a, b)
            assert answer.value is _truth(at, bt, same=bool(set(at) & set(bt)))
            assert answer.known == (answer.value is not None)
            first = memory.chronology.first(a)
            assert first.value == (min(s for _, s in at) if at else None)
            last = memory.chronology.last(a)
            assert last.value == (max(s for _, s in at) if at else None)


def _meant(text: str, happened: list[Happening]) -> list[Happening]:
    """Those that say exactly this, else those that say it among other words."""
    exact = [h for h in happened if h[0] == text]
    return exact or [h for h in happened if set(text.split()) <= set(h[0].split())]


def _truth(at: list[Happening], bt: list[Happening], same: bool) -> bool | None:
    if not at or not bt or same:
        return None
    pairs = [(a, b) for _, a in at for _, b in bt]
    if all(a < b for a, b in pairs):
        return True
    if all(a > b for a, b in pairs) or all(a == b for a, b in pairs):
        return False
    return None


# --- what is meant ----------------------------------------------------------------------------


@pytest.fixture
def day(memory: LifelongMemory) -> LifelongMemory:
    show(memory, mug_on_desk(1.0))
    memory.begin_episode("put the red mug in the top drawer")
    memory.record(outcome("pick red mug @ desk", Code.GRASP_FAILED, finished=10.0))
    memory.record(outcome("pick red mug @ desk", finished=20.0, took=8.0))
    memory.record(outcome("open @ top drawer", finished=30.0))
    memory.record(outcome("place red mug @ top drawer", finished=40.0))
    memory.end_episode(TaskResult(TaskStatus.SUCCEEDED, ""))
    memory.begin_episode("bring the banana")
    memory.record(outcome("open @ fridge", finished=100.0))
    show(memory, percept(160.0))
    return memory


def test_questions_are_asked_in_everyday_words(day: LifelongMemory) -> None:
    ask = day.chronology
    for a, b in (
        ("you took the red mug", "you put the red mug in the top drawer"),
        ("picking up the red mug", "putting down the mug in the drawer"),
    ):
        answer = ask.before(a, b)
        assert answer.value is True
        assert [i.text for i in answer.evidence] == [
            "pick(red mug, desk) OK", "place(red mug, top drawer) OK",
        ]  # fmt: skip
    assert not ask.before("throwing the red mug", "opened the fridge").known
    assert ask.after("opened the fridge", "opened the top drawer").value is True
    assert ask.before("opened the fridge", "opened the top drawer").value is False
    assert ask.first("opened").evidence[0].text == "open(top drawer) OK"
    assert ask.last("opened").evidence[0].text == "open(fridge) OK"


def test_an_attempt_that_succeeded_is_meant_unless_none_did(day: LifelongMemory) -> None:
    assert day.chronology.first("pick the red mug").value == 12.0
    failed = day.chronology.first("pick red mug grasp failed")
    assert [i.data["code"] for i in failed.evidence] == ["GRASP_FAILED"]


def test_how_long_ago_and_how_long_it_took(day: LifelongMemory) -> None:
    assert day.chronology.how_long_ago("opened the top drawer").value == 130.0
    took = day.chronology.how_long("pick the red mug")
    assert (took.value, took.text) == (8.0, "8 s: pick(red mug, desk) OK")
    held = day.chronology.how_long("robot holds the red mug")
    assert held.value == 20.0
    lying = day.chronology.how_long("red mug in the top drawer kitchen")
    assert (lying.value, lying.text.split(":")[0]) == (120.0, "120 s so far")


def test_how_long_an_event_lasted_is_from_its_boundaries(memory: LifelongMemory) -> None:
    show(memory, percept(10.0, summary="vacuuming the study", boundary=True))
    show(memory, percept(50.0, summary="mopping the kitchen", boundary=True))
    show(memory, percept(57.0))
    memory.remember("the bell rang", stamp=60.0)
    assert memory.chronology.how_long("vacuuming").value == 40.0
    assert memory.chronology.how_long("mopping").value == 7.0
    assert "so far" in memory.chronology.how_long("mopping").text
    moment = memory.chronology.how_long("bell rang")
    assert not moment.known
    assert [i.text for i in moment.evidence] == ["the bell rang"]


def test_a_whole_task_is_meant_where_no_step_says_so(day: LifelongMemory) -> None:
    day.end_episode(TaskResult(TaskStatus.FAILED, "too slow"))
    answer = day.chronology.how_long("bring the banana")
    assert answer.value == 160.0 - 40.0
    assert answer.evidence[0].kind == "episode"
    assert day.chronology.before("open the top drawer", "bring the banana").value is True
    overlapping = day.chronology.before("open the fridge", "bring the banana")
    assert (overlapping.known, overlapping.text) == (False, "unknown: they overlap")


@pytest.mark.parametrize("text", ["the xylophone", "", "???", "open the oven", '"', "NEAR("])
def test_what_is_not_remembered_is_unknown(day: LifelongMemory, text: str) -> None:
    ask = day.chronology
    for answer in (
        ask.before(text, "opened the fridge"), ask.after("opened the fridge", text),
        ask.first(text), ask.last("opened the fridge", text), ask.how_long_ago(text),
        ask.how_long(text),
    ):  # fmt: skip
        assert (answer.known, answer.value) == (False, None)
        assert answer.text.startswith("unknown: nothing that is remembered says")
    assert not ask.first().known


def test_what_was_repeated_is_answered_if_it_does_not_matter_which(
    memory: LifelongMemory,
) -> None:
    for stamp, text in ((1.0, "rang the bell"), (5.0, "fed the cat"), (9.0, "fed the cat"),
                        (11.0, "closed the door"), (13.0, "rang the bell")):  # fmt: skip
        memory.remember(text, stamp=stamp)
    ask = memory.chronology
    assert ask.before("fed the cat", "closed the door").value is True
    unclear = ask.before("rang the bell", "fed the cat")
    assert (unclear.known, len(unclear.evidence)) == (False, 4)
    assert ask.before("rang the bell", "fed the cat", until=10.0).value is True
    assert ask.before("rang the bell", "fed the cat", since=8.0).value is False
    assert not ask.before("fed the cat", "the cat").known, "they may be the same"


def test_at_the_same_time_is_neither_before_nor_after(memory: LifelongMemory) -> None:
    for text, stamp in (("bell", 5.0), ("cat", 5.0), ("dog", 5.0), ("dog", 9.0)):
        memory.remember(text, stamp=stamp)
    ask = memory.chronology
    assert (ask.before("bell", "cat").value, ask.after("bell", "cat").value) == (False, False)
    assert not ask.before("bell", "dog").known, "one dog came later, one did not"
    assert not ask.first("bell", "cat").known
    memory.record(outcome("open @ fridge", finished=20.0))
    memory.record(outcome("close @ fridge", finished=25.0, took=5.0))
    assert ask.before("open fridge", "close fridge").value is True, "one ends as the other begins"


def test_summaries_of_old_steps_do_not_blur_the_order(memory: LifelongMemory) -> None:
    for n in range(80):
        show(memory, percept(10.0 * n, summary=f"passing tree {n}", boundary=True))
    assert memory.stats()["item"] > 80, "some were summarised"
    assert memory.chronology.before("tree 3", "tree 4").value is True
    assert memory.chronology.how_long("tree 3").value == 10.0


def test_answers_are_the_same_after_a_restart(path: Path, site: Site) -> None:
    with LifelongMemory(path, site) as memory:
        watch(memory, mug_on_desk(1.0), 1.0, 3.0)
        memory.record(outcome("pick red mug @ desk", finished=10.0))
        asked = memory.chronology.how_long("red mug on desk"), memory.chronology.first("pick mug")
    with LifelongMemory(path, site) as memory:
        assert asked == (
            memory.chronology.how_long("red mug on desk"), memory.chronology.first("pick mug")
        )  # fmt: skip
