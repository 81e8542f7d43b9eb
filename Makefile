# Everything runs in an own .venv, made from the declared dependencies at the tested versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Faces of `make demo`; MODELS="data=fer2013 train_images=2000" compares on others.
MODELS ?= data.synthetic.subjects=40 data.synthetic.takes=5 protocol.folds=3

# What holds the promises of docs/reliability.md.
RELIABILITY := $(addprefix tests/system/,test_kills.py test_kills_anywhere.py test_two_at_once.py test_determinism.py \
	test_machine_gives_way.py) tests/fuzz

.PHONY: help setup demo models pictures test check check-slow check-reliability check-lowest check-newest format clean

help:
	@echo "make demo                 set up, train and test on drawn faces, show the table and where the page lies"
	@echo "make models               train every model on drawn faces, or on MODELS=\"data=fer2013 train_images=2000\", and rank them"
	@echo "make test                 set up, lint, type-check and pass the tests"
	@echo "make check-slow           heavier checks: a million faces, real data sets where FER_DATA points to them, YuNet where FER_YUNET does"
	@echo "make check-reliability    kills, full disks, hostile files and the like: docs/reliability.md"
	@echo "make check-lowest         pass the tests with the lowest versions that pyproject.toml allows; check-newest: with the newest"
	@echo "make pictures             make the pictures of the README anew; needs Chromium"
	@echo "make format               format the code"

setup: $(READY)

# uv resolves and downloads in parallel; without --compile-bytecode the first import of the stack takes 13 s.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python train.py experiment=demo run.output=demo

models: $(READY)
	$(BIN)/python train.py experiment=models_classical $(MODELS) run.output=outputs/models
	$(BIN)/python train.py experiment=models_networks $(MODELS) run.output=outputs/models
	$(BIN)/fer report outputs/models

pictures: $(READY)
	$(BIN)/python docs/pictures.py

# A file of tests stays in one process, where its fixtures are made once.
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

check: test

check-slow: $(READY)
	$(BIN)/python -m pytest -m slow -s

check-reliability: $(READY)
	$(BIN)/python -m pytest -s -m "slow or not slow" $(RELIABILITY)

check-lowest: RESOLUTION := lowest-direct
check-newest: RESOLUTION := highest
check-lowest check-newest:
	test -x $(VENV)-$@/bin/python || $(PYTHON) -m venv $(VENV)-$@
	$(VENV)-$@/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)-$@/bin/uv pip install --quiet --python $(VENV)-$@/bin/python --upgrade --resolution $(RESOLUTION) --editable '.[dev]'
	$(VENV)-$@/bin/python -m pytest -m "not slow" -n 2 --dist loadfile

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(VENV)-check-* demo
