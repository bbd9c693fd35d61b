# make demo     a venue comes alive in this terminal and a fire starts; DEMO_SECONDS=60 ends it by itself
# make test     every test, against real peers
# make rules    the tests of the stock rule packs: all of every rule covered, every change of a rule noticed
# make check    style, types, and which part may import which
# make coverage every branch of rules/, by its own tests alone
# make bench    the numbers, side by side with a bare MQTT client
# make fuzz     throw conditions, then whole venue and rules files, at the loader: FUZZ_SECONDS each, 600 unless said otherwise
# make prove    the engine against its model for PROVE_EXAMPLES random houses, 2000 of them unless said otherwise
# make simtest  live through the seeds SEEDS of a simulated house in which everything goes wrong, 100-119 unless said otherwise
# make simweek  the same for a week of one house of 81 devices, from the seed SEED
# make crash    kill -9 the daemon CRASH_KILLS times among 100 messages each, and cut its power CRASH_CUTS times
# make record   play the recorded stories on the daemon again, say what today's engine decides otherwise, keep the new journals
# make mutants  change rules/ line by line and see whether a test notices
# make lock     resolve the dependencies anew
#
# Each makes what it needs: a virtual environment in .venv, Python packages by hash, Debian packages for the tests.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test rules check coverage bench fuzz record mutants prove simtest simweek crash lock peers

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What the tests speak to: a broker, NUT's UPS drivers and server, certificates, the checker of systemd units; and the
# compiler of the disk that dies.
PEERS := mosquitto mosquitto-clients nut-server nut-client openssl systemd victoria-metrics gcc libc6-dev
# Tests wait for real peers and for stories that take a minute far more than they compute: three to a core.
WORKERS ?= 6
FUZZ_SECONDS ?= 600
PROVE_EXAMPLES ?= 2000
PROVE_STEPS ?= 50
SEEDS ?= 100-119
SEED ?= 1
CRASH_KILLS ?= 200
CRASH_CUTS ?= 50

demo: $(VENV)/.demo
	exec $(BIN)/tocsin demo

test: $(VENV)/.dev peers
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

rules: $(VENV)/.dev
	$(BIN)/tocsin test rules/library/tests --coverage-min 100 --mutate

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Without the tests that try what chance gives them: what only they reach today they may not reach tomorrow.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest tests/rules -q -n $(WORKERS) --dist worksteal -m "not hypothesis" \
		--cov=rules --cov-branch --cov-fail-under=100 --cov-report=term-missing

# The short forms of both are tests.
fuzz: $(VENV)/.dev
	@mkdir -p build/fuzz
	$(BIN)/python -m tests.fuzz.expressions build/fuzz/corpus -max_total_time=$(FUZZ_SECONDS) -max_len=2100 \
		-artifact_prefix=build/fuzz/
	$(BIN)/python -m tests.fuzz.files build/fuzz/houses -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/

# The short form of it is one of the tests. PROVE_STEPS is how many things happen in each house.
prove: $(VENV)/.dev
	PROVE_EXAMPLES=$(PROVE_EXAMPLES) PROVE_STEPS=$(PROVE_STEPS) $(BIN)/python -m pytest -q --timeout 0 \
		tests/rules/test_model.py tests/rules/test_invariants.py

# The short form of it is one of the tests. A seed that fails is printed, and fails again.
simtest: $(VENV)/.dev
	$(BIN)/python -m tests.simulation.run $(SEEDS)

simweek: $(VENV)/.dev
	$(BIN)/python -m tests.simulation.run --week $(SEED)

# The short form of it is among the tests. Power is cut only where root may mount a disk in a file.
crash: $(VENV)/.dev peers
	CRASH_KILLS=$(CRASH_KILLS) CRASH_CUTS=$(CRASH_CUTS) $(BIN)/python -m pytest -q tests/crash

# About seven minutes. The diff is to be read before it is kept.
record: $(VENV)/.dev peers
	$(BIN)/python -m tests.rules.record
	git diff --stat tests/rules/recorded

# Which line of rules/ could be wrong without a test noticing. Goes on where it was interrupted; fails below 90 %.
# docs/mutants.md says what is known of those that nothing notices.
mutants: $(VENV)/.dev
	nice -n 15 $(BIN)/python -m tests.mutation.run

bench: $(VENV)/.dev peers
	$(BIN)/python -m tests.bench.run

peers:
	@.ci/debian-packages $(PEERS)

$(VENV)/.made:
	@.ci/venv $(VENV) $(PYTHON)
	@touch $@

$(VENV)/.demo $(VENV)/.dev: $(VENV)/.%: requirements/%.lock pyproject.toml | $(VENV)/.made
	@echo "Installing the Python packages of $<"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# run.lock is what the service needs, demo.lock adds the demo's broker and the screen, dev.lock the tools.
# One resolution: the smaller two are held to the versions of the largest. Every package must have a wheel for both
# kinds of machine that Tocsin runs on.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command "make lock" pyproject.toml -
lock: $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@mkdir -p requirements
	echo 'setuptools>=80' | $(COMPILE) --upgrade --extra demo --extra top --extra parquet --extra dev --output-file requirements/dev.lock
	echo 'setuptools>=80' | $(COMPILE) --constraint requirements/dev.lock --extra demo --extra top --output-file requirements/demo.lock
	echo 'setuptools>=80' | $(COMPILE) --constraint requirements/dev.lock --output-file requirements/run.lock
	for machine in x86_64 aarch64; do \
		$(BIN)/uv pip install --quiet --dry-run --target $(VENV)/lock-check --only-binary :all: --require-hashes \
			--python-version 3.11 --python-platform $$machine-manylinux_2_28 -r requirements/dev.lock; \
	done
	@rm -rf $(VENV)/lock-check
