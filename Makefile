# make demo    the main job on a sample database made on the spot; a good first thing to run
# make app     an example: an employee manager in a window, with invented people and backups to restore from
# make test    set up and run all tests
# make lint    format, style, types on three platforms, direction of imports
# make bench   measure beside restic, borg, litestream and plain copies (long: `make bench CASES="process month"`)
# make torture try every claim about what survives which fault (`make torture SIZE=--nightly CAMPAIGNS="kill fuzz"`)
# make mutation  put small mistakes into the code that decides about deletion, and count those that no test notices
# make coverage  which ways through the core no test goes; all must be gone in the code that decides about deletion
# make clean   remove everything that can be made again, except the results of benchmarks
#
# Needs Python 3.11 or newer and, on Debian, the package python3-venv. Everything else goes into $(VENV).
# Another Python: make PYTHON=python3.13 VENV=.venv-3.13 test

PYTHON ?= python3
VENV   ?= .venv
CASES  ?=
CAMPAIGNS ?=
SIZE   ?=
MODULES ?=
PYTEST ?= -n auto --dist worksteal

BIN     := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo app test lint bench torture mutation coverage clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed
	$(BIN)/python -m demo.run

app: $(VENV)/.app-tools
	$(BIN)/python -m examples.employees --sample --database app-data/employees.db

test: $(VENV)/.test-tools
	$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/.test-tools $(VENV)/.lint-tools
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 src demo benchmarks examples
	$(BIN)/mypy --platform darwin src demo benchmarks examples
	$(BIN)/lint-imports

bench: $(VENV)/.bench-tools
	$(BIN)/python -m benchmarks.run $(foreach case,$(CASES),--case $(case))

torture: $(VENV)/.test-tools
	$(BIN)/python tests/torture $(CAMPAIGNS) $(SIZE)

mutation: $(VENV)/.test-tools
	$(INSTALL) --group mutation
	$(BIN)/python tests/torture/mutation.py $(MODULES) --results tests/torture/results

coverage: $(VENV)/.test-tools
	$(INSTALL) --group mutation
	$(BIN)/python tests/torture/branches.py --results tests/torture/results

clean:
	rm -rf $(VENV) demo-output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests demo benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp below is touched when its step has succeeded, so that the next run starts at once. A changed pyproject.toml
# installs again. Recent pip is needed for `--group`.

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11; choose another one: make PYTHON=python3.13 ..."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(INSTALL) --upgrade 'pip>=25.1'
	$(INSTALL) --editable .
	@$(BIN)/python -m compileall -q src  # as the installation of a wheel does; else every start may compile anew
	@touch $@

$(VENV)/.app-tools: $(VENV)/.installed
	@$(BIN)/python -c 'import tkinter' 2>/dev/null || \
	  { echo "this Python has no tkinter; on Debian and Ubuntu: apt install python3-tk"; exit 1; }
	$(INSTALL) --editable '.[gui,peewee]'
	@touch $@

$(VENV)/.test-tools: $(VENV)/.installed
	$(INSTALL) --group test
	@touch $@

$(VENV)/.lint-tools: $(VENV)/.installed
	$(INSTALL) --group lint
	@touch $@

$(VENV)/.bench-tools: $(VENV)/.installed benchmarks/requirements.txt benchmarks/install-peers
	benchmarks/install-peers
	$(INSTALL) --requirement benchmarks/requirements.txt
	@touch $@
