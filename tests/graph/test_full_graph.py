# SPDX-License-Identifier: Apache-2.0
"""The whole graph: its interfaces, and what it does when things go wrong in mid-task."""

import json
import math
import os
import signal
import sqlite3
import threading

import pytest
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from memagent.errors import MemagentError
from memagent.ros import qos
from memagent.ros.calls import NoAnswerError, wait_until
from memagent.ros.skill_client import SkillClient
from memagent.types import Code, SkillCall, TaskStatus
from memagent_interfaces import srv

pytestmark = [pytest.mark.graph, pytest.mark.slow]

NOWHEN = {"since": math.nan, "until": math.nan}


def in_background(graph, instruction):
    """Give an instruction on a thread; the result lands in the returned dict."""
    outcome = {}
    started = threading.Event()

    def on_feedback(kind, text, plan):
        if kind == "step":
            started.set()

    def work():
        try:
            outcome["result"] = graph.execute(instruction, on_feedback)
        except MemagentError as error:
            outcome["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert started.wait(30), "the task did not begin"
    outcome["join"] = lambda: thread.join(240) or not thread.is_alive()
    return outcome


def kill(graph, node):
    """SIGKILL a node and return its pid; the session starts it again."""
    pid = graph.processes.pids[node]
    os.kill(pid, signal.SIGKILL)
    return pid


def restarted(graph, node, pid):
    return wait_until(lambda: graph.processes.pids.get(node) not in (None, pid), 15)


def test_every_node_is_active(graph):
    for name in graph.processes.names:
        state = graph.ask(GetState, f"{name}/get_state").current_state
        assert state.id == State.PRIMARY_STATE_ACTIVE, name


def test_memory_answers_all_its_services(graph):
    banana = graph.ask(srv.Where, "memagent/memory/where", name="banana").belief
    assert 0.0 < sum(c.probability for c in banana.candidates) <= 1.0 + 1e-9
    note = graph.ask(srv.Remember, "memagent/memory/remember", text="the guest likes green tea")
    found = graph.ask(
        srv.Recall, "memagent/memory/recall", text="who drinks tea", limit=3, **NOWHEN
    )
    assert note.id in [item.id for item in found.items]
    timeline = graph.ask(srv.Timeline, "memagent/memory/timeline", limit=100, **NOWHEN)
    assert note.id in [item.id for item in timeline.items]
    nodes = graph.ask(srv.Graph, "memagent/memory/graph", budget=1000).nodes
    assert {"kitchen", "fridge"} <= set(nodes)
    graph.ask(srv.Forget, "memagent/memory/forget", id=note.id)
    with pytest.raises(MemagentError, match=note.id):
        graph.ask(srv.Forget, "memagent/memory/forget", id=note.id)


def test_the_camera_fills_spatial_memory_and_it_answers(graph):
    def near():
        return graph.ask(srv.Near, "memagent/memory/near", name="kitchen counter", radius=3.0)

    assert wait_until(lambda: math.isfinite(near().obstacle), 30), "no cloud was taken in"
    assert near().obstacle < 1.0
    lengths = graph.ask(
        srv.RouteLengths, "memagent/memory/route_lengths", goals=[near().position]
    ).lengths
    assert len(lengths) == 1
    unexplored = graph.ask(srv.Unexplored, "memagent/memory/unexplored").found
    assert "place" in {item.kind for item in unexplored}
    graph.ask(srv.Changed, "memagent/memory/changed", since=0.0)
    with pytest.raises(MemagentError, match="unicorn"):
        graph.ask(srv.Route, "memagent/memory/route", goal="unicorn")


def test_memory_is_exported_and_backed_up(graph):
    export, backup = graph.folder / "export.json", graph.folder / "backup.db"
    graph.ask(srv.Export, "memagent/memory/export", path=str(export))
    assert json.loads(export.read_text())
    graph.ask(srv.Snapshot, "memagent/memory/snapshot", path=str(backup))
    with sqlite3.connect(backup) as copy:
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_simple_instruction_succeeds_and_is_remembered(graph):
    kinds = []
    result = graph.execute("go to the desk", lambda kind, text, plan: kinds.append(kind))
    assert result.status is TaskStatus.SUCCEEDED, result
    assert {"plan", "step", "outcome"} <= set(kinds)
    found = graph.ask(
        srv.Recall, "memagent/memory/recall", text="go to the desk", kinds=["episode"], **NOWHEN
    )
    assert any("desk" in item.text for item in found.items)


def test_a_task_is_corrected_while_it_runs(graph):
    say = graph.node.create_publisher(String, "memagent/correction", qos.RELIABLE)
    assert wait_until(lambda: say.get_subscription_count() > 0, 10)
    steps = []

    def on_feedback(kind, text, plan):
        if kind == "step" and not steps:
            say.publish(String(data="no, to the kitchen counter"))
        if kind == "step":
            steps.append(text)

    result = graph.execute("go to the nightstand", on_feedback)
    assert result.status is TaskStatus.SUCCEEDED, result
    assert "kitchen counter" in result.reason
    assert "nightstand" in steps[0]


@pytest.mark.parametrize(
    ("instruction", "named"),
    [
        ("dance the tango", "dance"),
        ("put the unicorn in the fridge", "unicorn"),
        ("put the banana in the bathtub", "bathtub"),
        ("", "instruction"),
    ],
)
def test_what_is_not_understood_is_named(graph, instruction, named):
    result = graph.execute(instruction)
    assert result.status is TaskStatus.FAILED
    assert named in result.reason
    assert result.skills == 0


def test_a_skill_with_a_bad_argument_says_what_would_be_right(graph):
    outcome = SkillClient(graph.node).execute(SkillCall("open", place="desk"), lambda: False)
    assert outcome.code is Code.BAD_ARGUMENT
    assert "fridge" in outcome.message


def test_a_second_instruction_is_refused_while_one_runs(graph):
    first = in_background(graph, "go to the shelf")
    with pytest.raises(MemagentError, match="busy"):
        graph.execute("go to the desk")
    assert first["join"]()
    assert first["result"].status is TaskStatus.SUCCEEDED, first["result"]


def test_cancel_ends_the_task_and_frees_the_planner(graph):
    going = threading.Event()

    def on_feedback(kind, text, plan):
        if kind == "step":
            going.set()

    with pytest.raises(NoAnswerError, match="given up"):
        graph.tasks.execute("go to the nightstand", on_feedback, alive=lambda: not going.is_set())

    def noted():
        timeline = graph.ask(srv.Timeline, "memagent/memory/timeline", limit=1000, **NOWHEN)
        return any("CANCELED" in item.text for item in timeline.items)

    def is_free():
        message = graph.watch.statuses["planner"][1]
        return dict(zip(message.keys, message.values, strict=True)).get("busy") == 0.0

    assert wait_until(noted, 20)
    assert wait_until(is_free, 20)


def test_emergency_stop_ends_the_task_and_is_latched(graph):
    task = in_background(graph, "go to the dining table")
    graph.emergency_stop()
    assert task["join"]()
    assert task["result"].status is TaskStatus.FAILED
    assert "stop" in task["result"].reason
    outcome = SkillClient(graph.node).execute(SkillCall("look_at", "dining table"), lambda: False)
    assert outcome.code is Code.ESTOP
    graph.ask(Trigger, "memagent/estop_reset")
    assert graph.execute("go to the dining table").status is TaskStatus.SUCCEEDED


@pytest.mark.parametrize("node", ["memory", "preprocessor", "executor", "planner"])
def test_a_node_killed_in_mid_task_comes_back_and_the_task_ends(graph, node):
    before = graph.ask(srv.Remember, "memagent/memory/remember", text=f"before {node} was killed")
    task = in_background(graph, "go to the kitchen" if node == "planner" else "go to the desk")
    pid = kill(graph, node)
    assert restarted(graph, node, pid)
    assert task["join"](), "the task hangs"
    assert "result" in task, task.get("error")
    assert task["result"].status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED)
    assert wait_until(lambda: not graph.watch.inactive(graph.processes.names), 30)
    again = graph.execute("go to the chest")
    assert again.status is TaskStatus.SUCCEEDED, again
    found = graph.ask(srv.Recall, "memagent/memory/recall", text=f"before {node} killed", **NOWHEN)
    assert before.id in [item.id for item in found.items], "an acknowledged memory was lost"


def test_the_simulation_pauses_steps_and_resets(graph):
    def stamp():
        return graph.ask(srv.World, "memagent/memory/world").world.stamp

    with pytest.raises(MemagentError, match="pause"):
        graph.ask(srv.StepSimulation, "simulated_robot/step_simulation", steps=1, blocking=True)
    graph.ask(srv.SetPause, "simulated_robot/set_pause", paused=True)
    assert wait_until(lambda: stamp() == stamp(), 10)
    held = stamp()
    graph.ask(srv.StepSimulation, "simulated_robot/step_simulation", steps=500, blocking=True)
    graph.await_percept(held + 0.5)
    graph.ask(srv.SetPause, "simulated_robot/set_pause", paused=False)
    graph.await_percept(held + 2.0)
    with pytest.raises(MemagentError, match="day_1"):
        graph.ask(srv.ResetWorld, "simulated_robot/reset_world", keyframe="night")
    graph.reset_world(2)
    graph.await_percept(86_400.0)


def test_losing_the_simulation_ends_the_graph_with_a_reason(graph):
    """Last in this module: the world cannot be brought back."""
    task = in_background(graph, "go to the shelf")
    kill(graph, "simulated_robot")
    assert wait_until(lambda: bool(graph.failure), 10)
    assert "simulated_robot" in graph.failure
    assert task["join"]()
    assert "simulated_robot" in str(task["error"])
