# Works on a bare machine with Python 3.11 or newer, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TEST_READY := $(VENV)/.test-ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint types pytest live nightly evidence generate bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo      show a 502 between nginx and Gunicorn, and one between nginx and uWSGI"
	@echo "make test      ruff, mypy and all tests"
	@echo "make live      only the experiments on real servers"
	@echo "make nightly   the same with many more generated cases"
	@echo "make evidence  make the experiments and write what they saw (docs/evidence.md)"
	@echo "make generate  write again what is generated (rule catalogue, tables, schemas, README)"
	@echo "make bench     measure speed and memory"
	@echo "make clean     remove .venv and caches"

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q cfgcheck
	@touch $@

$(TEST_READY): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --group test
	$(BIN)/python tools/gunicorn_versions.py
	@touch $@

# The two stacks are broken on purpose: exit code 1, findings, is what must come; 0 or 2 fails.
demo: $(INSTALLED)
	@$(MAKE) --no-print-directory .demo-gunicorn .demo-uwsgi

.demo-%:
	@echo "$$ cfgcheck check fixtures/demo/$*"
	@echo
	@$(BIN)/cfgcheck check fixtures/demo/$*; code=$$?; \
	if [ $$code -ne 1 ]; then echo "expected findings (exit code 1), got exit code $$code" >&2; exit 1; fi
	@echo

test: lint types pytest live

lint: $(TEST_READY)
	$(BIN)/ruff check .

types: $(TEST_READY)
	$(BIN)/mypy

pytest: $(TEST_READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not live" $(PYTEST_ARGS)

# The experiments mostly wait for a server, so more of them than there are cores run at once; the oracles compute.
live: $(TEST_READY)
	$(BIN)/python -m pytest -n 2 -m oracle $(PYTEST_ARGS)
	$(BIN)/python -m pytest -n 8 --dist worksteal -m "live and not oracle" $(PYTEST_ARGS)

nightly: $(TEST_READY)
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 -m oracle $(PYTEST_ARGS)
	$(BIN)/python -m pytest -n 8 --dist worksteal -m "live and not oracle" $(PYTEST_ARGS)

evidence: $(TEST_READY)
	CFGCHECK_RECORD=1 $(BIN)/python -m pytest -n 8 -m live tests/live $(PYTEST_ARGS)
	$(BIN)/python -m tools.evidence

generate: $(TEST_READY)
	$(BIN)/python tools/compile_rules.py
	$(BIN)/python -m tools.spec_pages
	$(BIN)/python -m tools.readme
	$(BIN)/python -m tools.evidence

bench: $(TEST_READY)
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benchmarks/run

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
