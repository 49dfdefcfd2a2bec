# SPDX-License-Identifier: Apache-2.0
"""Set-up: the steps that have gone wrong on other machines."""

import importlib.util
import subprocess

import pytest

from memagent.resources import CHECKOUT

pytestmark = pytest.mark.unit


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("bootstrap", CHECKOUT / "ros_ws/bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    return module


def test_exported_include_paths_point_to_this_python(bootstrap, tmp_path, monkeypatch):
    export = tmp_path / "share/msgs/cmake/msgs__rosidl_generator_pyExport.cmake"
    export.parent.mkdir(parents=True)
    wheel = "/opt/python/cp311-cp311"
    export.write_text(
        f'INCLUDES "{wheel}/include/python3.11;'
        f'{wheel}/lib/python3.11/site-packages/numpy/_core/include;/usr/include"\n'
    )
    answer = subprocess.CompletedProcess([], 0, "/here/python\n/here/numpy\n")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *a, **k: answer)
    bootstrap.repair_exported_paths()
    assert export.read_text() == 'INCLUDES "/here/python;/here/numpy;/usr/include"\n'


def test_a_step_is_repeated_only_when_its_inputs_change(bootstrap):
    assert not bootstrap.is_done("packages", "one")
    bootstrap.mark_done("packages", "one")
    assert bootstrap.is_done("packages", "one")
    assert not bootstrap.is_done("packages", "two")


def test_missing_libraries_are_named_with_the_command_where_apt_is_not_allowed(
    bootstrap, monkeypatch, capsys
):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(bootstrap, "LIBRARY_FOLDERS", ())
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit):
        bootstrap.system_libraries()
    assert "sudo apt-get install -y --no-install-recommends libegl1" in capsys.readouterr().out
