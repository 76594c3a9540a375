# The whole project by five commands; CONTRIBUTING.md says more.
PYTHON ?= python3
PORT ?= 8000
# Another Python gets a folder of its own: `make test PYTHON=python3.13`.
VENV := .venv$(if $(filter-out python3,$(PYTHON)),-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

export PORT
# A clean locale-free start: the words are ours, the bytes are UTF-8.
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help run test torture check bench lock clean

help:
	@echo 'make run      the service with demo content on http://127.0.0.1:$(PORT)'
	@echo 'make test     all tests, those with a browser and PostgreSQL too'
	@echo 'make check    style, types, layers, templates, models against migrations'
	@echo 'make torture  the slow rounds: races, and five times the examples'
	@echo 'make bench    the table of speeds, as ratios to a floor app'
	@echo 'make lock     the locked requirements anew from pyproject.toml'

# pip's own settings of the machine may add places to look; the hashes decide what is installed.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet
EDITABLE := $(INSTALL) --no-deps --no-build-isolation --editable .

$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo 'Python has no venv here: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --requirement requirements.txt
	$(EDITABLE)
	@touch $@

$(DEV): requirements-dev.txt requirements.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --requirement requirements-dev.txt
	$(EDITABLE)
	@touch $(RUNTIME) $@

run: export REGAPP_DEMO := 1
run: export PATH := $(CURDIR)/$(BIN):$(PATH)
run: $(RUNTIME)
	@$(BIN)/regapp db upgrade
	@$(BIN)/regapp demo
	@mkdir -p instance
	@exec $(BIN)/supervisord --configuration deploy/supervisord.conf --user "$$(id -u)"

test: $(DEV)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --durations=10 $(ARGS)

# The browser looks at each page again, now at every width and in both colour schemes.
torture: export EVERYWHERE := 1
torture: $(DEV)
	$(BIN)/python -m pytest -m "torture or every_window or hypothesis" --hypothesis-profile torture \
	  --numprocesses auto --dist loadgroup --durations=10 $(ARGS)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint templates
	REGAPP_DEMO=1 $(BIN)/regapp db check

bench: $(DEV)
	$(BIN)/python -m bench

LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: $(DEV)
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	@touch $(RUNTIME) $(DEV)

clean:
	rm -rf .venv .venv-* build regapp.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
