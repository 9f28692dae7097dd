# Every target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# A build that reads the clock or the thread count would not give the same bytes again.
FIXED := PYTHONHASHSEED=0 OMP_NUM_THREADS=1
MINUTES ?= 30
JOBS ?= 1
ARTICLES ?= 200000
EVERY ?= 60

.PHONY: demo test test-full lint docs fuzz soak model benchmark clean

demo: $(VENV)/.installed
	$(BIN)/policynlp score samples/*.txt samples/divided.jsonl -o out/demo.jsonl --overwrite
	$(BIN)/policynlp analyze samples/01-city-feature.txt

test: lint $(VENV)/.dev
	$(BIN)/python -m pytest

# What make test has, every fault and a soak, what the documents say to type, and what needs a
# browser, an office program or Java; the tests say where to get one.
test-full: test $(VENV)/.full
	$(BIN)/python -m pytest -m "office or browser or spark or dask or docs or long"

# The documents as pages, in out/site.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# New cases for everything that reads an input, until the time is over: make fuzz MINUTES=5 JOBS=2
fuzz: $(VENV)/.dev
	$(BIN)/python scripts/fuzz --minutes $(MINUTES) --jobs $(JOBS)

# A long run that is killed about every minute: make soak ARTICLES=20000 EVERY=5
soak: $(VENV)/.dev
	$(BIN)/python scripts/soak --articles $(ARTICLES) --every $(EVERY)

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests scripts
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/mypy

model: $(VENV)/.dev
	$(FIXED) $(BIN)/python scripts/train corpus -o models/policy-themes

benchmark: $(VENV)/.bench
	$(BIN)/python scripts/benchmark

clean:
	rm -rf $(VENV) out dist .hypothesis .pytest_cache .mypy_cache .ruff_cache

# Groups of dependencies need pip 25.1 or newer.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) --group dev --editable '.[files]'
	touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(PIP) --group docs
	touch $@

$(VENV)/.full: $(VENV)/.dev $(VENV)/.docs
	$(PIP) --group browser --editable '.[spark,dask]'
	touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(PIP) --group bench
	touch $@
