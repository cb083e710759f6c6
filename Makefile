# make reports    set up, prepare the sample regions, run every notebook, publish
# make test       set up, then the whole test suite
# make benchmarks measure beside the peers, in an environment of its own; BENCH="--size full"
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
# Two workers on two cores: more threads would only wait for each other. The last tests
# are the longest (notebooks): who is done takes from the other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal
SYNTHETIC := haihe hetao minjiang
REGIONS := london uci_credit $(SYNTHETIC)
SIZE ?= small
# Of the comparison of methods: quick for a look, default to decide by.
PROTOCOL ?= quick
SOURCES := $(shell find src/research -name '*.py' -o -path '*/report/templates/*' -o -path '*/report/fonts/*')
IMPORTER := $(shell find src/research/region -type f -not -name '*.pyc')

.PHONY: reports test test-fast lab lint lock lock-bench benchmarks clean

reports: reports/.made

$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(None if ok else "Python 3.11, 3.12 or 3.13 is needed, found %d.%d: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Setting up $(VENV) (once; about 2.5 GB, a minute or two)"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --compile-bytecode -e .
	@touch $@

data/%/region.yaml: data/raw/%/region.yaml data/raw/%/load.parquet $(IMPORTER) | $(READY)
	$(BIN)/research import lcl data/raw/$* data/$*

data/uci_credit/region.yaml: $(wildcard data/raw/uci_credit/*) $(IMPORTER) | $(READY)
	$(BIN)/research import table data/raw/uci_credit data/uci_credit

$(SYNTHETIC:%=data/%/region.yaml): data/%/region.yaml: $(IMPORTER) | $(READY)
	$(BIN)/research synthesize $* data/$* --size $(SIZE)

reports/.made: $(REGIONS:%=data/%/region.yaml) $(wildcard notebooks/*.ipynb) $(SOURCES)
	$(BIN)/research report $(REGIONS:%=data/%) --out reports --param protocol=$(PROTOCOL)
	@touch $@

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST)

test-fast: $(READY)
	$(PYTEST) -m "not slow and not browser"

lab: $(READY) $(REGIONS:%=data/%/region.yaml)
	$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 notebooks

lint: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: | $(READY)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

# A second environment: what only the benchmarks need stays out of the first.
$(BENCH_READY): requirements.lock benchmarks/requirements.lock $(READY)
	$(PYTHON) -m venv --clear $(BENCH_VENV)
	$(BIN)/uv pip install --python $(BENCH_VENV)/bin/python --quiet --require-hashes --compile-bytecode -r requirements.lock -r benchmarks/requirements.lock
	$(BIN)/uv pip install --python $(BENCH_VENV)/bin/python --quiet --no-deps --no-build-isolation -e .
	@touch $@

benchmarks: $(BENCH_READY) $(REGIONS:%=data/%/region.yaml)
	$(BENCH_VENV)/bin/python -m benchmarks.run $(BENCH)

lock-bench: | $(READY)
	cd benchmarks && ../$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

clean:
	rm -rf $(VENV) $(BENCH_VENV) benchmarks/data reports reports-logs $(REGIONS:%=data/%) .pytest_cache .ruff_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
