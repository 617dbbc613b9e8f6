#!/usr/bin/env bash
# Fills the conda environment from the run lock; runs inside it, from the root of the checkout.
# Snakemake names an environment by the contents of the .yaml and of this file. The line below (kept by `make lock`)
# therefore makes a changed lock a new environment.
lock=87b6c998152d59f3f6bd982b2a16524177278a1ac54472c4031b9c801772c65b
set -euo pipefail
if [ ! -f requirements/run.txt ] || [ ! -d src/stratbench ]; then
    echo "Start snakemake in the root of StratBench's checkout: requirements/run.txt is not in $PWD." >&2
    exit 1
fi
python - "$lock" <<'PYTHON'
import hashlib, sys
if hashlib.sha256(open("requirements/run.txt", "rb").read()).hexdigest() != sys.argv[1]:
    sys.exit("requirements/run.txt is not the lock that envs/stratbench.post-deploy.sh names: run `make lock`.")
PYTHON
python -m pip install --no-input --no-deps --require-hashes --requirement requirements/run.txt
python -m pip install --no-input --no-deps --no-build-isolation --editable .
