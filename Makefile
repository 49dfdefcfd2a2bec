# Both `make demo` and `make test` set up what is missing first; a second run starts in seconds.
PYTHON := .venv/bin/python
BOOTSTRAP := $(shell command -v python3.11 || command -v python3)
# Software rendering is chosen where there is no GPU; must be set before MuJoCo is first imported.
export MUJOCO_GL ?= egl
export PYTHONUNBUFFERED := 1
SEED ?= 0
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format doctor clean

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Create .venv, install pinned packages, build the ROS interfaces.
	@$(BOOTSTRAP) ros_ws/bootstrap.py

demo: setup  ## Run the main job: three instructions on two days over real ROS 2 (SEED=0, ARGS=...).
	@$(PYTHON) -m memagent.cli demo --seed $(SEED) $(ARGS)

test: setup  ## Run the tests (ARGS="-m unit" for the fast ones).
	@OMP_NUM_THREADS=1 $(PYTHON) -m pytest $(ARGS)

lint: setup  ## Check style, types and the arrows between regions.
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo

format: setup  ## Format the code.
	@$(PYTHON) -m ruff check --fix . ; $(PYTHON) -m ruff format .

doctor: setup  ## Say what is installed, what is missing, and what to do about it.
	@$(PYTHON) -m memagent.cli doctor

clean:  ## Remove what set-up and runs have made, but no memory.
	rm -rf .venv ros_ws/build ros_ws/install ros_ws/log runs results
