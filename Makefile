# make run    set up, compare the three strategies in both worlds, write out/report.html
# make dashboard   set up, open the dashboard
# make test   set up with the tools of developers, smoke test on further interpreters, all tests
# make lint   style, format and types

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run dashboard test lint smoke browser clean

VENV := .venv
PYTHON := $(VENV)/bin/python
PINS := pyproject.toml constraints.txt scripts/venv
MODULES := $(wildcard sim/*.py sim/*/*.py)

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile

$(VENV)/.installed: $(PINS)
	@scripts/venv $(VENV) .
	@touch $@

$(VENV)/.installed-dev: $(PINS)
	@scripts/venv $(VENV) '.[dev]'
	@touch $@ $(VENV)/.installed

# Compiled kernels are kept on disk, so that the first comparison need not wait for the compiler.
$(VENV)/.warm: $(VENV)/.installed $(MODULES)
	@$(PYTHON) -m sim.warm
	@touch $@

run: $(VENV)/.warm
	@$(VENV)/bin/arrears compare baseline --strategies traditional,ai_tiered,app_based \
	    --worlds evidence,report --runs 20 --out out

dashboard: $(VENV)/.warm
	@$(VENV)/bin/arrears dashboard

browser:
	@scripts/browser

smoke: $(VENV)/.installed-dev
	@scripts/smoke $(PYTHON)
	@touch $(VENV)/.warm

# The main run comes last: its summary is the last line. Tests of one file stay together, as they share what they set up,
# and the longest files come first (tests/conftest.py).
# The smoke tests compile the kernels before, or every process of the tests would compile them.
test: $(VENV)/.installed-dev browser smoke
	@$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed-dev
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

clean:
	rm -rf $(VENV) .venvs out build dist
