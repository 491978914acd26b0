# Everything a person types. It needs Python >= 3.11 and make; the rest it brings itself into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11

.PHONY: help up demo test test-full check format bench bench-quick faults model lock sbom pictures clean dev runtime chromium

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: runtime ## Start Stigmer: database, Redis, web server, workers
	@exec $(BIN)/stigmer up

demo: runtime ## Start the demo service alone
	@exec $(BIN)/stigmer demo

test: check chromium ## Run the gates and every test; the database tests on SQLite and on PostgreSQL
	$(PYTEST) -n 2 -m "not slow"
	STIGMER_TEST_DATABASE=postgres $(PYTEST) -n 2 -m "database and not slow and not processes"

test-full: check chromium ## Run everything, long fuzzing included (20,000 requests), on both databases
	STIGMER_TEST_EXAMPLES=85 $(PYTEST) -n 2
	STIGMER_TEST_DATABASE=postgres $(PYTEST) -n 2

check: dev ## Run the gates: style, types, rooms, translations, migrations, Django's own checks, the API's document
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/translations.py --check
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -W error manage.py check --fail-level WARNING
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m executions.api --check

format: dev ## Put the source in its one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench-quick: dev ## Measure steps per second and latency on both databases
	$(BIN)/python -m benchmarks.quick

bench: dev ## Measure ours beside peers in alternating rounds; docs/performance.md
	$(BIN)/python -m benchmarks.compare

MINUTES ?= 30
faults: dev ## Break things on purpose for MINUTES=30, on from where the last run stopped; docs/reliability.md
	$(BIN)/python -m tests.faults.harness --minutes $(MINUTES)

model: ## Check the lease protocol exhaustively (needs spin and a C compiler)
	sh docs/model/check

lock: dev ## Renew requirements.txt and requirements-dev.txt from pyproject.toml
	$(LOCK) --upgrade --group build --output-file requirements.txt
	$(LOCK) --upgrade --group build --group dev --constraint requirements.txt --output-file requirements-dev.txt

pictures: chromium ## Renew the pictures that the documentation shows
	$(BIN)/python -m tests.browser.pictures

sbom: runtime ## Write what a release consists of (CycloneDX): dist/sbom.cdx.json
	@$(BIN)/python scripts/sbom requirements.txt dist/sbom.cdx.json

clean: ## Remove what was built (never the data folder)
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-artifacts
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

runtime:
	@sh scripts/environment requirements.txt

dev:
	@sh scripts/environment requirements-dev.txt

chromium: dev
	@$(BIN)/python -m tests.chromium
