# make train: the environment and the main job. make docs: site/index.html.
# make test: the environment and the tests; those of seconds each, processes and whole programs, are make test-slow.
# Without the real data the main job runs on a synthetic stand-in, and says so; real-data tests skip.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ifneq ($(wildcard ../shared/data),)
export AVGRAPH_DATA ?= $(abspath ../shared/data)
endif

# A thread a worker; idle ones sleep; bytecode is kept, whatever the image says: workers and their processes share it.
TESTS = OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# The files in order; a worker without work takes of the rest.
PARALLEL = -n logical --maxprocesses 4 --dist worksteal
# The graph search and bytecode, once and beside mypy, rather than by every worker that comes to them first.
COMPILE = $(BIN)/python -c "import numpy, avgraph.dag; avgraph.dag.grasp(numpy.random.default_rng(0).normal(size=(9, 3)))"
COLLECT = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q avgraph benchmarks; $(TESTS) --collect-only > /dev/null

.PHONY: train test test-slow test-gpu lint bench bench-gpu docs clean

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt -e .[dev]
	touch $@

train: $(VENV)/installed
	$(BIN)/avgraph train examples/rrnet_esc50.yaml

test: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/mypy & types=$$!; $(BIN)/lint-imports && $(COMPILE) && { $(COLLECT); wait $$types; }
	$(TESTS) $(PARALLEL) -m "not slow"

test-slow: $(VENV)/installed
	$(TESTS) $(PARALLEL) -m slow

bench: $(VENV)/installed
	$(BIN)/pip install --quiet -c constraints.txt -e .[bench]
	$(BIN)/python -m benchmarks.message_passing
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.dag
	$(BIN)/python -m benchmarks.latent_interaction_loss
	$(BIN)/python -m benchmarks.coupling
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.rrnet
	$(BIN)/python -m benchmarks.audio_attention

test-gpu: $(VENV)/installed
	$(TESTS) -p no:xdist -m gpu -rs tests  # skipped, with the reason, where there is no CUDA device

bench-gpu: $(VENV)/installed
	$(BIN)/python -m benchmarks.gpu --device $(or $(DEVICE),cuda)
	$(BIN)/python -m benchmarks.segment --device $(or $(DEVICE),cuda) --types float32 float64

docs: $(VENV)/installed
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -d build/doctrees docs site

clean:
	rm -rf $(VENV) site docs/reference build dist *.egg-info
