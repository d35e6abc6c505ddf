# The short ways in. Each makes .venv if it is missing; all that they do can be typed as a `snakemake` or `clearfield` command.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo audit field test lint bench

# Restore the Hubble deep field and report on it: 12 to 21 minutes on two cores.
demo: .venv/ready
	$(BIN)/snakemake
	@echo "The report: $(CURDIR)/results/hubble/report.html"

# Ask whether the demo's methods contradict their data or invent, with networks trained on halves too: after `make demo`.
audit: .venv/ready
	$(BIN)/snakemake audit --config 'audit={halves: true}'
	@echo "The audit: $(CURDIR)/results/hubble/audit/report.html"

# Train a generator of synthetic skies on the Hubble deep field, paint 4096 x 4096 px, and compare them with sky that it never saw.
field: .venv/ready
	$(BIN)/snakemake field
	@echo "The field: $(CURDIR)/results/hubble/field/sgan/field.html, its report: $(CURDIR)/results/hubble/field/report.html"

# Every test but the slow ones, the files side by side on all cores.
test: .venv/ready
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# What has to be clean before a change is handed in.
lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

# Every benchmark, some hours on two cores; `.venv/bin/python -m benchmarks NAME` runs one.
bench: .venv/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Python 3.11 or later with venv is needed: apt install python3 python3-venv, or make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[medical,view,test,lint]"
	@touch $@
