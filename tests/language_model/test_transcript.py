# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from memagent.language_model import LanguageModelError, Prompt, Transcript

pytestmark = pytest.mark.unit

PROMPT = Prompt("plan", "You plan.", "Fetch the mug.")


class Answer(BaseModel):
    text: str


class Echo:
    """Answers with the question, and counts."""

    id = "echo"

    def __init__(self) -> None:
        self.asked = 0

    def ask(self, prompt: Prompt, shape: type[Answer]) -> Answer:
        self.asked += 1
        return shape(text=f"{prompt.user} {self.asked}")


def test_asked_twice_a_question_costs_once_also_for_the_next_run(tmp_path: Path) -> None:
    echo, path = Echo(), tmp_path / "runs" / "plan.jsonl"
    first = Transcript(path, echo)
    assert first.ask(PROMPT, Answer) == first.ask(PROMPT, Answer)
    assert Transcript(path, echo).ask(PROMPT, Answer).text == "Fetch the mug. 1"
    assert echo.asked == 1
    first.ask(Prompt("plan", "You plan.", "Fetch the cup."), Answer)
    first.ask(Prompt("plan", "You plan well.", "Fetch the mug."), Answer)
    assert echo.asked == 3


def test_a_run_is_replayed_without_a_model(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    Transcript(path, Echo()).ask(PROMPT, Answer)
    replayed = Transcript(path)
    assert replayed.ask(PROMPT, Answer).text == "Fetch the mug. 1"
    with pytest.raises(LanguageModelError, match="holds no answer to this 'plan'"):
        replayed.ask(Prompt("plan", "", "Something else."), Answer)


def test_what_a_crash_cut_off_is_left_out_and_written_over(tmp_path: Path) -> None:
    echo, path = Echo(), tmp_path / "plan.jsonl"
    Transcript(path, echo).ask(PROMPT, Answer)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    again = Transcript(path, echo)
    again.ask(PROMPT, Answer)
    assert echo.asked == 1
    again.ask(Prompt("plan", "", "Fetch the cup."), Answer)
    assert len(path.read_text().splitlines()) == 2
    assert Transcript(path).ask(PROMPT, Answer)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nonsense\n", r"plan.jsonl:1: is no line of a transcript"),
        ('{"schema": 9, "key": "", "answer": {}, "model": ""}\n', "has version 9, and .* reads 1"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_transcript_is_an_error(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "plan.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(LanguageModelError, match=said):
        Transcript(path)


def test_an_answer_that_no_longer_fits_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    Transcript(path, Echo()).ask(PROMPT, Answer)
    path.write_text(path.read_text().replace('{"text": "Fetch the mug. 1"}', '{"text": 3}'))
    with pytest.raises(LanguageModelError, match="its answer to 'plan' is no Answer"):
        Transcript(path).ask(PROMPT, Answer)
