# make help lists the targets. Settings: PYTHON (>= 3.11), CORES (all), GPU=1, UPGRADE=1 (with lock).

# The first Python that is new enough, unless PYTHON names one.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$python; break; }; done)
CORES ?= all
BIN := .venv/bin
SNAKEFILES := Snakefile rules
UV := uv==0.13.9
COMPILE := .cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
SHA256 = "$(PYTHON)" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())'

# What an outer environment must not leak into ours.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1

.PHONY: help report test test-peers verify-full test-cluster cluster-ready bench lint format lock clean python env-run env-test env-bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14

report: env-run ## results/default/report.html (CORES=2 limits it; GPU=1 uses an NVIDIA GPU)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores $(CORES)

test: lint ## every check but the slow tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m "not slow and not cluster"

verify-full: lint ## every check, the slow tests too, but not those of clusters
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile -m "not cluster"

test-cluster: cluster-ready env-test ## the smoke study through a Slurm of this machine (root; minutes)
	$(BIN)/pytest -rP -m cluster tests/cluster

cluster-ready: ## whether test-cluster can run here; root gets Debian's packages installed
	@bash tests/cluster/debian_packages.sh

test-peers: python ## what captum says of small networks, into tests/data (an environment of its own)
	@test -x .cache/captum/bin/python || "$(PYTHON)" -m venv .cache/captum
	.cache/captum/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements/peers.in
	.cache/captum/bin/python tests/captum_outputs.py

bench: env-bench ## time and memory beside peers, into benchmarks/ (half an hour)
	$(BIN)/python benchmarks/qc.py
	$(BIN)/python benchmarks/simulation.py

lint: env-test ## style, types and the workflow's own lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check $(SNAKEFILES)
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint

format: env-test ## rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt $(SNAKEFILES)

lock: python ## compile requirements/*.txt anew (UPGRADE=1 takes newer versions)
	@test -x .cache/uv/bin/uv || "$(PYTHON)" -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(COMPILE) --output-file requirements/test.txt pyproject.toml requirements/run.in requirements/test.in
	$(COMPILE) --output-file requirements/run.txt -c requirements/test.txt pyproject.toml requirements/run.in
	$(COMPILE) --output-file requirements/gpu.txt -c requirements/test.txt --extra gpu pyproject.toml requirements/run.in
	$(COMPILE) --output-file requirements/bench.txt -c requirements/test.txt pyproject.toml requirements/run.in requirements/bench.in
	sha=$$($(SHA256) requirements/run.txt) && sed -i.old "s/^lock=.*/lock=$$sha/" envs/stratbench.post-deploy.sh
	rm envs/stratbench.post-deploy.sh.old

clean: ## remove the environment and caches; results and downloads stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "StratBench needs Python >= 3.11; found: $(or $(PYTHON),none). Name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }

env-run: python
	@"$(PYTHON)" requirements/install.py $(if $(GPU),gpu,run)

env-test: python
	@"$(PYTHON)" requirements/install.py test

env-bench: python
	@"$(PYTHON)" requirements/install.py bench
