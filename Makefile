# Everything runs in an own .venv, made from the declared dependencies at the tested versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Faces of `make demo`; MODELS="data=fer2013 train_images=2000" compares on others.
MODELS ?= data.synthetic.subjects=40 data.synthetic.takes=5 protocol.folds=3

.PHONY: help setup demo models pictures test check check-slow format clean

help:
	@echo "make demo        set up, train and test on drawn faces, show the table and where the page lies"
	@echo "make models      train every model on drawn faces, or on MODELS=\"data=fer2013 train_images=2000\", and rank them"
	@echo "make test        set up, lint, type-check and pass the tests"
	@echo "make check-slow  heavier checks: a million faces, real data sets where FER_DATA points to them, YuNet where FER_YUNET does"
	@echo "make pictures    make the pictures of the README anew; needs Chromium"
	@echo "make format      format the code"

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

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo
