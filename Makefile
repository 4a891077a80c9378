# Everything a person or a machine does with this repository. It needs Python 3.11+ with venv, make and git.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo test check bench faults docs lock clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

install: .venv/installed ## .venv with the program and what its tests need, from requirements.lock

# Rebuilt whenever the lock or the project's own metadata changed; the code itself is linked, not copied.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) scripts/install.py

demo: install ## a simulated supply chain at http://127.0.0.1:8470 and six codes to try
	$(BIN)/rxtrail demo $(ARGS)

test: install ## every check there is; what could not run is named at the end
	$(BIN)/python scripts/run_tests.py $(ARGS)

check: install ## the quick gates: style, types, floors, and the tests that take seconds
	$(BIN)/python scripts/run_tests.py --quick $(ARGS)

bench: install ## packages per second and bytes per package, each beside the machine's floor
	$(BIN)/python -m benchmarks $(ARGS)

# A cluster's failover needs etcd; where we may not install it, those tests skip by name.
faults: install ## kill the process, PostgreSQL and a cluster's primary at random points; takes long
	@command -v etcd >/dev/null || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || { apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends etcd-server; } >/dev/null || true
	$(BIN)/python -m pytest -m faults $(ARGS)

docs: install ## check that docs are true and their links resolve
	$(BIN)/python -m pytest tests/test_tidy.py -m "not benchmark"

lock: ## renew requirements.lock (needs the tool uv on PATH); releases wait a week before they are pinned
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-emit-index-url --no-emit-find-links --exclude-newer "1 week" \
	  --custom-compile-command "make lock" --upgrade --output-file requirements.lock

clean: ## remove what make and the tests wrote
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage .coverage.* htmlcov build dist
