# A few verbs over ./setup, the CMake presets and the scripts in tools/. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
PY := .venv/bin/python
# Where pytest looks; folders that do not exist are left out.
SUITES := $(wildcard tests/aws tests/cli tests/soak tests/apps)

.PHONY: help setup configure build installer demo test check bench soak clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

setup: ## apt packages and .venv (./setup --list says which)
	@./setup

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) -Wno-dev > /dev/null

build: configure ## build/howdah
	@cmake --build --preset $(PRESET) -j $(JOBS)
	@ln -sfn $(PRESET)/src/server/howdah build/howdah

# The program that fetches Spark, alone: it is there long before the rest (make demo).
installer: configure
	@cmake --build --preset $(PRESET) -j $(JOBS) --target howdah-install
	@ln -sfn $(PRESET)/src/cli/howdah-install build/howdah-install

demo: ## the AWS tutorial with the unmodified AWS CLI, on a real cluster (DATA=file.csv, YES=1)
	@tools/demo $(if $(DATA),--data "$(DATA)") $(if $(filter 1,$(YES)),--yes)

test: ## everything: unit tests, links, headers, tidy; then the AWS CLI and boto3 against a real server
	@tools/test --preset $(PRESET) --jobs $(JOBS) $(SUITES)

check: configure ## the quick half of it: tidy, formatting of what changed, links, headers
	@$(PY) tools/tidy.py --modules $(BUILD)/modules.txt
	@$(PY) tools/format.py
	@cmake --build --preset $(PRESET) -j $(JOBS) --target linktests headers

bench: build ## the figures of bench/RESULTS.md, measured here
	@for script in bench/*.py; do echo "== $$script"; $(PY) $$script || exit 1; done

soak: build ## 200 kills of a real server under load (make test does ten)
	@[ -f tests/soak/run.py ] || { echo "make soak: there is no tests/soak/run.py yet" >&2; exit 1; }
	@$(PY) tests/soak/run.py --kills 200
	@$(PY) tests/soak/jobs.py --jobs 50

clean: ## removes build/ (ccache keeps what was compiled)
	@rm -rf build
