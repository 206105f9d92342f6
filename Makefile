# `make` lists what there is.

PYTHON ?= .venv/bin/python

.PHONY: help install check format test eval page clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: ## make .venv with the product and what its tests need
	python3 -m venv .venv
	.venv/bin/pip install -e '.[test]'

check: ## lint, format check, types, tests: what must pass before a commit
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest

format: ## lint with fixes, then format
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

test: ## the fast tests; `make check` runs all of them
	$(PYTHON) -m pytest -m "not slow and not browser"

eval: ## ask the gold questions; writes eval/results/, eval/report.* and the README's table
	$(PYTHON) -m eval

page: ## start the chat page and print its address
	$(PYTHON) app.py

clean: ## remove what was generated: caches, the checkout's index
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	git clean -qfX index
