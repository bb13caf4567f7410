# Every command of the project. `make` alone lists them.
#
# All of them share one virtual environment, .venv, installed from pyproject.toml as pinned by constraints.txt, and
# reinstalled only when one of those files changes. pip's own settings (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL, ...)
# are honoured, for instance to take a CPU build of torch.
#
#   make demo PYTHON=python3.13     use this Python (3.11 or newer)
#   make test ARGS='-k scale'       hand further options to pytest

# The first Python on the PATH that is new enough; the recipe of .venv below says in words when there is none.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif
VENV := .venv
BIN := $(VENV)/bin
PHOTO := examples/photos/chelsea.png
WORKERS := 2
ARGS :=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve pictures test check lint types contracts hooks chromium format bench constraints clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

pictures: $(VENV)/.installed ## Draw the pictures of the README and the docs
	$(BIN)/python scripts/make_pictures.py

demo: $(VENV)/.installed ## Explain a photo with the bundled network; writes demo/
	$(BIN)/cutaway explain $(PHOTO) --out demo/

serve: $(VENV)/.installed-web ## Open the explorer in the browser
	$(BIN)/cutaway serve

test: check chromium ## Run the checks and all tests
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: lint types contracts hooks ## Check style, types and import contracts

lint: $(VENV)/.installed-test
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet

types: $(VENV)/.installed-test
	$(BIN)/mypy --no-error-summary

contracts: $(VENV)/.installed-test
	$(BIN)/lint-imports --no-cache --no-logo > build/contracts.txt || { cat build/contracts.txt; exit 1; }

hooks: $(VENV)/.installed-test
	$(BIN)/pre-commit validate-config

# The tests of the explorer drive a real browser. On Debian and Ubuntu it is installed where there is none and we may.
chromium:
	@if [ -z "$$CHROMIUM" ] && ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then \
		if [ "$$(id -u)" = 0 ]; then as=; else as='sudo -n'; fi; \
		echo 'Installing Chromium, which the tests of the explorer drive (half a minute, once)'; \
		{ command -v apt-get >/dev/null && $$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			$$as apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || { \
			echo 'That did not work. Install Chromium (on Debian: apt install chromium), or name it: make test CHROMIUM=/path/to/it'; \
			exit 1; }; \
	fi

format: $(VENV)/.installed-test ## Put code and imports in the house style
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format

bench: $(VENV)/.installed-test ## Measure against the peers; writes benchmarks/results/
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

constraints: ## Write constraints.txt anew, with the newest versions that go together
	$(PYTHON) -m venv --clear build/newest
	build/newest/bin/pip install --quiet 'torch==$(TORCH)' '.[test]'
	{ sed '/^#/!q' constraints.txt | grep '^#'; \
	  build/newest/bin/pip freeze --all | grep -Ev '^(cutaway|pip)(==| )' | sed 's/+[a-z0-9.]*$$//' | LC_ALL=C sort -f; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -r build/newest

clean: ## Remove everything that these commands made
	rm -rf $(VENV) build dist demo .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# torch is pinned by hand (tests/reference/requirements.txt goes with it); `make constraints TORCH=...` moves it.
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)

# ------------------------------------------------------------------------------------------------- the environment

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo 'cutaway needs Python 3.11 or newer, and found none. Install one, or name it: make demo PYTHON=/path/to/python'; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'cutaway needs Python 3.11 or newer; $(PYTHON) is not that. Name another: make demo PYTHON=/path/to/python'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments: its venv module is missing (on Debian and Ubuntu: apt install python3-venv).'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo 'Installing cutaway and what it needs into $(VENV) (a minute or two, once)'
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@mkdir -p build
	@touch $@

$(VENV)/.installed-web: $(VENV)/.installed
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[web]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed tests/reference/requirements.txt
	@echo 'Installing what the tests need (a minute or two, once)'
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@$(BIN)/pip install --quiet --no-deps --requirement tests/reference/requirements.txt
	@touch $@
