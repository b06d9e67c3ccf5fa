# make train: the environment and the main job. make test: the environment and the tests.
# Without the real data the main job runs on a synthetic stand-in, and says so; real-data tests skip.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
ifneq ($(wildcard ../shared/data),)
export AVGRAPH_DATA ?= $(abspath ../shared/data)
endif

PUBLIC := run folds discovery matching embedding config datasets encoders transforms nn dag methods metrics export report

.PHONY: train test lint bench docs clean

$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt -e .[dev]
	touch $@

train: $(VENV)/installed
	$(BIN)/avgraph train examples/rrnet_esc50.yaml

test: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest  # idle threads sleep: short tests on shared cores

bench: $(VENV)/installed
	$(BIN)/pip install --quiet -c constraints.txt -e .[bench]
	$(BIN)/python -m benchmarks.message_passing
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.dag
	$(BIN)/python -m benchmarks.latent_interaction_loss
	$(BIN)/python -m benchmarks.coupling
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.rrnet
	$(BIN)/python -m benchmarks.audio_attention

docs: $(VENV)/installed
	$(BIN)/pdoc --math --docformat google -o site $(addprefix avgraph.,$(PUBLIC))

clean:
	rm -rf $(VENV) site build dist *.egg-info
