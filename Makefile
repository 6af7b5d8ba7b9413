# The commands of the project. `make demo` and `make test` need Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Marks which lock an environment was installed from, so that a changed lock installs anew.
RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
SCALE ?= 1000000
ROWS ?= 200000
# Half a gigabyte that nothing else needs, so outside of the lock.
PYSPARK := 'pyspark>=4,<5'
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-strip-extras --custom-compile-command "make lock" --extra build --extra pages pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install dev demo test test-all test-spark bi lint format docs bench bench-spark bench-api lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(RUNTIME) ## Install what Repline needs into .venv, from the lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Repline needs Python 3.11 or newer, this is {v.major}.{v.minor}; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Repline into $(VENV) (a minute or two, once)"
	$(PIP_INSTALL) --require-hashes -r requirements.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

dev: $(DEV) ## Install the tools of development as well

$(DEV): requirements-dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing Repline and its development tools into $(VENV) (a minute or two, once)"
	$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(RUNTIME)

demo: $(RUNTIME) ## Run the main job on a synthetic company and show what it found
	$(BIN)/repline demo

test: $(DEV) ## Run the tests but for those that take whole companies the whole way
	$(BIN)/python -m pytest -m "not slow"

test-all: $(DEV) ## Run all tests
	$(BIN)/python -m pytest

test-spark: $(DEV) ## Refresh the demo company, and golden ones where they are, by DuckDB and by Spark, and compare every cell; needs Java
	$(PIP_INSTALL) $(PYSPARK)
	REPLINE_TEST_SPARK=1 $(BIN)/python -m pytest -n 0 tests/spark

# Superset's environment: outside of the lock, as it wants other versions of what Repline uses.
SUPERSET := $(VENV)/superset

$(SUPERSET)/.installed: docs/bi/superset/requirements.txt | $(DEV)
	$(BIN)/uv venv --quiet --clear $(SUPERSET)
	$(BIN)/uv pip install --quiet --python $(SUPERSET) -r docs/bi/superset/requirements.txt
	@touch $@

bi: $(DEV) $(SUPERSET)/.installed ## Import the dashboard into a new Superset and hold its charts against the marts; some minutes
	REPLINE_SUPERSET=$(CURDIR)/$(SUPERSET) $(BIN)/python -m pytest -n 0 tests/pipelines/test_superset.py

lint: $(DEV) ## Check style, types, SQL and the rooms' import bans
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt_project

format: $(DEV) ## Put code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix dbt_project

docs: $(RUNTIME) ## Write what is generated from the landing contract, the register of sources, the catalogue of KPIs, the settings and the marts
	$(BIN)/python -m ingestion.contract_macros dbt_project/macros/landing_contract.sql
	$(BIN)/python -m ingestion.contract_page docs/landing_contract.md
	$(BIN)/python -m ingestion.contract_models
	$(BIN)/python -m ingestion.register_parts
	$(BIN)/python -m pipelines.catalogue_files
	$(BIN)/python -m pipelines.settings_files
	$(BIN)/python -m pipelines.marts_page docs/marts.md

bench: $(DEV) ## Time every step: make bench SCALE=1000000 (calls)
	$(BIN)/python -m tests.benchmark.bench --calls $(SCALE)

bench-spark: $(DEV) ## Time a refresh on DuckDB and on Spark, side by side: make bench-spark SCALE=100000 (calls)
	$(PIP_INSTALL) $(PYSPARK)
	$(BIN)/python -m tests.benchmark.spark --calls $(SCALE)

bench-api: $(DEV) ## Time the loading of an API's pages against dlt's defaults: make bench-api ROWS=200000
	$(BIN)/python -m tests.benchmark.api_pages --rows $(ROWS)

lock: $(DEV) ## Resolve the dependencies of pyproject.toml anew
	$(LOCK) --extra dev --output-file requirements-dev.txt
	@# The runtime lock follows the development lock, so that tests run on what users get.
	sed -E 's/\[[a-z0-9,_-]+\]==/==/' requirements-dev.txt > $(VENV)/constraints.txt
	$(LOCK) --constraint $(VENV)/constraints.txt --output-file requirements.txt

clean: ## Remove the environment and caches (not your data)
	rm -rf $(VENV) build *.egg-info .hypothesis .pytest_cache .mypy_cache .ruff_cache dbt_project/target dbt_project/logs
