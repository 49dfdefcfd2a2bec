# SPDX-License-Identifier: Apache-2.0
"""The command ``memagent``."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from memagent import __version__, resources
from memagent.commands.memory import app as memory_commands
from memagent.commands.tools import app as tools_commands
from memagent.config import read_yaml
from memagent.errors import ConfigError, MemagentError

app = typer.Typer(
    help="A lifelong memory, and an agent that lives by it, for robots on ROS 2.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
train = typer.Typer(help="Train what learns.", no_args_is_help=True)
app.add_typer(train, name="train")
console = Console(highlight=False)

BENCHMARKS = resources.CHECKOUT / "benchmarks"


def _fail(error: Exception) -> typer.Exit:
    console.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
    return typer.Exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        console.print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    # Before anyone's first import of mujoco: it chooses its OpenGL platform then and never again.
    os.environ.setdefault("MUJOCO_GL", "egl")


app.add_typer(memory_commands, name="memory")
app.add_typer(tools_commands, name="tools")


@app.command()
def up(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Choices such as robot:=FILE sim:=false seed:=3")
    ] = None,
    graph: Annotated[str, typer.Option(help="The node graph.")] = "configs/graph/full.yaml",
    logs: Annotated[Path, typer.Option(help="Where logs go.")] = Path("~/.memagent/log"),
) -> None:
    """Start the node graph as processes and keep it running until Ctrl-C."""
    from memagent.ros.bringup import run
    from memagent.ros.graph import load_graph

    try:
        chosen = dict(_choice(text) for text in arguments or [])
        nodes = load_graph(resources.find(graph)).resolve(chosen)
        run(nodes, logs.expanduser() / time.strftime("%Y%m%d-%H%M%S"), console.print)
    except MemagentError as error:
        raise _fail(error) from error


def _choice(text: str) -> tuple[str, str]:
    name, separator, value = text.partition(":=")
    if not separator:
        raise ConfigError(f"{text!r}: write name:=value, for example seed:=3")
    return name, value


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the simulated world.")] = 0,
    tasks: Annotated[int, typer.Option(help="Only the first N instructions.")] = 3,
    days: Annotated[int, typer.Option(help="Days to live through.")] = 2,
    speed: Annotated[float, typer.Option(help="Simulated seconds per second.")] = 1.0,
    ros: Annotated[bool, typer.Option(help="Over ROS 2, or all in one process.")] = True,
    out: Annotated[Path | None, typer.Option(help="Where results go.")] = None,
    require: Annotated[
        bool, typer.Option(help="Exit with 1 unless the last day succeeds.")
    ] = False,
) -> None:
    """Live through two days of a household: the same instructions twice, with memory kept."""
    from memagent.demo.run import run_demo

    folder = out or Path("runs") / f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        good = run_demo(folder, seed=seed, tasks=tasks, days=days, speed=speed, over_ros=ros)
    except MemagentError as error:
        raise _fail(error) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if require and not good:
        raise typer.Exit(1)


@app.command()
def doctor(
    memory_file: Annotated[Path, typer.Option(help="Where memory would live.")] = Path(
        "~/.memagent/memory.db"
    ),
) -> None:
    """Say what is installed, what is missing, and what to do about it."""
    from memagent.doctor import examine

    findings = examine(memory_file)
    for finding in findings:
        mark = (
            "[green]ok  [/]"
            if finding.ok
            else "[red]bad [/]"
            if finding.needed
            else "[yellow]less[/]"
        )
        console.print(f"{mark} {finding.subject}: {finding.detail}", soft_wrap=True)
        if not finding.ok:
            console.print(f"     → {finding.remedy}", soft_wrap=True)
    if any(not finding.ok and finding.needed for finding in findings):
        raise typer.Exit(1)


@app.command()
def ground(
    jsonl: Annotated[Path, typer.Option(help="Lines with id, instruction and objects.")],
    out: Annotated[Path, typer.Option(help="Where the lines with goals go.")],
) -> None:
    """Turn English instructions about known objects into goals, a line of JSON each."""
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from memagent.planner.grounding import BadLine, ground_lines

    columns = (TextColumn("grounded {task.completed} lines"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            lines = progress.add_task("", total=None)

            def on_line(bad: BadLine | None) -> None:
                progress.advance(lines)
                if bad is not None:
                    console.print(f"[bold red]error:[/] {escape(bad.reason)}", soft_wrap=True)

            good, bad = ground_lines(jsonl, out, on_line)
    except MemagentError as error:
        raise _fail(error) from error
    console.print(f"{good} goals in {out}", soft_wrap=True)
    if bad:
        raise _fail(ConfigError(f"{jsonl}: {bad} lines were left out"))


@train.command("world-model")
def train_world_model(
    config: Annotated[str, typer.Option(help="What to learn from, and how.")],
    out: Annotated[Path, typer.Option(help="Where the model and its checkpoint go.")] = Path(
        "runs"
    ),
) -> None:
    """Train a world model; started again after a stop, it goes on where it was."""
    from memagent.world_model.training import TrainingConfig, run

    try:
        settings = read_yaml(resources.find(config), TrainingConfig)
        path = run(settings, out / f"{Path(config).stem}.pt")
    except MemagentError as error:
        raise _fail(error) from error
    console.print(f"{path}: trained")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which table, or 'list'.")] = "list",
) -> None:
    """Measure one table of docs/benchmarks.md: memagent bench NAME --out DIR [--quick] ..."""
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py") if _is_table(path))
    if name == "list":
        console.print("\n".join(names))
        return
    if name not in names:
        raise _fail(ConfigError(f"no benchmark {name!r}; there are {', '.join(names)}"))
    try:
        load_benchmark(BENCHMARKS / f"{name}.py").main(context.args)
    except MemagentError as error:
        raise _fail(error) from error


def _is_table(path: Path) -> bool:
    return "def main(" in path.read_text(encoding="utf-8")


def load_benchmark(path: Path, name: str = "") -> Any:
    """Import a benchmark from its file; benchmarks are not part of the installed package.

    Args:
        path: the file.
        name: of the module; "" for the file's, which processes that it starts find it by.
    """
    sys.path.insert(0, str(path.parent))
    name = name or path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    app()
