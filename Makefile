# Two commands do everything on a fresh Debian machine with Python: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup setup-dev demo test check conformance bench lock clean

setup: .venv/ready            ## what the product needs, into .venv
setup-dev: .venv/ready-dev    ## and what its tests need

FRONT := frontend/package-lock.json frontend/vendor.toml frontend/.npmrc scripts/frontend_hook.py

.venv/ready: requirements.lock pyproject.toml scripts/setup.sh $(FRONT)
	sh scripts/setup.sh $(PYTHON) requirements.lock
	touch $@

.venv/ready-dev: requirements-dev.lock pyproject.toml scripts/setup.sh $(FRONT)
	sh scripts/setup.sh $(PYTHON) requirements-dev.lock
	touch .venv/ready $@

demo: setup                   ## seven nodes that share a simulated river; ARGS=--once ends after the summary
	$(BIN)/shangyou demo $(ARGS)

test: setup-dev               ## everything that is checked: format, lint, types, imports, tests with a real browser
	sh scripts/chromium.sh
	$(MAKE) --no-print-directory check
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev              ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

conformance: setup-dev        ## the official kit of the Dataspace Protocol; needs a JDK 17 and Maven
	$(BIN)/python -m tests.conformance.official

bench: setup-dev              ## the figures of docs/benchmarks.md
	$(BIN)/python -m benchmarks $(ARGS)

lock:                         ## renew the locked dependencies (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis src/shangyou/faces/portal/static/vendor
