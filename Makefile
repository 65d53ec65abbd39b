# Needs python3 >= 3.11 and make; the first target you call sets up the rest in .venv.
#   make demo     a study in your browser, at http://localhost:8000/
#   make test     every test, those in a browser too (ARGS="-k window" for some, ARGS="-m 'not slow'" for the everyday run)
#   make check    what CI runs: format, lint, import rules, types, generated files, tests
#   make bench    the speed questions, each a ratio measured in one run
#   make generate writes the generated files anew (JSON Schemas, reference pages, messages)
#   make lock     resolves the dependencies anew
PYTHON ?= python3
BIN    := .venv/bin
ARGS   ?=

# A machine that keeps no byte code would compile SciPy anew in each of the hundred processes that the tests start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench generate lock clean

demo: .venv/ready
	@$(BIN)/protocord demo

test: .venv/ready
	@$(BIN)/python -m pytest --numprocesses=auto $(ARGS)

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(MAKE) --no-print-directory test

bench: .venv/ready
	@for question in benchmarks/bench_*.py benchmarks/cohort/bench_*.py; do $(BIN)/python $$question || exit 1; done

generate: .venv/ready
	$(BIN)/python -m protocord generate

lock: .venv/ready
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --upgrade --generate-hashes --no-header --no-emit-index-url -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

.venv/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'On Debian or Ubuntu, first: sudo apt install python3-venv'; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@
