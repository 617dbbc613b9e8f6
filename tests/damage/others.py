"""Splits, associations and demographies of a user's own that misbehave. What is accepted is run once more, plainly."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from damage.judge import Case
from damage.trained import dataset, own_spec, plainly
from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files, raw_files
from stratbench.associations.run import associate, load
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.core import files
from stratbench.datasets.run import dataset as make_dataset
from stratbench.splits.run import split
from stratbench.study import config as configs
from trained import paths

HEAD = "import numpy as np\nimport pandas as pd\n"
SPLIT = (
    HEAD
    + """OPTIONS = {"test": {"type": "number", "default": 0.25}}
CITATION = ""


def assign(people, options, rng):
    sets = np.resize(["train", "test", "train", "validation"], len(people))
    return sets
"""
)
ASSOCIATION = (
    HEAD
    + """OPTIONS = {"scale": {"type": "number", "default": 1}}
CITATION = ""


def associate(data, options):
    m, n = len(data.snp_M), len(data.y_N)
    table = pd.DataFrame({"snp": data.snp_M, "beta": np.arange(m) * 0.1, "se": 0.5, "statistic": np.arange(m) * 0.2, "p": 0.5, "n": n})
    return table
"""
)
COALESCENT = """import msprime
OPTIONS = {"size": {"type": "number", "minimum": 1, "default": 500}}
CITATION = ""


def demography(options):
    return msprime.Demography.island_model([options["size"]] * 2, 0.01)


def samples(options):
    return {"pop_0": 3, "pop_1": 4}


def columns(options):
    return {"depth": list(range(7))}


def problems(options):
    return []
"""
LOCI = (
    HEAD
    + """OPTIONS = {"loci": {"type": "integer", "default": 6}}
CITATION = ""


def samples(options):
    return {"a": 3, "b": 2}


def genotypes(options, rng):
    for start in range(0, options["loci"], 2):
        yield (np.arange(10).reshape(2, 5) + start) % 3
"""
)
DONE = "    return sets\n"
SPLITS: tuple[tuple[str, str, str], ...] = (
    ("sound", "", ""),
    ("as a list", DONE, "    return sets.tolist()\n"),
    ("as a tuple", DONE, "    return tuple(sets)\n"),
    ("as a series", DONE, "    return pd.Series(sets, index=people.index)\n"),
    ("as a category", DONE, '    return pd.Series(sets, dtype="category")\n'),
    ("as a series by iid", DONE, '    return pd.Series(sets, index=people["iid"])\n'),
    ("as a series in another order", DONE, "    return pd.Series(sets, index=people.index).sample(frac=1, random_state=1)\n"),
    ("as a table", DONE, '    return pd.DataFrame({"set": sets})\n'),
    ("as a dict", DONE, '    return dict(zip(people["iid"], sets))\n'),
    ("as a set", DONE, "    return set(sets)\n"),
    ("as an iterator", DONE, "    return iter(sets)\n"),
    ("as a generator", DONE, "    yield from sets\n"),
    ("as text", DONE, '    return "train"\n'),
    ("as nothing", DONE, "    pass\n"),
    ("as numbers", DONE, "    return np.zeros(len(people))\n"),
    ("as truth values", DONE, "    return people.index > 3\n"),
    ("as bytes", DONE, '    return sets.astype("S")\n'),
    ("in capitals", DONE, "    return np.char.upper(sets)\n"),
    ("with blanks", DONE, '    return np.char.add(sets, " ")\n'),
    ("with a word of its own", DONE, '    return np.where(sets == "validation", "valid", sets)\n'),
    ("with None", DONE, "    return [None, *sets[1:]]\n"),
    ("with NaN", DONE, "    return [float('nan'), *sets[1:]]\n"),
    ("with a number", DONE, "    return [1, *sets[1:]]\n"),
    ("with some left out", DONE, '    return ["", *sets[1:]]\n'),
    ("with all left out", DONE, "    return [''] * len(people)\n"),
    ("with one set", DONE, "    return ['train'] * len(people)\n"),
    ("without validation", DONE, '    return np.where(sets == "validation", "train", sets)\n'),
    ("without training", DONE, '    return np.where(sets == "train", "test", sets)\n'),
    ("of one less", DONE, "    return sets[1:]\n"),
    ("of one more", DONE, '    return [*sets, "train"]\n'),
    ("of none", DONE, "    return []\n"),
    ("of two axes", DONE, "    return sets[:, None]\n"),
    ("ragged", DONE, "    return [['train'], ['train', 'test']]\n"),
    ("that fails", DONE, '    return people["batch"]\n'),
    ("that raises a stop", DONE, "    raise StopIteration\n"),
    ("that ends the process", DONE, "    raise SystemExit\n"),
    ("that sorts the people in place", "    sets =", '    people.sort_values("population", ascending=False, inplace=True)\n    sets ='),
    ("that drops people in place", "    sets =", "    people.drop(people.index[:2], inplace=True)\n    sets ="),
    ("that renames people in place", "    sets =", '    people["iid"] = people["iid"].to_numpy()[::-1]\n    sets ='),
    ("that changes the options", "    sets =", '    options["test"] = 2\n    sets ='),
    ("that draws", "    sets =", "    rng.random()\n    sets ="),
    ("that asks for kinship", "options, rng):", "options, rng, kinship):"),
    ("that asks for kinship by name", "options, rng):", "options, rng, *, kinship=None):"),
    ("that asks for more", "options, rng):", "options, rng, genotypes):"),
    ("with a test of text", '"default": 0.25', '"default": "a"'),
)  # fmt: skip
TOLD = "    return table\n"
ASSOCIATIONS: tuple[tuple[str, str, str], ...] = (
    ("sound", "", ""),
    ("with another index", TOLD, "    return table.set_index(np.arange(m)[::-1])\n"),
    ("with n as a float", TOLD, '    return table.assign(n=table["n"] * 1.0)\n'),
    ("with numbers as int8", TOLD, '    return table.astype({"beta": "int8"})\n'),
    ("with float32", TOLD, '    return table.astype({"beta": "float32"})\n'),
    ("with one se missing", TOLD, '    table.loc[2, "se"] = np.nan\n    return table\n'),
    ("with nullable numbers", TOLD, '    return table.astype({"beta": "Float64"})\n'),
    ("as nothing", TOLD, "    pass\n"),
    ("as an array", TOLD, "    return table.to_numpy()\n"),
    ("as a dict", TOLD, '    return table.to_dict("list")\n'),
    ("as text", TOLD, "    return table.to_csv()\n"),
    ("as a pair", TOLD, "    return table, 1\n"),
    ("with columns in another order", TOLD, "    return table[table.columns[::-1]]\n"),
    ("with a column more", TOLD, "    return table.assign(maf=0.1)\n"),
    ("without n", TOLD, '    return table.drop(columns="n")\n'),
    ("with a column twice", TOLD, '    return table.set_axis(["snp", "beta", "beta", "statistic", "p", "n"], axis=1)\n'),
    ("with columns of capitals", TOLD, "    return table.rename(columns=str.upper)\n"),
    ("with snp as the index", TOLD, '    return table.set_index("snp")\n'),
    ("with one row less", TOLD, "    return table[1:]\n"),
    ("with one row more", TOLD, "    return pd.concat([table, table[:1]])\n"),
    ("with no row", TOLD, "    return table[:0]\n"),
    ("sorted by p", TOLD, '    return table.sort_values("beta", ascending=False)\n'),
    ("with numbers for SNPs", TOLD, "    return table.assign(snp=range(m))\n"),
    ("with SNPs in capitals", TOLD, '    return table.assign(snp=table["snp"].str.upper())\n'),
    ("with a SNP missing", TOLD, '    table.loc[2, "snp"] = None\n    return table\n'),
    ("with beta of text", TOLD, '    return table.astype({"beta": str})\n'),
    ("with beta of objects", TOLD, '    return table.astype({"beta": object})\n'),
    ("with beta complex", TOLD, '    return table.assign(beta=table["beta"] * 1j)\n'),
    ("with beta NaN", TOLD, '    table.loc[2, "beta"] = np.nan\n    return table\n'),
    ("with beta infinite", TOLD, '    table.loc[2, "beta"] = np.inf\n    return table\n'),
    ("with all statistics NaN", TOLD, "    return table.assign(statistic=np.nan)\n"),
    ("with se negative", TOLD, '    table.loc[2, "se"] = -1\n    return table\n'),
    ("with se infinite", TOLD, '    table.loc[2, "se"] = np.inf\n    return table\n'),
    ("with p 0", TOLD, "    return table.assign(p=0.0)\n"),
    ("with p above 1", TOLD, '    table.loc[2, "p"] = 1.0000001\n    return table\n'),
    ("with p negative", TOLD, '    table.loc[2, "p"] = -1e-300\n    return table\n'),
    ("with p NaN", TOLD, '    table.loc[2, "p"] = np.nan\n    return table\n'),
    ("with p as its logarithm", TOLD, '    return table.assign(p=-np.log10(table["p"] / 20))\n'),
    ("with n more than all", TOLD, '    return table.assign(n=n + 1)\n'),
    ("with n negative", TOLD, '    return table.assign(n=-1)\n'),
    ("with n broken", TOLD, '    return table.assign(n=0.5)\n'),
    ("with n of truth values", TOLD, '    return table.assign(n=True)\n'),
    ("that fails", TOLD, '    return np.linalg.solve(np.zeros((2, 2)), np.ones(2))\n'),
    ("that asks for what is not there", TOLD, '    return data.phenotypes\n'),
    ("that changes the labels", TOLD, "    data.y_N[:] = 0\n    return table\n"),
    ("that changes the PCs", TOLD, "    data.pcs_NK[:] = 0\n    return table\n"),
    ("that changes the SNPs", TOLD, "    data.snp_M[0] = 'x'\n    return table\n"),
    ("that changes the options", TOLD, "    options.clear()\n    return table\n"),
    ("that reads all", TOLD, "    data.genotypes.read()\n    return table\n"),
    ("that ends the process", TOLD, "    import os, sys\n    sys.exit('no')\n"),
)  # fmt: skip
DEMOGRAPHIES: tuple[tuple[str, str, str], ...] = (
    ("sound", "", ""),
    ("without problems", "def problems", "def problemz"),
    ("with a problem", "return []\n", 'return [("size", "too\\nsmall")]\n'),
    ("with a problem of no option", "return []\n", 'return [("depth", "too small")]\n'),
    ("with a problem of text", "return []\n", 'return "too small"\n'),
    ("with a problem alone", "return []\n", 'return [("size",)]\n'),
    ("with problems of None", "return []\n", "return None\n"),
    ("with problems that fail", "return []\n", "yield options['sise'], 'x'\n"),
    ("with problems that end the process", "return []\n", "raise SystemExit\n"),
    ("that samples nobody", '{"pop_0": 3, "pop_1": 4}', "{}"),
    ("that samples a list", '{"pop_0": 3, "pop_1": 4}', "[3, 4]"),
    ("that samples zero", '"pop_0": 3', '"pop_0": 0'),
    ("that samples less", '"pop_0": 3', '"pop_0": -3'),
    ("that samples a part", '"pop_0": 3', '"pop_0": 2.5'),
    ("that samples 3.0", '"pop_0": 3', '"pop_0": 3.0'),
    ("that samples text", '"pop_0": 3', '"pop_0": "3"'),
    ("that samples a host", '"pop_0": 3', '"pop_0": 10**12'),
    ("that samples who is not there", '"pop_0": 3', '"pop_9": 3'),
    ("that samples a number", '"pop_0": 3', "0: 3"),
    ("that samples a name of blanks", '"pop_0": 3', '"pop 0": 3'),
    ("that samples a name without end", '"pop_0": 3', '"pop_0\\n": 3'),
    ("that samples no name", '"pop_0": 3', '"": 3'),
    ("that samples otherwise each time", '    return {"pop_0": 3, "pop_1": 4}', '    CALLS.append(1)\n    return {"pop_0": 2 + len(CALLS), "pop_1": 4}\n\n\nCALLS = []'),
    ("of no demography", "return msprime.Demography.island_model([options[\"size\"]] * 2, 0.01)", "return None"),
    ("of a graph", "return msprime.Demography.island_model([options[\"size\"]] * 2, 0.01)", "return msprime.Demography.island_model([9.0] * 2, 0.01).to_demes()"),
    ("of a negative size", '[options["size"]] * 2', "[-5.0] * 2"),
    ("of a size of NaN", '[options["size"]] * 2', '[float("nan")] * 2'),
    ("of one population", '[options["size"]] * 2', '[options["size"]]'),
    ("with a column short", "list(range(7))", "list(range(6))"),
    ("with a column of one value", "list(range(7))", "3"),
    ("with a column of text", "list(range(7))", '"abcdefg"'),
    ("with a column of words", "list(range(7))", 'list("abcdefg")'),
    ("with a column of tabs", "list(range(7))", '["a\\tb"] * 7'),
    ("with a column of lists", "list(range(7))", "[[1]] * 7"),
    ("with a column of None", "list(range(7))", "[None] * 7"),
    ("with a column of NaN", "list(range(7))", '[float("nan")] * 7'),
    ("with a column of iids", '"depth"', '"iid"'),
    ("with a column of populations", '"depth"', '"population"'),
    ("with a column of blanks", '"depth"', '"my depth"'),
    ("with a column of a number", '"depth"', "7"),
    ("with columns in a list", '{"depth": list(range(7))}', '["depth"]'),
    ("with columns in a table", '{"depth": list(range(7))}', "__import__('pandas').DataFrame()"),
    ("that fails", "return msprime", "raise OverflowError('x' * 999)\n    return msprime"),
    ("that imports what is not there", "import msprime\n", "import msprime\nimport slim_of_tomorrow\n"),
    ("with ancestry of the future", "def problems", 'def ancestry(options):\n    return (-1, ["pop_0"])\n\n\ndef problems'),
    ("with ancestry of nobody", "def problems", "def ancestry(options):\n    return (5, [])\n\n\ndef problems"),
    ("with ancestry of text", "def problems", 'def ancestry(options):\n    return (5, "pop_0")\n\n\ndef problems'),
    ("with ancestry of some", "def problems", 'def ancestry(options):\n    return (5, ["pop_0"])\n\n\ndef problems'),
    ("with ancestry of strangers", "def problems", 'def ancestry(options):\n    return (5, ["x", "y"])\n\n\ndef problems'),
    ("with ancestry", "def problems", 'def ancestry(options):\n    return (5, ["pop_0", "pop_1"])\n\n\ndef problems'),
    ("with a pedigree of a list", "def problems", "def pedigree(options):\n    return []\n\n\ndef problems"),
    ("with a pedigree of no columns", "def problems", "def pedigree(options):\n    import pandas as pd\n    return pd.DataFrame()\n\n\ndef problems"),
)  # fmt: skip
CHUNK = "        yield (np.arange(10).reshape(2, 5) + start) % 3\n"
GENOTYPES: tuple[tuple[str, str, str], ...] = (
    ("of loci, sound", "", ""),
    ("of loci, as int8", CHUNK, CHUNK.rstrip().replace("yield ", "yield (") + ").astype(np.int8)\n"),
    ("of loci, as a list", CHUNK, "        yield [[0, 1, 2, 0, 1]]\n"),
    ("of loci, with missing ones", CHUNK, "        yield np.array([[0, 1, 2, 0, -1]])\n"),
    ("of loci, returned whole", "    for start", "    return [np.array([[0, 1, 2, 0, 1]])]\n    for start"),
    ("of loci, as nothing", CHUNK, "        pass\n"),
    ("of loci, as one array", CHUNK, "        return np.zeros((6, 5), int)\n"),
    ("of loci, as None", CHUNK, "        yield None\n"),
    ("of loci, as fractions", CHUNK, "        yield np.full((2, 5), 0.5)\n"),
    ("of loci, as whole fractions", CHUNK, "        yield np.ones((2, 5))\n"),
    ("of loci, as truth values", CHUNK, "        yield np.ones((2, 5), bool)\n"),
    ("of loci, with 3", CHUNK, "        yield np.full((2, 5), 3)\n"),
    ("of loci, with -2", CHUNK, "        yield np.full((2, 5), -2)\n"),
    ("of loci, with 256", CHUNK, "        yield np.full((2, 5), 256)\n"),
    ("of loci, with 255 in a byte", CHUNK, "        yield np.full((2, 5), 255, np.uint8)\n"),
    ("of loci, of six people", CHUNK, "        yield np.ones((2, 6), int)\n"),
    ("of loci, turned", CHUNK, "        yield np.ones((5, 2), int)\n"),
    ("of loci, of one axis", CHUNK, "        yield np.ones(5, int)\n"),
    ("of loci, of three axes", CHUNK, "        yield np.ones((2, 5, 1), int)\n"),
    ("of loci, ragged", CHUNK, "        yield [[0, 1], [0]]\n"),
    ("of loci, of haplotypes", CHUNK, "        yield np.ones((2, 10), int)\n"),
    ("of loci, of none", CHUNK, "        yield np.ones((0, 5), int)\n"),
    ("of loci, that fail at the second", CHUNK, "        assert start == 0\n" + CHUNK),
)  # fmt: skip


def cases() -> Iterator[Case]:
    for kind, source, changes, run in (
        ("split", SPLIT, SPLITS, parted),
        ("association", ASSOCIATION, ASSOCIATIONS, associated),
        ("demography", COALESCENT, DEMOGRAPHIES, simulated),
        ("demography", LOCI, GENOTYPES, simulated),
    ):
        for name, old, new in changes:
            assert old in source, f"{kind} {name}"
            own = source.replace(old, new, 1) if old else source
            yield Case(
                kind, name, partial(run, own), r"mine\.py|splits: |demography 'mine'|\(size, |simulate\.size"
            )


def people() -> Path:
    """A cohort and a dataset beside the cases: 2 x 10 people, 30 SNPs."""
    folder = Path.cwd().parent / "people"
    if not folder.exists():
        count_MN, populations = balding_nichols([10, 10], 30, 0.1, np.random.default_rng(3))
        y = np.random.default_rng(4).permutation(np.tile([0, 1], 10)).tolist()
        write_cohort(folder / "cohort", count_MN, populations, columns={"y": y})
        declared = {"y": {"column": "y", "kind": "binary"}}
        make_dataset(
            cohort_files(folder / "cohort"),
            dataset_files(folder / "dataset"),
            spec={"measured": "y"},
            names=["t"],
            declared=declared,
        )
    return folder


def parted(source: str) -> None:
    """The split's file against what the function answers for the same people."""
    Path("mine.py").write_text(source)
    folder = people()
    split(
        cohort_files(folder / "cohort") | dataset_files(folder / "dataset"),
        {"split": "split.tsv"},
        spec=own_spec("split"),
        names=["c", "t", "s"],
    )
    rows = [line.split("\t") for line in Path("split.tsv").read_text().splitlines()[1:]]
    found = dict(rows)
    samples = files.read_tsv(folder / "cohort/samples.tsv").sort_values("iid", ignore_index=True)
    asked = {"kinship": None} if "kinship" in source else {}
    given = plainly("mine.py").assign(samples.copy(), {"test": 0.25}, np.random.default_rng(0), **asked)
    expected = {iid: name for iid, name in zip(samples["iid"], given, strict=True) if name}
    assert found == expected, f"{found} for {expected}"
    assert [iid for iid, _ in rows] == [
        iid for iid in files.read_tsv(folder / "cohort/samples.tsv")["iid"] if iid in expected
    ]


def associated(source: str) -> None:
    """The association's file against the table that the function makes."""
    Path("mine.py").write_text(source)
    folder = dataset()
    snps = files.read_lines(folder / "keep.snp")
    asked = {"own": own_spec("association"), "ols": {"method": "ols", "options": {}}}
    associate(paths(folder), {"tables": ["out.tsv", "ols.tsv"], "record": "record.json"}, associations=asked)
    table = plainly("mine.py").associate(load(paths(folder)), {"scale": 1})
    found = pd.read_csv("out.tsv", sep="\t", dtype={"snp": str})
    assert found["snp"].tolist() == snps
    for name in ("beta", "se", "statistic", "p", "n"):
        assert np.allclose(
            found[name].to_numpy(float), table[name].to_numpy(float), rtol=1e-8, equal_nan=True
        ), name
    assert "".join(Path("ols.tsv").read_text()).count("\n") == len(snps) + 1


def simulated(source: str) -> None:
    """A config with the demography, its cohort, and who is in it by the function itself."""
    Path("mine.py").write_text(source)
    own: dict[str, Any] = {"chromosomes": 1, "length": 50_000, "mutation": 1e-6, "min_maf": 0}
    config = {
        "study": "mine",
        "cohorts": {"a": {"simulate": {"file": "mine.py", **own}}},
        "traits": {"t": {"simulate": {}}},
        "blocks": [{"cohorts": ["a"], "traits": ["t"], "splits": ["random"]}],
    }
    options = configs.check(config)["cohorts"]["a"]["simulate"]["options"]
    simulate(
        {}, raw_files("out/g", "out/s.tsv"), demography="mine", options=options, names=["x"], file="mine.py"
    )
    module = plainly("mine.py")
    counts: Callable[[Any], Any] = module.samples
    expected = [name for name, n in counts(options).items() for _ in range(n)]
    samples = files.read_tsv("out/s.tsv")
    assert samples["population"].tolist() == expected, f"{samples['population'].tolist()} for {expected}"
    width, m = -(-len(expected) // 4), len(Path("out/g.bim").read_text().splitlines())
    data = Path("out/g.bed").read_bytes()
    assert len(data) == 3 + m * width, "size of the .bed"
    if hasattr(module, "columns"):
        (name,) = module.columns(options)
        given = pd.Series(module.columns(options)[name])
        read = files.read_tsv("out/s.tsv")[name]
        assert [str(v) for v in read.fillna("")] == [str(v) for v in given.fillna("")], name
    if hasattr(module, "genotypes"):
        made = [
            row
            for chunk in module.genotypes(options, np.random.default_rng(0))
            for row in np.asarray(chunk).tolist()
        ]
        count = {0: 2, 1: -1, 2: 1, 3: 0}
        rows = [data[3 + k * width : 3 + (k + 1) * width] for k in range(m)]
        read_MN = [[count[row[j // 4] >> 2 * (j % 4) & 3] for j in range(len(expected))] for row in rows]
        assert read_MN == made, "genotypes"
