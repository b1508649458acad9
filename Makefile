# What a clean clone needs, with nothing but Python (3.11 or newer) and make. `make help` lists the targets.
#
# Installing uses your own pip configuration as it is (index, proxy, certificates). Tests never do:
# tests/conftest.py takes every PIP_* and UV_* setting away.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV ?= .venv
PYTHON ?=
HOST ?= colab/2026.07-gpu
TIER ?= tier3
PYTEST_ARGS ?=
FUZZ ?= 100000
BENCH_ARGS ?=
EXAMPLES ?= 2000
SURVEY ?=
SURVEY_OUT ?= .survey
SURVEY_ARGS ?=
INSTALLS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r target text; do \
		printf '  make %-16s %s\n' "$$target" "$$text"; done

.PHONY: venv
venv: $(VENV)/.depguard ## .venv with depguard in it

.PHONY: plan
plan: $(VENV)/.depguard ## depguard plan tier3 on a real Colab baseline, against the live index (TIER=, HOST=)
	$(BIN)/depguard plan $(TIER) --host $(HOST)

.PHONY: test
test: $(VENV)/.depguard-dev ## the fast tests: no network, no real installers (PYTEST_ARGS=)
	$(BIN)/python -m pytest -m "not network and not referee" -n auto --dist loadfile $(PYTEST_ARGS)

.PHONY: test-referees
test-referees: $(VENV)/.depguard-dev ## the tests that ask a real pip or uv, over loopback (PYTEST_ARGS=)
	$(BIN)/python -m pytest -m "referee and not network" -n auto --dist load $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.depguard-dev ## every parser on EXAMPLES made-up texts (default 2000)
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/hostile -n auto --dist load -k "not emitters" $(PYTEST_ARGS)

.PHONY: test-network
test-network: $(VENV)/.depguard-dev ## the tests against the live index and the real installers (PYTEST_ARGS=)
	$(BIN)/python -m pytest -m network -n auto --dist loadfile $(PYTEST_ARGS)

.PHONY: survey
survey: $(VENV)/.depguard-dev ## depguard against real pip and uv on install lines that people run (SURVEY=DIR, SURVEY_ARGS=)
	@test -n "$(SURVEY)" || { \
		echo "survey: say where the install lines are: make survey SURVEY=DIR (CONTRIBUTING.md has the format)" >&2; exit 2; }
	PYTHONPATH=src:tests $(BIN)/python -m survey "$(SURVEY)" --out "$(SURVEY_OUT)" $(SURVEY_ARGS)

.PHONY: check
check: $(VENV)/.depguard-dev check-names ## types, style, import contracts, and that no machine is named
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# No tracked file names a package registry's host (the default index is found at run time) or a path
# of the machine it was written on. The quotes keep the patterns from matching themselves.
REGISTRIES := 'py''pi[.]org|python''hosted[.]org|py''pi[.]nvidia|download[.]py''torch[.]org|ana''conda[.]org'
MACHINES := '(^|[^[:alnum:]_.<>-])/(wo''rk|ro''ot|op''t/wheels|op''t/py''pi)(/|$$|[^[:alnum:]_])'

.PHONY: check-names
check-names:
	@git rev-parse --is-inside-work-tree >/dev/null 2>&1 || { echo "check-names: not a git checkout, skipped"; exit 0; }; \
	if git grep -nIE -e $(REGISTRIES) -e $(MACHINES); then \
		echo "check-names: the lines above name a registry or a machine" >&2; exit 1; fi

.PHONY: laws
laws: $(VENV)/.depguard-dev ## the laws of planning on EXAMPLES random universes (default 2000)
	LAW_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/planning -n auto --dist load -m law $(PYTEST_ARGS)

.PHONY: crosscheck
crosscheck: $(VENV)/.depguard-dev ## pip, uv and pip-tools asked about every tier on every host (15 minutes)
	$(BIN)/depguard crosscheck

.PHONY: bench-doctor
bench-doctor: $(VENV)/.depguard ## how long depguard doctor takes on 700 distributions and 1 GB
	$(BIN)/python bench/doctor.py

.PHONY: fuzz-binaries
fuzz-binaries: $(VENV)/.depguard-dev ## 100,000 mutated ELF files and wheels through the binary reader (FUZZ=)
	PYTHONPATH=src:tests $(BIN)/python tools/fuzz_binaries.py $(FUZZ)

.PHONY: bench
bench: $(VENV)/.depguard-dev ## measure against pip, uv and pip-compile; writes docs/benchmarks.md (BENCH_ARGS=)
	$(BIN)/python -m compileall -q src/depguard
	$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: lock-check
lock-check: $(VENV)/.depguard ## that the written files are in step with the policies (asks the index)
	$(BIN)/depguard lock --check

.PHONY: survey-lines
survey-lines: $(VENV)/.depguard ## what the parsers make of real install lines (INSTALLS=folder with colab.jsonl, notebooks.jsonl)
	@test -n "$(INSTALLS)" || { echo "survey-lines: say where the install lines are: make survey-lines INSTALLS=DIR" >&2; exit 2; }
	$(BIN)/python tools/survey/install_lines.py "$(INSTALLS)"

.PHONY: clean
clean: ## remove the virtual environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
		command -v "$$python" >/dev/null 2>&1 || continue; \
		if "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null; then \
			echo "using $$("$$python" --version 2>&1) ($$python) for $(VENV)"; \
			exec "$$python" -m venv $(VENV); \
		fi; \
		echo "$$python is $$("$$python" --version 2>&1): too old or without venv, looking on"; \
	done; \
	echo "depguard needs Python 3.11 or newer with venv (Debian: apt install python3-venv)." >&2; \
	echo "None was found; name one: make PYTHON=/path/to/python3.12" >&2; exit 1

$(VENV)/.depguard: $(VENV)/pyvenv.cfg pyproject.toml
	$(PIP) install --quiet --editable .
	@touch $@

# Dependency groups need pip 25.1.
$(VENV)/.depguard-dev: $(VENV)/.depguard pyproject.toml
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	$(PIP) install --quiet --group dev
	@touch $@
