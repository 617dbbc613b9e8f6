"""Models, adjustments and attributions of a user's own that misbehave: each is trained, or explains a trained network.

What is accepted is computed once more: the user's modules are applied by flax alone to inputs that are made of the
.bed's bytes by hand.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from flax import serialization

from damage.judge import Case
from stratbench.attributions.run import attribute
from stratbench.core import files
from stratbench.methods import registry
from stratbench.training.fit import fit_one
from trained import outputs, paths, spec, write_dataset

HEAD = "import jax\nimport jax.numpy as jnp\nimport numpy as np\nimport optax\nfrom flax import linen as nn\n"
MODEL = (
    HEAD
    + """from stratbench.models.contract import Architecture, Recipe
OPTIONS = {"epochs": {"type": "integer", "minimum": 1, "default": 2}}
CITATION = ""


class Encoder(nn.Module):
    @nn.compact
    def __call__(self, x_BM, train):
        return nn.Dense(2)(x_BM)


class Head(nn.Module):
    @nn.compact
    def __call__(self, h_BF, train):
        return nn.Dense(1)(h_BF)[:, 0]


def build(n_snps, options):
    recipe = Recipe(optax.sgd, learning_rate=0.01, batch_size=16, epochs=options["epochs"], patience=None)
    return Architecture(Encoder(), Head(), "standardised", recipe)
"""
)
ADJUSTMENT = (
    HEAD
    + """from stratbench.adjustments.contract import Adjustment, State
OPTIONS = {"strength": {"type": "number", "default": 0.5}}
CITATION = ""


def build(options):
    def fit(context):
        return State({"mean": np.zeros(3)}, {"pcs": context.pcs_NK})

    def init(state):
        return {"w": jnp.full(3, options["strength"])}

    def inputs(state, params, x_BM, batch):
        return x_BM

    def weights(state, batch):
        return jnp.ones(batch.i_B.shape)

    def offset(state, params, batch):
        return state.rows["pcs"][batch.i_B, 0]

    def features(state, params, h_BF, batch):
        return h_BF, state.fitted

    def penalty(state, params, h_BF, f_B, batch):
        return jnp.sum(params["w"] ** 2)

    return Adjustment(fit, init, inputs, weights, offset, features, penalty)
"""
)
ATTRIBUTION = (
    HEAD
    + """OPTIONS = {"times": {"type": "number", "default": 2}}
CITATION = ""


def attribute(explain, x_BM, i_B, options):
    return options["times"] * x_BM, {"size": jnp.abs(x_BM).sum(axis=1)}
"""
)
Change = tuple[str, str, str]  # a name, a text, and what takes its place
NAN = "jnp.nan"
ENCODED, HEADED = "return nn.Dense(2)(x_BM)", "return nn.Dense(1)(h_BF)[:, 0]"
MADE, TAKEN = 'return Architecture(Encoder(), Head(), "standardised", recipe)', "optax.sgd"
MODELS: tuple[Change, ...] = (
    ("sound", "", ""),
    ("that returns nothing", MADE, "pass"),
    ("that returns a module", MADE, "return Encoder()"),
    ("that returns a tuple", MADE, "return (Encoder(), Head())"),
    ("that returns its class", MADE, "return Architecture"),
    ("without a head", "Encoder(), Head()", "Encoder(), None"),
    ("with classes for modules", "Encoder(), Head()", "Encoder, Head"),
    ("with functions for modules", "Encoder(), Head()", "lambda x: x, lambda h: h"),
    ("with encoder and head exchanged", "Encoder(), Head()", "Head(), Encoder()"),
    ("with an unknown encoding", '"standardised"', '"one-hot"'),
    ("with dosages", '"standardised"', '"dosage"'),
    ("without a recipe", '"standardised", recipe', '"standardised", None'),
    ("with a dict for a recipe", '"standardised", recipe', '"standardised", {"epochs": 2}'),
    ("with a penalty of text", "recipe)\n", 'recipe, "l2")\n'),
    ("with a penalty of an array", MADE, MADE[:-1] + ", lambda params: jnp.ones(3))"),
    ("with a penalty that fails", MADE, MADE[:-1] + ', lambda params: params["kernel"])'),
    ("with a penalty", MADE, MADE[:-1] + ', lambda params: sum(jnp.sum(w ** 2) for w in jax.tree.leaves(params)))'),
    ("with a misspelt word of a recipe", "patience=None", "patiense=None"),
    ("with epochs 0", 'epochs=options["epochs"]', "epochs=0"),
    ("with epochs 2.0", 'epochs=options["epochs"]', "epochs=2.0"),
    ("with epochs of text", 'epochs=options["epochs"]', 'epochs="2"'),
    ("with epochs true", 'epochs=options["epochs"]', "epochs=True"),
    ("with an option that it does not state", 'options["epochs"]', 'options["epoch"]'),
    ("with a batch of none", "batch_size=16", "batch_size=0"),
    ("with a batch of NaN", "batch_size=16", "batch_size=float('nan')"),
    ("with a learning rate of 0", "learning_rate=0.01", "learning_rate=0"),
    ("with a learning rate that is negative", "learning_rate=0.01", "learning_rate=-1e-3"),
    ("with a learning rate of NaN", "learning_rate=0.01", "learning_rate=np.nan"),
    ("with a learning rate of text", "learning_rate=0.01", 'learning_rate="1e-3"'),
    ("with a huge learning rate", "learning_rate=0.01", "learning_rate=1e30"),
    ("with patience -1", "patience=None", "patience=-1"),
    ("with a criterion that there is none of", "patience=None", "patience=None, criterion='auroc'"),
    ("with a criterion", "patience=None", "patience=None, criterion='loss-within'"),
    ("that asks for the lengths of chromosomes", "n_snps, options):", "n_snps, options, lengths):"),
    ("that asks for kinship", "n_snps, options):", "n_snps, options, kinship):"),
    ("with a plateau of two", "patience=None", "patience=None, plateau=(0.1, 5)"),
    ("with an optimiser that is made already", TAKEN, "optax.sgd(0.1)"),
    ("with an optimiser of text", TAKEN, '"adam"'),
    ("with an optimiser that returns nothing", TAKEN, "lambda rate: None"),
    ("with an optimiser of two arguments", TAKEN, "lambda rate, momentum: optax.sgd(rate)"),
    ("with an optimiser that fails", TAKEN, "lambda rate: optax.sgd(rat)"),
    ("with features of three axes", ENCODED, "return nn.Dense(2)(x_BM)[:, :, None]"),
    ("with features of one axis", ENCODED, "return nn.Dense(2)(x_BM)[:, 0]"),
    ("with features averaged over people", ENCODED, "return nn.Dense(2)(x_BM).mean(axis=0, keepdims=True)"),
    ("with features transposed", ENCODED, "return nn.Dense(2)(x_BM).T"),
    ("with features of half precision", ENCODED, "return nn.Dense(2, dtype=jnp.float16)(x_BM)"),
    ("with features of whole numbers", ENCODED, "return x_BM.astype(jnp.int32)"),
    ("with features of truth values", ENCODED, "return x_BM > 0"),
    ("with features in a pair", ENCODED, "return nn.Dense(2)(x_BM), 1"),
    ("with features in a dict", ENCODED, 'return {"h": nn.Dense(2)(x_BM)}'),
    ("that encodes nothing", ENCODED, "pass"),
    ("with features in NumPy", ENCODED, "return np.asarray(x_BM)"),
    ("with features that are NaN", ENCODED, f"return nn.Dense(2)(x_BM) * {NAN}"),
    ("that branches on values", ENCODED, "return nn.Dense(2)(x_BM) if x_BM.sum() > 0 else x_BM[:, :2]"),
    ("with a name that is not there", ENCODED, "return nn.Danse(2)(x_BM)"),
    ("with shapes that do not fit", ENCODED, "return x_BM @ jnp.ones((7, 2))"),
    ("with dropout", ENCODED, "return nn.Dropout(0.5, deterministic=not train)(nn.Dense(2)(x_BM))"),
    ("with batch statistics", ENCODED, "return nn.BatchNorm(use_running_average=not train)(nn.Dense(2)(x_BM))"),
    ("with a random stream of its own", ENCODED, 'return x_BM + jax.random.normal(self.make_rng("noise"), x_BM.shape)'),
    ("with variables of its own", ENCODED, 'c = self.variable("own", "c", jnp.zeros, ()); c.value += 1; return nn.Dense(2)(x_BM)'),
    ("with an encoder that takes no train", "def __call__(self, x_BM, train):\n        return nn.Dense(2)", "def __call__(self, x_BM):\n        return nn.Dense(2)"),
    ("with an encoder that takes more", "def __call__(self, x_BM, train):\n        return nn.Dense(2)", "def __call__(self, x_BM, train, more):\n        return nn.Dense(2)"),
    ("with logits in a column", HEADED, "return nn.Dense(1)(h_BF)"),
    ("with logits of two classes", HEADED, "return nn.Dense(2)(h_BF)"),
    ("with one logit for all", HEADED, "return nn.Dense(1)(h_BF).mean()"),
    ("with logits as a list", HEADED, "return [nn.Dense(1)(h_BF)[:, 0]]"),
    ("with logits that are NaN", HEADED, f"return nn.Dense(1)(h_BF)[:, 0] + {NAN}"),
    ("with logits that are NaN for some", HEADED, "z = nn.Dense(1)(h_BF)[:, 0]; return jnp.where(z > 0.3, jnp.nan, z)"),
    ("that divides by zero", "def build(n_snps, options):\n", "def build(n_snps, options):\n    1 / 0\n"),
    ("that ends the process", "def build(n_snps, options):\n", "def build(n_snps, options):\n    raise SystemExit(3)\n"),
    ("that interrupts with text", "def build(n_snps, options):\n", 'def build(n_snps, options):\n    raise RuntimeError("line one\\nline two")\n'),
    ("that asserts", "def build(n_snps, options):\n", "def build(n_snps, options):\n    assert n_snps == 10**6\n"),
    ("that recurs", "def build(n_snps, options):\n", "def build(n_snps, options):\n    return build(n_snps, options)\n"),
    ("that reads a file that is not there", "def build(n_snps, options):\n", 'def build(n_snps, options):\n    open("weights.npz")\n'),
    ("that ends the process on import", "class Encoder", "import sys; sys.exit()\n\n\nclass Encoder"),
    ("that fails on import", "class Encoder", "1 / 0\n\n\nclass Encoder"),
    ("that imports what is not there", "class Encoder", "import torch_of_tomorrow\n\n\nclass Encoder"),
    ("that imports a file beside it", "class Encoder", "import beside\n\n\nclass Encoder"),
    ("that changes its OPTIONS", "class Encoder", 'globals()["OPTIONS"] = {}\n\n\nclass Encoder'),
    ("whose build is a number", "\n\ndef build(n_snps, options):", "\n\nbuild = 3\n\n\ndef built(n_snps, options):"),
    ("whose build is a coroutine", "\ndef build", "\nasync def build"),
    ("whose build is a generator", MADE, MADE.replace("return", "yield")),
    ("with annotations from the future and a dataclass", HEAD, "from __future__ import annotations\nimport dataclasses\n" + HEAD + "\n\n@dataclasses.dataclass\nclass D:\n    x: int = 1\n\n\n"),
)  # fmt: skip
FITTED, ROWED = 'return State({"mean": np.zeros(3)}, {"pcs": context.pcs_NK})', "context.pcs_NK})"
ADJUSTMENTS: tuple[Change, ...] = (
    ("sound", "", ""),
    ("that returns nothing", "return Adjustment(", "Adjustment("),
    ("that returns a function", "return Adjustment(fit, init, inputs, weights, offset, features, penalty)", "return fit"),
    ("with a place that is not there", "features, penalty)", "features, penalty, labels=fit)"),
    ("with an array for a function", "Adjustment(fit, init, inputs", "Adjustment(fit, init, np.ones(3)"),
    ("with None for a function", "Adjustment(fit, init, inputs", "Adjustment(fit, init, None"),
    ("with functions in another order", "Adjustment(fit, init, inputs", "Adjustment(init, fit, inputs"),
    ("with batches of text", "features, penalty)", 'features, penalty, batch_size="all")'),
    ("with batches of 0", "features, penalty)", "features, penalty, batch_size=0)"),
    ("that fits nothing", FITTED, "pass"),
    ("that fits a dict", FITTED, 'return {"mean": 0}'),
    ("that fits a pair", FITTED, "return ({}, {})"),
    ("that fits a list", '{"mean": np.zeros(3)}', "[np.zeros(3)]"),
    ("that fits text", '{"mean": np.zeros(3)}', '{"mean": "zero"}'),
    ("that fits objects", '{"mean": np.zeros(3)}', '{"mean": np.array([None, 1])}'),
    ("that fits a function", '{"mean": np.zeros(3)}', '{"mean": np.mean}'),
    ("that fits under a number", '{"mean": np.zeros(3)}', "{0: np.zeros(3)}"),
    ("that fits lists", '{"mean": np.zeros(3)}', '{"mean": [0.0, 1.0]}'),
    ("that fits nested dicts", '{"mean": np.zeros(3)}', '{"mean": {"a": np.zeros(3)}}'),
    ("that fits NaN", '{"mean": np.zeros(3)}', '{"mean": np.full(3, np.nan)}'),
    ("with rows of training alone", ROWED, 'context.pcs_NK[context.sets["train"]]})'),
    ("with rows turned", ROWED, "context.pcs_NK.T})"),
    ("with one row", ROWED, "context.pcs_NK[:1]})"),
    ("with rows of a number", ROWED, "1.0})"),
    ("with rows of text", ROWED, "context.population_N})"),
    ("with rows of NaN", ROWED, "context.pcs_NK * np.nan})"),
    ("with rows of NaN in testing", ROWED, 'np.where(np.isin(np.arange(len(context.pcs_NK)), context.sets["test"])[:, None], np.nan, context.pcs_NK)})'),
    ("that changes the PCs in place", FITTED, "context.pcs_NK[:] = 0\n        " + FITTED),
    ("that changes the labels in place", FITTED, "context.y_N[:] = 0\n        " + FITTED),
    ("that fits labels outside training", FITTED, "assert np.isfinite(context.y_N).all()\n        " + FITTED),
    ("that fits a context's word that is not there", "context.pcs_NK})", "context.pcs})"),
    ("that starts from nothing", 'return {"w": jnp.full(3, options["strength"])}', "pass"),
    ("that starts from an array", 'return {"w": jnp.full(3, options["strength"])}', "return jnp.zeros(3)"),
    ("that starts from whole numbers", 'jnp.full(3, options["strength"])', "jnp.arange(3)"),
    ("that starts from text", 'jnp.full(3, options["strength"])', '"zero"'),
    ("with inputs cut", "return x_BM\n", "return x_BM[:, :5]\n"),
    ("with inputs of one person", "return x_BM\n", "return x_BM[:1]\n"),
    ("with inputs averaged", "return x_BM\n", "return x_BM.mean(axis=0)\n"),
    ("with inputs of half precision", "return x_BM\n", "return x_BM.astype(jnp.float16)\n"),
    ("with inputs of NumPy", "return x_BM\n", "return np.asarray(x_BM)\n"),
    ("with inputs of nothing", "return x_BM\n", "pass\n"),
    ("with inputs of NaN", "return x_BM\n", f"return x_BM * {NAN}\n"),
    ("with inputs in a pair", "return x_BM\n", "return x_BM, {}\n"),
    ("with inputs doubled", "return x_BM\n", "return x_BM * 2\n"),
    ("with one weight", "jnp.ones(batch.i_B.shape)", "1.0"),
    ("with weights in a column", "jnp.ones(batch.i_B.shape)", "jnp.ones((*batch.i_B.shape, 1))"),
    ("with weights of all people", "jnp.ones(batch.i_B.shape)", "jnp.ones(len(state.rows['pcs']))"),
    ("with weights of zero", "jnp.ones(batch.i_B.shape)", "jnp.zeros(batch.i_B.shape)"),
    ("with weights of text", "jnp.ones(batch.i_B.shape)", '"balanced"'),
    ("with an offset in a column", 'state.rows["pcs"][batch.i_B, 0]', 'state.rows["pcs"][batch.i_B, :1]'),
    ("with an offset of all people", 'state.rows["pcs"][batch.i_B, 0]', 'state.rows["pcs"][:, 0]'),
    ("with an offset of nothing", 'return state.rows["pcs"][batch.i_B, 0]', "pass"),
    ("with an offset of a row that is not there", 'state.rows["pcs"]', 'state.rows["pc"]'),
    ("with an offset of a parameter", 'state.rows["pcs"][batch.i_B, 0]', 'state.rows["pcs"][batch.i_B] @ params["w"]'),
    ("with features alone", "return h_BF, state.fitted", "return h_BF"),
    ("with features of another size", "return h_BF, state.fitted", "return jnp.hstack([h_BF, h_BF]), state.fitted"),
    ("with a state that grows", "return h_BF, state.fitted", 'return h_BF, {**state.fitted, "n": jnp.zeros(3)}'),
    ("with a state of another shape", "return h_BF, state.fitted", 'return h_BF, {"mean": jnp.zeros(4)}'),
    ("with a state lost", "return h_BF, state.fitted", "return h_BF, {}"),
    ("with a penalty for each", 'jnp.sum(params["w"] ** 2)', "f_B"),
    ("with a penalty of nothing", 'return jnp.sum(params["w"] ** 2)', "pass"),
    ("with a penalty that branches", 'jnp.sum(params["w"] ** 2)', "1.0 if f_B[0] > 0 else 0.0"),
    ("with an optimiser of text", "features, penalty)", 'features, penalty, optimizer="adam")'),
    ("with an optimiser that returns a rate", "features, penalty)", "features, penalty, optimizer=lambda model: 0.1)"),
    ("with an optimiser of its own", "features, penalty)", "features, penalty, optimizer=lambda model: optax.adam(0.01))"),
    ("with a second stage of text", "features, penalty)", 'features, penalty, second_stage="yes")'),
    ("with a second stage of two arguments", "features, penalty)", "features, penalty, second_stage=lambda c, s: s)"),
    ("with a second stage that fails", "features, penalty)", "features, penalty, second_stage=lambda c, s, h: s.fitted['x'])"),
    ("with a second stage", "features, penalty)", "features, penalty, second_stage=lambda c, s, h: s)"),
    ("that fails with many lines", "def build(options):\n", 'def build(options):\n    raise ValueError("one\\n\\ntwo\\x1b[0m")\n'),
    ("that fails without a word", "def build(options):\n", "def build(options):\n    raise ValueError\n"),
)  # fmt: skip
GIVEN = 'return options["times"] * x_BM, {"size": jnp.abs(x_BM).sum(axis=1)}'
SIZE = '{"size": jnp.abs(x_BM).sum(axis=1)}'
ATTRIBUTIONS: tuple[Change, ...] = (
    ("sound", "", ""),
    ("without figures", SIZE, "{}"),
    ("of gradients", 'options["times"] * x_BM', "explain.gradient(x_BM, i_B)"),
    ("of dosages", 'options["times"] * x_BM', "explain.dosage(i_B)"),
    ("in NumPy", 'options["times"] * x_BM', "np.asarray(x_BM)"),
    ("in double precision", 'options["times"] * x_BM', "np.asarray(x_BM, np.float64)"),
    ("as lists", 'options["times"] * x_BM', "np.asarray(x_BM).tolist()"),
    ("as ragged lists", 'options["times"] * x_BM', "[[1.0], [1.0, 2.0]]"),
    ("of whole numbers", 'options["times"] * x_BM', "explain.dosage(i_B).astype(int)"),
    ("that returns nothing", GIVEN, "pass"),
    ("that returns attributions alone", GIVEN, "return x_BM"),
    ("that returns three", GIVEN, "return x_BM, {}, 1"),
    ("that returns text", GIVEN, 'return "x", {}'),
    ("that returns complex numbers", 'options["times"] * x_BM', "x_BM * 1j"),
    ("that returns objects", 'options["times"] * x_BM', "np.full(x_BM.shape, None)"),
    ("of NaN", 'options["times"] * x_BM', "x_BM * jnp.nan"),
    ("of one NaN", 'options["times"] * x_BM', "x_BM.at[0, 3].set(jnp.nan)"),
    ("of an infinite number", 'options["times"] * x_BM', "x_BM.at[0, 3].set(jnp.inf)"),
    ("for each SNP alone", 'options["times"] * x_BM', "x_BM.mean(axis=0)"),
    ("for each person alone", 'options["times"] * x_BM', "x_BM.mean(axis=1)"),
    ("in a column", 'options["times"] * x_BM', "x_BM.mean(axis=1, keepdims=True)"),
    ("in a row", 'options["times"] * x_BM', "x_BM.mean(axis=0, keepdims=True)"),
    ("turned", 'options["times"] * x_BM', "x_BM.T"),
    ("of a SNP less", 'options["times"] * x_BM', "x_BM[:, 1:]"),
    ("of three axes", 'options["times"] * x_BM', "x_BM[:, :, None]"),
    ("with figures as a list", SIZE, "[1, 2]"),
    ("with figures as None", SIZE, "None"),
    ("with a figure that is one number", SIZE, '{"size": 1.0}'),
    ("with a figure of each SNP", SIZE, '{"size": x_BM[0]}'),
    ("with a figure of NaN", SIZE, '{"size": jnp.full(len(x_BM), jnp.nan)}'),
    ("with a figure of text", SIZE, '{"size": ["x"] * len(x_BM)}'),
    ("with a figure under a number", SIZE, "{1: x_BM[:, 0]}"),
    ("that fails", GIVEN, "raise KeyError(i_B[0])"),
    ("that fails in the second call", GIVEN, "CALLS.append(1)\n    assert len(CALLS) < 2\n    " + GIVEN + "\n\n\nCALLS = []"),
    ("that asks for what is not there", GIVEN, "return explain.hidden(x_BM), {}"),
    ("that changes the options", GIVEN, 'options["times"] = 0\n    ' + GIVEN),
    ("that refines for ever", GIVEN, GIVEN + '\n\n\ndef refine(options, figures):\n    return {"times": options["times"] + 1}'),
    ("that refines to the same", GIVEN, GIVEN + "\n\n\ndef refine(options, figures):\n    return options"),
    ("that refines to a number", GIVEN, GIVEN + "\n\n\ndef refine(options, figures):\n    return 3"),
    ("that refines to an unknown option", GIVEN, GIVEN + '\n\n\ndef refine(options, figures):\n    return {"steps": 3}'),
    ("that refines by a figure that is not there", GIVEN, GIVEN + '\n\n\ndef refine(options, figures):\n    return figures["x"]'),
    ("that refines once", GIVEN, GIVEN + '\n\n\ndef refine(options, figures):\n    return None if options["times"] == 4 else {"times": 4}'),
    ("with a summary of text", GIVEN, GIVEN + '\n\n\ndef summary(options, figures):\n    return "fine"'),
    ("with a summary of arrays", GIVEN, GIVEN + "\n\n\ndef summary(options, figures):\n    return figures"),
    ("with a summary of NaN", GIVEN, GIVEN + '\n\n\ndef summary(options, figures):\n    return {"x": float("nan")}'),
    ("with a summary of itself", GIVEN, GIVEN + "\n\n\ndef summary(options, figures):\n    x = {}\n    x['x'] = x\n    return x"),
    ("with a summary", GIVEN, GIVEN + '\n\n\ndef summary(options, figures):\n    return {"mean": float(figures["size"].mean())}'),
    ("with a summary of one argument", GIVEN, GIVEN + "\n\n\ndef summary(figures):\n    return {}"),
    ("with groups of labels", GIVEN, GIVEN + '\n\n\nGROUPS = "label"'),
    ("with groups of a number", GIVEN, GIVEN + "\n\n\nGROUPS = 7"),
)  # fmt: skip


def cases() -> Iterator[Case]:
    for kind, source, changes in (
        ("model", MODEL, MODELS),
        ("adjustment", ADJUSTMENT, ADJUSTMENTS),
        ("attribution", ATTRIBUTION, ATTRIBUTIONS),
    ):
        for name, old, new in changes:
            assert old in source, f"{kind} {name}"
            run = explained if kind == "attribution" else fitted
            own = source.replace(old, new, 1) if old else source
            yield Case(kind, name, partial(run, own, kind), r"mine\.py")


def dataset() -> Path:
    """A dataset beside the cases, made by the first: 2 x 24 people, 21 SNPs."""
    folder = Path.cwd().parent / "dataset"
    if not folder.exists():
        write_dataset(folder, n=24, m=21)
    return folder


def own_spec(kind: str) -> dict[str, Any]:
    described = registry.describe(kind, "mine", "mine.py")
    defaults = {name: schema["default"] for name, schema in described.options.items()}
    return {"method": "mine", "file": "mine.py", "options": defaults}


def plainly(path: str) -> ModuleType:
    """The module as Python imports it."""
    specification = importlib.util.spec_from_file_location("plainly_mine", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["plainly_mine"] = module
    specification.loader.exec_module(module)
    return module


@cache
def genotypes(folder: Path) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Inputs as a model gets them, standardised and as dosages, by hand: (N, M) each; iids and sets."""
    iids = [line.split()[1] for line in (folder / "genotypes.fam").read_text().splitlines()]
    m = len((folder / "genotypes.bim").read_text().splitlines())
    data, width = (folder / "genotypes.bed").read_bytes()[3:], -(-len(iids) // 4)
    set_of = dict(line.split("\t") for line in (folder / "split.tsv").read_text().splitlines()[1:])
    standard, dosage = np.zeros((len(iids), m)), np.zeros((len(iids), m))
    for k in range(m):
        row = data[k * width : (k + 1) * width]
        codes = [row[j // 4] >> 2 * (j % 4) & 3 for j in range(len(iids))]
        count = [{0: 2.0, 1: None, 2: 1.0, 3: 0.0}[code] for code in codes]
        training = [c for c, iid in zip(count, iids, strict=True) if set_of[iid] == "train" and c is not None]
        mean, sd = np.mean(training), np.std(training)
        often = max((0.0, 1.0, 2.0), key=lambda c: (training.count(c), c))
        standard[:, k] = [0.0 if c is None or sd == 0 else (c - mean) / sd for c in count]
        dosage[:, k] = [often if c is None else c for c in count]
    return standard, dosage, iids, np.array([set_of[iid] for iid in iids])


def fitted(source: str, kind: str) -> str | None:
    """Train with the file, and predict once more by hand."""
    folder = dataset()
    Path("mine.py").write_text(source)
    linear = spec("model", "linear", epochs=2)
    model = own_spec("model") if kind == "model" else linear
    adjustments = [own_spec("adjustment")] if kind == "adjustment" else [spec("adjustment", "none")]
    out = outputs(Path("out"))
    fit_one(paths(folder), out, model=model, adjustments=adjustments, seeds=1, names=["c", "t", "s", "m"])
    record = json.loads(out["fit"].read_text())
    if record["status"] != "ok":
        assert re.search(
            r"not finite|is nan|is inf|gives no training individual any weight", record["reason"]
        ), record["reason"]
        return "failed"
    standard_NM, dosage_NM, iids, set_N = genotypes(folder)
    table = files.read_tsv(out["predictions"], text=("set",))
    assert table["iid"].tolist() == iids
    assert table["set"].tolist() == set_N.tolist()
    assert np.isfinite(table[["score", "f", "probability"]].to_numpy(float)).all(), "predictions"
    params = serialization.msgpack_restore(out["params"].read_bytes())["1"]
    f_N = _by_hand(kind, source, params, dosage_NM if '"dosage"' in source else standard_NM)
    assert np.allclose(table["f"], f_N, atol=1e-4, rtol=1e-4), f"f {table['f'][0]}, by hand {f_N[0]}"
    if kind == "adjustment":
        pcs_NK = np.asarray(params["rows"]["pcs"])
        offset_N = (
            pcs_NK @ np.asarray(params["params"]["adjustment"]["w"])
            if '@ params["w"]' in source
            else pcs_NK[:, 0]
        )
        assert np.allclose(table["score"] - table["f"], offset_N, atol=1e-4), "offset"
    return None


def _by_hand(kind: str, source: str, params: dict[str, Any], x_NM: np.ndarray) -> np.ndarray:
    """The network's own output: the linear model's in NumPy, a user's by flax alone."""
    if kind == "adjustment":
        x_NM = 2 * x_NM if "return x_BM * 2" in source else x_NM
        h_N = x_NM @ np.asarray(params["params"]["encoder"]["kernel"])[:, 0] / np.sqrt(x_NM.shape[1])
        h_N = 0 * h_N if "h_BF * 0" in source else h_N
        return h_N + np.asarray(params["params"]["head"]["bias"])
    asked = {"lengths": (x_NM.shape[1],)} if "lengths):" in source else {}
    made = plainly("mine.py").build(x_NM.shape[1], {"epochs": 2}, **asked)
    z: Any = x_NM.astype(np.float32)
    for half in ("encoder", "head"):
        collections = {"params": params["params"][half], "batch_stats": params["statistics"][half]}
        z = getattr(made, half).apply(collections, z, False)
    return np.asarray(z)


def explained(source: str, kind: str) -> None:
    """Attributions of one trained linear model, and their mean sizes by hand."""
    folder = dataset()
    model, none = spec("model", "linear", epochs=2), [spec("adjustment", "none")]
    out = outputs(folder / "fit")
    if not (folder / "fit").exists():
        fit_one(paths(folder), out, model=model, adjustments=none, seeds=1, names=["c", "t", "s", "m"])
    Path("mine.py").write_text(source)
    own = own_spec("attribution")
    attribute(
        paths(folder) | {"params": [out["params"]], "fit_json": [out["fit"]]},
        {"tables": list({"mine": "out.tsv"}.values()), "records": ["out.json"]},
        fits=[
            {
                "model": model,
                "adjustments": none,
                "attributions": {"mine": own},
                "names": ["c", "t", "s", "m"],
            }
        ],
    )
    table = files.read_tsv("out.tsv")
    standard_NM, dosage_NM, iids, set_N = genotypes(folder)
    test_N = set_N == "test"
    a_NM = own["options"]["times"] * standard_NM
    for text, times in (("def refine", 4), ('options["times"] = 0', 0)):
        if text in source:
            a_NM = times * standard_NM
    if (
        "x_BM * 0" in source
        or "explain.dosage" in source
        or "explain.gradient" in source
        or "np.asarray(x_BM" in source
    ):
        a_NM = standard_NM
    if "explain.dosage" in source:
        a_NM = dosage_NM
    if "explain.gradient" in source:
        weights = serialization.msgpack_restore(out["params"].read_bytes())["1"]["params"]["encoder"][
            "kernel"
        ]
        a_NM = np.tile(np.asarray(weights)[:, 0] / np.sqrt(len(weights)), (len(iids), 1))
    people = files.read_tsv(folder / "samples.tsv")["population"].to_numpy()[test_N]
    weight_B = np.array([1 / (people == p).sum() for p in people])
    score_M = (np.abs(a_NM[test_N]) * (weight_B / weight_B.sum())[:, None]).sum(axis=0)
    assert table["snp"].tolist() == [
        line.split()[1] for line in (folder / "genotypes.bim").read_text().splitlines()
    ]
    if 'GROUPS = "label"' not in source:
        assert np.allclose(table["score"], score_M, atol=1e-5), f"{table['score'][0]} for {score_M[0]}"
