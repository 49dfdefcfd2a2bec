#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make this checkout ready to run: system libraries, .venv with pinned packages, ROS interfaces.

Run by ``make``; needs only Python's standard library. Every step is skipped when its inputs have
not changed, so that a second run takes well under a second. With ``--system-ros`` (chosen by
itself when a ROS 2 distribution is sourced) the distribution's rclpy and messages are used, and
the interfaces are built against them.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALL_INPUTS = ("pyproject.toml", "setup.py", "constraints.txt", "sim/setup.py", "sim/setup.cfg")
INTERFACES = ROOT / "ros_ws" / "src" / "memagent_interfaces"

# What MuJoCo needs to render on a machine without a GPU: EGL and Mesa's software rasteriser.
SYSTEM_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libEGL_mesa.so.0": "libegl-mesa0",
    "libGL.so.1": "libgl1",
    "swrast_dri.so": "libgl1-mesa-dri",
}
LIBRARY_FOLDERS = ("/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib")


def say(text: str) -> None:
    sys.stdout.write(f"[setup] {text}\n")
    sys.stdout.flush()


def run(command: list[str], **options: object) -> None:
    result = subprocess.run(command, **options)  # type: ignore[call-overload]
    if result.returncode != 0:
        say(f"failed: {' '.join(command)}")
        sys.exit(result.returncode)


def digest(*paths: Path, extra: str = "") -> str:
    value = hashlib.sha256(extra.encode())
    for path in sorted(paths):
        value.update(path.relative_to(ROOT).as_posix().encode())
        value.update(path.read_bytes())
    return value.hexdigest()


def is_done(step: str, key: str) -> bool:
    mark = VENV / f".memagent-{step}"
    return mark.exists() and mark.read_text() == key


def mark_done(step: str, key: str) -> None:
    (VENV / f".memagent-{step}").write_text(key)


# --- system libraries -------------------------------------------------------------------------


def _is_installed(library: str) -> bool:
    pattern = f"{library}*"
    return any(
        next(Path(folder).rglob(pattern), None) is not None
        for folder in LIBRARY_FOLDERS
        if Path(folder).is_dir()
    )


def system_libraries() -> None:
    """Install what rendering needs through apt, or print the command that does."""
    if os.environ.get("MUJOCO_GL") == "osmesa" or is_done("system", "1"):
        return
    missing = [
        package for library, package in SYSTEM_LIBRARIES.items() if not _is_installed(library)
    ]
    if missing:
        install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        if os.geteuid() == 0 and shutil.which("apt-get"):
            say(f"installing system libraries: {' '.join(missing)}")
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run(["apt-get", "update", "-qq"], env=environment)
            run([*install, "-qq"], env=environment)
        else:
            say("software rendering needs system libraries; please run, then try again:")
            say(f"    sudo apt-get update && sudo {' '.join(install)}")
            sys.exit(1)
    mark_done("system", "1")


# --- Python environment -----------------------------------------------------------------------


def interpreter() -> str:
    """A CPython that the ROS 2 wheels and the rest are built for; 3.11 is the one tested most."""
    candidates = [os.environ.get("PYTHON", ""), "python3.11", "python3.12", "python3.13", "python3"]
    for name in filter(None, candidates):
        path = shutil.which(name)
        if path is None:
            continue
        check = (
            "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
        )
        if subprocess.run([path, "-c", check], capture_output=True).returncode == 0:
            return path
    say(
        "needs CPython 3.11, 3.12 or 3.13 with venv "
        "(on Debian: apt-get install python3 python3-venv)"
    )
    sys.exit(1)


def environment(system_ros: bool) -> None:
    """Create .venv and install the pinned packages into it."""
    if not PYTHON.exists():
        python = interpreter()
        say(f"creating .venv with {python}")
        options = ["--system-site-packages"] if system_ros else []
        run([python, "-m", "venv", *options, str(VENV)])


def packages(system_ros: bool) -> None:
    key = digest(*(ROOT / name for name in INSTALL_INPUTS), extra=str(system_ros))
    if is_done("packages", key):
        return
    extras = "demo,policy,embed,dev" if system_ros else "demo,policy,embed,dev,ros"
    say("installing pinned packages into .venv (about 2.5 GB unpacked; minutes on a first run)")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
    run([*pip, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[{extras}]", "-e", f"{ROOT}/sim"])
    _settle_lark(pip)
    mark_done("packages", key)


def _settle_lark(pip: list[str]) -> None:
    """``lark-parser`` (which rosidl pulls in) and ``lark`` own the same package: keep the newer."""
    check = "import lark, sys; sys.exit(not lark.__version__.startswith('1.'))"
    if subprocess.run([str(PYTHON), "-c", check], capture_output=True).returncode != 0:
        run([*pip, "--force-reinstall", "--no-deps", "-c", str(ROOT / "constraints.txt"), "lark"])


# --- ROS interfaces ---------------------------------------------------------------------------


def repair_exported_paths() -> None:
    """Point the wheels' CMake exports at this Python.

    The generator exports name the include folders of the machine that built the wheels
    (/opt/python/cp3XX-cp3XX), which exist nowhere else.
    """
    script = (
        "import numpy, sysconfig; "
        "print(sysconfig.get_paths()['include']); print(numpy.get_include())"
    )
    found = subprocess.run([str(PYTHON), "-c", script], capture_output=True, text=True, check=True)
    include, numpy_include = found.stdout.split()
    for path in VENV.glob("share/*/cmake/*_pyExport.cmake"):
        text = path.read_text()
        words = []
        for word in text.replace(";", "\0;\0").replace('"', '\0"\0').split("\0"):
            if word.startswith("/opt/python/"):
                word = numpy_include if "numpy" in word else include
            words.append(word)
        repaired = "".join(words)
        if repaired != text:
            path.write_text(repaired)


def interfaces(system_ros: bool) -> None:
    """Build memagent_interfaces with colcon into .venv."""
    sources = [p for p in INTERFACES.rglob("*") if p.is_file()]
    key = digest(*sources, ROOT / "constraints.txt", extra=f"{system_ros}{sys.version_info[:2]}")
    if is_done("interfaces", key):
        return
    say("building memagent_interfaces with colcon (about a minute)")
    build = ROOT / "ros_ws" / "build"
    shutil.rmtree(build, ignore_errors=True)  # stale generated code survives a renamed field
    env = {**os.environ, "MAKEFLAGS": f"-j{os.cpu_count() or 1}"}
    if not system_ros:
        repair_exported_paths()
        env |= {
            "VIRTUAL_ENV": str(VENV),
            "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
            "AMENT_PREFIX_PATH": str(VENV),
            "CMAKE_PREFIX_PATH": str(VENV),
            "LD_LIBRARY_PATH": str(VENV / "lib"),
        }
    log = build / "memagent_interfaces.log"
    log.parent.mkdir(parents=True)
    colcon = shutil.which("colcon") if system_ros else str(VENV / "bin" / "colcon")
    command = [
        *([str(colcon), "--log-base", str(build / "log"), "build"]),
        *("--base-paths", str(INTERFACES), "--build-base", str(build)),
        *(
            "--install-base",
            str(VENV),
            "--merge-install",
            "--packages-select",
            "memagent_interfaces",
        ),
        *("--cmake-args", f"-DPython3_EXECUTABLE={PYTHON}", "-DBUILD_TESTING=OFF", "-Wno-dev"),
    ]
    with log.open("w") as output:
        result = subprocess.run(command, env=env, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.stdout.write(log.read_text()[-8000:])
        say(f"the build failed; the whole log is {log}")
        sys.exit(1)
    mark_done("interfaces", key)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    sourced = bool(os.environ.get("ROS_DISTRO")) and bool(os.environ.get("AMENT_PREFIX_PATH"))
    parser.add_argument("--system-ros", action="store_true", default=sourced)
    options = parser.parse_args()
    environment(options.system_ros)
    system_libraries()
    packages(options.system_ros)
    interfaces(options.system_ros)


if __name__ == "__main__":
    main()
