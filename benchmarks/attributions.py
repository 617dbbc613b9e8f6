"""Integrated gradients of the reference CNN beside captum: CPU and wall seconds, peak memory, and the same numbers.

    make test-peers                              # once: the environment with torch and captum
    .venv/bin/python benchmarks/attributions.py  # attributions.tsv

150 people, 10,000 SNPs, 50 steps; the same random weights and dosages, one thread each, 32 people at a time, a process
of its own each, one after the other. Seconds are of the attributions alone, with jax's compilation and without imports;
the peak is the process's, with Python and all imports. Bars: under 1 GB, and at most .7 times captum's CPU time, which
other processes on the machine disturb less than its wall time.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
CAPTUM = ROOT / ".cache" / "captum" / "bin" / "python"
OUT = Path(__file__).with_suffix(".tsv")
PEOPLE, SNPS, STEPS, AT_ONCE = 150, 10_000, 50, 32
MOST_MB, TIMES_CAPTUM = 1000, 0.7
QUANTILE, AS_CLOSE = 0.999, 1.5  # of the rounding errors; how many times captum's ours may be


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What the work gives, its wall and CPU seconds, and the process's peak memory in MB."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return found, seconds | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def ours(file: str) -> dict[str, float]:
    """Our integrated gradients; the weights, dosages and attributions go to the file."""
    from stratbench.core import threads

    threads.fix(1)
    sys.path.insert(0, str(ROOT / "tests"))
    import jax
    import jax.numpy as jnp
    from flax.traverse_util import flatten_dict

    from explaining import explained
    from stratbench.attributions.methods import integrated_gradients
    from stratbench.models.convolution import outside_loops
    from stratbench.models.methods import cnn_reference

    defaults = {name: schema["default"] for name, schema in cnn_reference.OPTIONS.items()}
    network = cnn_reference.build(SNPS, defaults)
    x = np.random.default_rng(0).binomial(2, 0.4, (PEOPLE, SNPS))
    key = jax.random.key(0)
    encoder = network.encoder.init(key, jnp.zeros((2, SNPS)), False)
    features = network.encoder.apply(encoder, jnp.zeros((2, SNPS)), False)
    head = network.head.init(key, features, False)

    def f(x: Any) -> Any:
        with outside_loops():  # as the attributions of a study are made
            return network.head.apply(head, network.encoder.apply(encoder, x, False), False)

    one = explained(f, x)
    options = {"steps": STEPS, "baseline": "mean"}

    def work() -> np.ndarray:
        parts = []
        for start in range(0, PEOPLE, AT_ONCE):
            i_B = jnp.asarray(np.resize(np.arange(start, min(start + AT_ONCE, PEOPLE)), AT_ONCE))
            parts.append(integrated_gradients.attribute(one, one.inputs(i_B), i_B, options)[0])
        return np.concatenate(parts)[:PEOPLE]

    a_BM, row = timed(work)
    weights = flatten_dict({"encoder": encoder["params"], "head": head["params"]}, sep="/")
    base_M = np.asarray(one.background.baseline_M)
    np.savez(file, x=x, base=base_M, a=a_BM, **{name: np.asarray(w) for name, w in weights.items()})
    return row


def captum(file: str) -> dict[str, float]:
    """Captum's, of the network in the file; exits if our numbers are farther from those of float64.

    In float32 two values of a max pool's window agree to rounding now and then, and the gradient goes to one or the
    other: two programs differ in such places, and each of them differs from float64.
    """
    import torch
    from captum.attr import IntegratedGradients
    from torch import nn

    torch.set_num_threads(1)
    sys.path.insert(0, str(ROOT / "tests"))
    from captum_outputs import Column, Last, Swap, convolution, dense

    saved = np.load(file)
    layers: list[nn.Module] = [Column(), Swap()]
    for number, pool in enumerate((6, 3)):
        weights = {
            f"c_{end}": saved[f"encoder/Conv_{number}/{name}"]
            for end, name in (("w", "kernel"), ("b", "bias"))
        }
        layers += [convolution(weights, "c"), nn.ReLU(), nn.BatchNorm1d(len(weights["c_b"]), eps=1e-3)]
        layers += [nn.MaxPool1d(pool)]
    layers += [Swap(), nn.Flatten()]
    for number in range(4):
        weights = {
            f"d_{end}": saved[f"head/Dense_{number}/{name}"] for end, name in (("w", "kernel"), ("b", "bias"))
        }
        layers += [dense(weights, "d"), nn.ReLU()]
    network = nn.Sequential(*layers[:-1], Last()).eval()
    saved_BM, base_M = saved["x"].astype(np.float64), saved["base"].astype(np.float64)[None]

    def attributions(precision: torch.dtype) -> np.ndarray:
        of = IntegratedGradients(network.to(precision))
        x, base = torch.tensor(saved_BM, dtype=precision), torch.tensor(base_M, dtype=precision)
        how = {"n_steps": STEPS, "method": "riemann_middle", "internal_batch_size": PEOPLE}
        return np.asarray(of.attribute(x, base, **how).detach())

    a_BM, row = timed(lambda: attributions(torch.float32))
    exact_BM = attributions(torch.float64)
    errors = [float(np.quantile(np.abs(one - exact_BM), QUANTILE)) for one in (saved["a"], a_BM)]
    if errors[0] > AS_CLOSE * errors[1]:
        sys.exit(f"rounding errors against float64 are {errors[0]:.2g}, captum's are {errors[1]:.2g}")
    return row | dict(zip(("our_error", "captum_error"), errors, strict=True))


def main() -> None:
    if not CAPTUM.exists():
        sys.exit("there is no environment with captum: run `make test-peers`")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, python in (("ours", sys.executable), ("captum", str(CAPTUM))):
            command = [python, __file__, name, f"{folder}/network.npz"]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            rows[name] = json.loads(done.stdout.splitlines()[-1])
            print(name, rows[name], flush=True)
    columns = ("wall_s", "cpu_s", "peak_mb")
    lines = ["\t".join(("method", *columns))]
    lines += ["\t".join((name, *(f"{row[column]:.1f}" for column in columns))) for name, row in rows.items()]
    OUT.write_text("\n".join(lines) + "\n")
    times = rows["ours"]["cpu_s"] / rows["captum"]["cpu_s"]
    print(f"{times:.2f} times captum's CPU time, {rows['ours']['peak_mb']:.0f} MB")
    if times > TIMES_CAPTUM or rows["ours"]["peak_mb"] > MOST_MB:
        sys.exit("a bar is missed")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps({"ours": ours, "captum": captum}[sys.argv[1]](sys.argv[2])))
    else:
        main()
