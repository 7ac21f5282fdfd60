# Works with GNU make 3.81 (macOS) and newer. Writes nothing outside this folder but LETHE_CACHE.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
QUESTION ?= How many unused vacation days can I take into the next year?

# How many processes share the tests, each with servers of its own: the tests wait more than they compute.
JOBS ?= 3

# The fault suite's: embedded (dev server, SQLite) or postgres (the real Temporal server, PostgreSQL).
STACK ?= embedded

# Downloads and builds worth keeping between clones: wheels (uv/), Weaviate's binary, Go's caches.
LETHE_CACHE ?= $(HOME)/.cache/lethe
UV_CACHE_DIR ?= $(LETHE_CACHE)/uv
export LETHE_CACHE UV_CACHE_DIR
# Bytecode is kept (in .venv and __pycache__): without it every process of the stack takes twice the CPU time to start.
unexport PYTHONDONTWRITEBYTECODE

# The first interpreter that is new enough; PYTHON=/path/to/python overrides.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(NEW_ENOUGH)' 2>/dev/null && echo "$$p" && break; done)
# The machine's uv if it has one that runs, else the one pip puts into the environment.
UV = $(shell if uv --version >/dev/null 2>&1; then echo uv; else echo $(BIN)/uv; fi)
SYNC = VIRTUAL_ENV=$(VENV) $(UV) pip sync --quiet --require-hashes
INSTALL_SELF = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)

PACKAGES := api workflows activities workers lethe cli migrations
LOCKS := requirements/base.txt requirements/build.txt

.PHONY: help demo up down status test test-unit test-anew test-large lint format docs lock size bench-ingest bench-query bench-quality \
	bench-erase bench-migrate bench-grounding bench-guards bench-detection chaos chaos-long wheel clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.base ## start everything, ingest samples/, ask a question, say where to look
	@$(BIN)/lethe up --detach --text && $(BIN)/lethe ingest --text samples && echo && echo "? $(QUESTION)" \
	&& $(BIN)/lethe ask --text "$(QUESTION)" && echo && $(BIN)/lethe up --detach --text && echo "stop with: make down" \
	|| { rc=$$?; echo; echo "make demo failed (exit $$rc); the last lines of the logs:" >&2; \
	     tail -n 20 "$${LETHE_STATE:-.lethe}"/logs/*.log >&2; exit $$rc; }

up: $(VENV)/.base ## start the embedded stack in the foreground; Ctrl-C stops it
	$(BIN)/lethe up

down: $(VENV)/.base ## stop the embedded stack; its data stays in .lethe
	$(BIN)/lethe down

status: $(VENV)/.base ## what runs, and at which address
	$(BIN)/lethe status

test: $(VENV)/.dev ## every test, as in the README (JOBS=n processes)
	$(BIN)/pytest -n $(JOBS) --dist loadfile

test-unit: $(VENV)/.dev ## only the tests that start no server
	$(BIN)/pytest tests/unit tests/architecture

test-anew: $(VENV)/.dev ## the properties with examples that nobody has tried (ARGS="--hypothesis-seed=n" for the same again)
	$(BIN)/pytest -m hypothesis --hypothesis-profile anew tests/unit $(ARGS)

test-large: $(VENV)/.dev ## what takes minutes: deleting more than 10,000 documents
	$(BIN)/pytest -m large

lint: $(VENV)/.dev ## ruff, pyright, layers, generated docs, docker-compose.yml, tree rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m ops.generate_docs --check
	$(BIN)/python -m ops.check_tree
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

format: $(VENV)/.dev ## let ruff format and sort
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.base ## write docs/errors.md and docs/configuration.md again
	$(BIN)/python -m ops.generate_docs

lock: $(VENV)/.made ## pin the dependencies again after editing pyproject.toml (UPGRADE=--upgrade for newer ones)
	$(COMPILE) --override requirements/overrides.txt pyproject.toml -o requirements/base.txt
	$(COMPILE) --override requirements/overrides.txt -c requirements/base.txt --group dev -o requirements/dev.txt
	$(COMPILE) -c requirements/base.txt -c requirements/dev.txt --group build -o requirements/build.txt
	$(COMPILE) --group go -o requirements/go.txt
	$(COMPILE) --group uv -o requirements/uv.txt

size: $(VENV)/.made ## megabytes of the default install, measured in an environment of its own
	@rm -rf build/size && $(UV) venv --quiet --python $(BIN)/python build/size
	@VIRTUAL_ENV=build/size $(UV) pip sync --quiet --require-hashes requirements/base.txt
	@du -sk build/size | awk '{printf "default install: %d MB\n", $$1 / 1024}'
	@rm -rf build/size

bench-ingest: $(VENV)/.dev ## speed and exactness of ingestion (FOLDER=..., ARGS=--quick; see bench/README.md)
	$(BIN)/python -m bench.ingest $(FOLDER) $(ARGS)

bench-query: $(VENV)/.dev ## how quickly questions are answered, beside the bare path (FOLDER=..., ARGS=--quick)
	$(BIN)/python -m bench.query $(FOLDER) $(ARGS)

bench-quality: $(VENV)/.dev ## relevance of what the API finds, on judged test sets (FOLDER=..., ARGS=--quick)
	$(BIN)/python -m bench.quality $(FOLDER) $(ARGS)

bench-erase: $(VENV)/.dev ## how long it takes to forget somebody, and what others notice (ARGS=--quick)
	$(BIN)/python -m bench.erase $(ARGS)

bench-migrate: $(VENV)/.dev ## a change of the embedding model under questions, changes and kills (FOLDER=..., ARGS=--quick)
	$(BIN)/python -m bench.migrate $(FOLDER) $(ARGS)

bench-grounding: $(VENV)/.dev ## how well sentences that no passage supports are told (ARGS="--corpus <folder>")
	$(BIN)/python -m bench.grounding $(ARGS)

bench-guards: $(VENV)/.dev ## what a model that obeys poisoned passages can give away (ARGS="--attacks <folder>")
	$(BIN)/python -m bench.guards $(ARGS)

bench-detection: $(VENV)/.dev ## how well personal data is detected (ARGS="--labelled <file>")
	$(BIN)/python -m bench.detection $(ARGS)

chaos: $(VENV)/.dev ## >= 30 kills of every component in <= 10 minutes, then the set checker (SEED=n STACK=postgres)
	$(BIN)/python -m tests.chaos --kills 30 --minutes 10 --stack $(STACK) $(if $(SEED),--seed $(SEED))

chaos-long: $(VENV)/.dev ## >= 100 kills in <= 45 minutes; its report is written into bench/reports
	$(BIN)/python -m tests.chaos --name chaos-long --kills 102 --minutes 45 --stack $(STACK) --report bench/reports \
		$(if $(SEED),--seed $(SEED))

wheel: $(VENV)/.base ## dist/lethe-*.whl
	$(BIN)/python -m hatchling build --target wheel

clean: ## remove the environment, caches and builds; .lethe (the data) stays
	rm -rf $(VENV) build dist .ruff_cache .import_linter_cache .pytest_cache .hypothesis lethe.egg-info
	find $(PACKAGES) tests ops bench -type d -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made:
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, as python3 or as PYTHON=<path>; found: $$(python3 --version 2>&1)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@uv --version >/dev/null 2>&1 || test -x $(BIN)/uv || \
		$(BIN)/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements/uv.txt
	@touch $@

# `sync` also removes what the locks no longer name, so the dev lock is kept in once it is there. It never resolves,
# so requirements/overrides.txt holds at installation too.
$(VENV)/.base: $(VENV)/.made pyproject.toml $(LOCKS)
	$(SYNC) $(LOCKS) $(if $(wildcard $(BIN)/pytest),requirements/dev.txt)
	$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	$(SYNC) $(LOCKS) requirements/dev.txt
	$(INSTALL_SELF)
	@touch $@
