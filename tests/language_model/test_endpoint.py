# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from memagent.language_model import (
    Endpoint,
    EndpointConfig,
    LanguageModelError,
    Prompt,
    Usage,
)

from .server import (
    breaks_off,
    completion,
    drips,
    drips_body,
    fails,
    hangs,
    hangs_up,
    only_knows,
    says,
    serving,
)

pytestmark = pytest.mark.unit

PROMPT = Prompt("plan", "You plan for a robot.", "Fetch the red mug.")
FITTING = {"place": "desk", "count": 2}


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    place: str
    count: int


def endpoint(url: str, **settings: Any) -> Endpoint:
    """One whose pauses take no time."""
    return Endpoint(EndpointConfig(url=url, model="small", **settings), wait=lambda seconds: None)


def test_a_typed_question_gets_a_typed_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBOT_KEY", "secret")
    with serving(says(FITTING)) as server:
        model = endpoint(server.url + "/", key_variable="ROBOT_KEY")
        assert model.ask(PROMPT, Answer) == Answer(place="desk", count=2)
    (asked,) = server.asked
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["Authorization"] == "Bearer secret"
    assert [m["content"] for m in asked["messages"]] == [PROMPT.system, PROMPT.user]
    assert (asked["model"], asked["temperature"], asked["seed"]) == ("small", 0.0, 0)
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["place", "count"]
    (usage,) = model.usage.values()
    assert (usage.answers, usage.requests) == (1, 1)
    assert (usage.prompt_tokens, usage.completion_tokens) == (11, 7)


def test_options_that_are_none_are_not_sent() -> None:
    with serving(says(FITTING)) as server:
        endpoint(server.url, temperature=None, seed=None).ask(PROMPT, Answer)
    assert not {"temperature", "seed"} & set(server.asked[0])
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    "content",
    [
        '<think>{"place": "no"} hm</think>\n{"place": "desk", "count": 2}',
        'Here you are:\n```json\n{"place": "desk", "count": 2}\n```\nGood luck!',
    ],
)
def test_an_answer_may_be_wrapped_in_words(content: str) -> None:
    with serving(says(content)) as server:
        assert endpoint(server.url).ask(PROMPT, Answer).place == "desk"


@pytest.mark.parametrize("mode", ["json_object", "text"])
def test_a_server_without_schemas_is_told_in_words(mode: str) -> None:
    with serving(only_knows(mode, FITTING)) as server:
        model = endpoint(server.url)
        model.ask(PROMPT, Answer)
        before = len(server.asked)
        model.ask(PROMPT, Answer)
    assert len(server.asked) == before + 1, "the second question knows the way"
    assert '"count"' in server.asked[-1]["messages"][0]["content"]


def test_a_refusal_of_all_ways_is_told_and_not_remembered() -> None:
    bad = [fails(400, "context too long")] * 3
    with serving(*bad, says(FITTING)) as server:
        model = endpoint(server.url)
        with pytest.raises(LanguageModelError, match="400 'context too long'"):
            model.ask(PROMPT, Answer)
        model.ask(PROMPT, Answer)
    assert server.asked[-1]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    "trouble",
    [fails(503), fails(429, "slow down", Retry_After="0"), hangs_up, breaks_off, says("{}")],
)
def test_what_may_pass_is_tried_again(trouble: Any) -> None:
    with serving(trouble, says(FITTING)) as server:
        model = endpoint(server.url)
        assert model.ask(PROMPT, Answer).count == 2
    assert len(server.asked) == 2
    assert model.usage["plan"].requests == 2


def test_the_server_says_how_long_to_wait() -> None:
    pauses: list[float] = []
    with serving(fails(429, Retry_After="3"), fails(500), says(FITTING)) as server:
        config = EndpointConfig(url=server.url, model="small", pause=0.4)
        Endpoint(config, wait=pauses.append).ask(PROMPT, Answer)
    assert pauses[0] == 3.0
    assert 0.4 <= pauses[1] <= 0.8, "doubled, with some chance in it"


def test_a_wait_longer_than_the_deadline_is_not_begun() -> None:
    with (
        serving(fails(429, "busy", Retry_After="3600")) as server,
        pytest.raises(LanguageModelError, match=r"429 'busy'.*deadline of 5\.0 s"),
    ):
        endpoint(server.url, deadline=5.0).ask(PROMPT, Answer)
    assert len(server.asked) == 1


@pytest.mark.parametrize("slow", [hangs, drips, drips_body])
def test_a_slow_server_ends_at_the_deadline(slow: Any) -> None:
    with serving(slow) as server:
        model = endpoint(server.url, deadline=0.3)
        began = time.monotonic()
        with pytest.raises(LanguageModelError, match=r"no answer within 0\.[23]"):
            model.ask(PROMPT, Answer)
        assert time.monotonic() - began < 5.0
        assert model.usage["plan"].answers == 0
        assert model.usage["plan"].seconds >= 0.3


def test_an_answer_that_does_not_fit_is_sent_back_with_what_is_wrong() -> None:
    with serving(says({"place": "desk", "count": "many"}), says(FITTING)) as server:
        assert endpoint(server.url).ask(PROMPT, Answer).count == 2
    *_, wrong, objection = server.asked[1]["messages"]
    assert wrong["role"] == "assistant"
    assert "many" in wrong["content"]
    assert "count" in objection["content"]
    assert "valid integer" in objection["content"]


@pytest.mark.parametrize(
    ("reaction", "said"),
    [
        (says({"place": "desk", "count": 1, "lie": 1}), r"lie: Extra inputs .*3 attempts"),
        (says("I would rather not."), "does not fit"),
        (says("", message={"refusal": "not allowed"}), "refuses: not allowed"),
        (says('{"place": "de', finish_reason="length"), "cut off; allow more of max_tokens"),
        (says("  "), "the answer is empty"),
        (lambda h: h.send(b"<html>"), "no chat completion"),
        (lambda h: h.send(b'{"choices": []}'), "no chat completion"),
        (lambda h: h.send(completion(FITTING).replace(b'"message"', b'"delta"')), "no chat compl"),
        (fails(401, "who are you"), r"401 'who are you'; is the right key in OPENAI_API_KEY\?"),
        (fails(404, "no such model"), "is 'small' one of its models"),
        (fails(500, "oops"), r"500 'oops' \(3 attempts\)"),
        (fails(301), "answered 301"),
        (hangs_up, r"\(3 attempts\)"),
    ],
)
def test_no_usable_answer_is_an_error_that_says_why(reaction: Any, said: str) -> None:
    with serving(reaction) as server, pytest.raises(LanguageModelError, match=said):
        endpoint(server.url).ask(PROMPT, Answer)


def test_nobody_there_is_an_error_that_names_the_address() -> None:
    with serving(says(FITTING)) as server:
        url = server.url
    with pytest.raises(LanguageModelError, match=f"small@{url}.*Refused"):
        endpoint(url).ask(PROMPT, Answer)


def test_a_key_may_end_with_a_line_and_one_that_cannot_be_sent_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(says(FITTING)) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "secret\n")
        endpoint(server.url).ask(PROMPT, Answer)
        assert server.headers[0]["Authorization"] == "Bearer secret"
        monkeypatch.setenv("OPENAI_API_KEY", "sec\nret")
        with pytest.raises(LanguageModelError, match="cannot be sent") as failed:
            endpoint(server.url).ask(PROMPT, Answer)
    assert "ret" not in str(failed.value).replace("retry", "")


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memagent.language_model.exchange.MOST_BYTES", 1000)
    with (
        serving(lambda handler: handler.send(b" " * 5000)) as server,
        pytest.raises(LanguageModelError, match="longer than 1000 bytes"),
    ):
        endpoint(server.url).ask(PROMPT, Answer)


def test_questions_are_accounted_by_kind() -> None:
    with serving(says(FITTING), says("{}"), says(FITTING)) as server:
        model = endpoint(server.url)
        model.ask(PROMPT, Answer)
        model.ask(Prompt("judge", "", "?"), Answer)
    assert set(model.usage) == {"plan", "judge"}
    assert model.usage["judge"].requests == 2
    total = sum(model.usage.values(), Usage())
    assert (total.answers, total.completion_tokens) == (2, 21)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "", "http://x:80800/v1"]
)
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(ValidationError, match="address of a server"):
        EndpointConfig(url=url, model="small")
