# SPDX-License-Identifier: Apache-2.0
"""The command line: what it offers and what it refuses."""

import pytest
from typer.testing import CliRunner

from memagent import __version__, doctor
from memagent.cli import app

pytestmark = pytest.mark.unit


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_it_knows_its_version():
    assert invoke("--version").output.strip() == __version__


def test_it_lists_its_benchmarks_and_names_them_for_a_wrong_one():
    assert {"graph", "lifelong", "memory_truth"} <= set(invoke("bench").output.split())
    wrong = invoke("bench", "lifelog")
    assert wrong.exit_code == 1
    assert "lifelog" in wrong.output
    assert "lifelong" in wrong.output


def test_an_argument_of_the_graph_must_be_a_choice():
    wrong = invoke("up", "seed=3")
    assert wrong.exit_code == 1
    assert "seed:=3" in wrong.output


def test_a_demonstration_never_overwrites_an_earlier_memory(tmp_path):
    (tmp_path / "memory.db").write_bytes(b"precious")
    refused = invoke("demo", "--out", str(tmp_path), "--no-ros")
    assert refused.exit_code == 1
    assert "earlier run" in refused.output
    assert (tmp_path / "memory.db").read_bytes() == b"precious"


def test_the_doctor_fails_only_for_what_is_needed(monkeypatch):
    def findings(needed):
        return lambda file: (
            doctor.Finding("Python", True, "3.11"),
            doctor.Finding("torch", False, "not there", "pip install torch", needed),
        )

    monkeypatch.setattr(doctor, "examine", findings(needed=False))
    assert invoke("doctor").exit_code == 0
    monkeypatch.setattr(doctor, "examine", findings(needed=True))
    sick = invoke("doctor")
    assert sick.exit_code == 1
    assert "pip install torch" in sick.output


def test_a_full_disk_is_found(tmp_path, monkeypatch):
    usage = doctor.shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage)
    finding = doctor._disk(tmp_path / "new" / "memory.db")
    assert not finding.ok
    assert str(tmp_path) in finding.remedy
