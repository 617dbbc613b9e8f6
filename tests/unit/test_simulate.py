"""Simulated cohorts: the raw contract, the tree sequence's genotypes, seeds by name, and refusals."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msprime
import numpy as np
import pytest

from helpers import read_counts
from stations import raw_files
from stratbench.cohorts.simulated import simulate as module
from stratbench.cohorts.simulated import snps as streaming
from stratbench.cohorts.simulated.simulate import all_options, column_names, simulate
from stratbench.cohorts.simulated.snps import snps
from stratbench.core import files, progress
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.methods import registry
from stratbench.methods.checked import checked

SMALL: dict[str, Any] = {"individuals": 10, "chromosomes": 2, "length": 50_000}


def make(directory: Path, demography: str = "split", names: tuple = ("a", 1), **options: Any) -> Path:
    simulate(
        {},
        raw_files(directory / "genotypes", directory / "samples.tsv"),
        demography=demography,
        options=SMALL | options,
        names=names,
    )
    return directory


def test_files_follow_the_raw_contract(tmp_path: Path) -> None:
    make(tmp_path, populations=3)
    bim, fam = plink.read_bim(tmp_path / "genotypes.bim"), plink.read_fam(tmp_path / "genotypes.fam")
    samples = files.read_tsv(tmp_path / "samples.tsv")
    assert list(samples.columns) == ["iid", "population", "family", "sex"]
    assert samples["iid"].tolist() == fam["iid"].tolist() == samples["family"].tolist()
    assert samples["population"].tolist() == [f"p{k}" for k in (1, 2, 3) for _ in range(10)]
    assert fam["iid"].is_unique
    assert bim["snp"].is_unique
    assert set(bim["chrom"]) == {"1", "2"}
    assert bim["pos"].between(1, 50_000).all()
    assert (bim["snp"] == "chr" + bim["chrom"] + ":" + bim["pos"].astype(str)).all()
    assert (bim["a1"] != bim["a2"]).all()
    assert bim.groupby("chrom")["pos"].apply(lambda pos: pos.is_monotonic_increasing).all()
    frequency_M = read_counts(tmp_path).mean(axis=1) / 2
    assert np.minimum(frequency_M, 1 - frequency_M).min() > 0


def test_panmictic_is_one_population(tmp_path: Path) -> None:
    make(tmp_path, "panmictic")
    assert files.read_tsv(tmp_path / "samples.tsv")["population"].tolist() == ["all"] * 10


def test_minor_allele_frequency_is_filtered_over_all_individuals(tmp_path: Path) -> None:
    make(tmp_path, min_maf=0.2)
    frequency_M = read_counts(tmp_path).mean(axis=1) / 2
    assert np.minimum(frequency_M, 1 - frequency_M).min() > 0.2 - 1e-9


def test_the_seed_is_the_name(tmp_path: Path) -> None:
    def bytes_of(folder: str, *names: object) -> bytes:
        return (make(tmp_path / folder, names=names) / "genotypes.bed").read_bytes()

    assert bytes_of("one", "a", 1) == bytes_of("again", "a", 1)
    assert bytes_of("other", "a", 2) != bytes_of("one", "a", 1)


def test_chromosomes_are_drawn_apart(tmp_path: Path) -> None:
    bim = plink.read_bim(make(tmp_path) / "genotypes.bim")
    first, second = (set(bim.loc[bim["chrom"] == chrom, "pos"]) for chrom in "12")
    assert len(first & second) < len(first) / 10


def test_chunks_hold_what_the_tree_sequence_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    original = module.tree_sequence
    monkeypatch.setattr(
        module, "tree_sequence", lambda *arguments: kept.append(original(*arguments)) or kept[-1]
    )
    monkeypatch.setattr(streaming, "CHUNK", 7)
    make(
        tmp_path, "panmictic", min_maf=0, mutation=1e-6, length=20_000
    )  # dense: sites are hit more than once
    expected, pairs = [], []
    for sequence in kept:
        for variant in sequence.variants():
            count = variant.genotypes.reshape(-1, 2).sum(axis=1)
            if len(variant.alleles) == 2 and 0 < count.sum() < 20:
                expected.append(count)
                pairs.append((variant.alleles[1], variant.alleles[0]))
        assert any(len(variant.alleles) > 2 for variant in sequence.variants())
    bim = plink.read_bim(tmp_path / "genotypes.bim")
    assert (read_counts(tmp_path) == np.array(expected)).all()
    assert list(zip(bim["a1"], bim["a2"], strict=True)) == pairs


def test_individuals_that_are_no_pairs_of_samples_are_noticed() -> None:
    sequence = msprime.sim_ancestry(4, sequence_length=100, random_seed=1)
    mixed = sequence.simplify([0, 2, 1, 3, 4, 5, 6, 7])
    with pytest.raises(ValueError, match="pairs"):
        list(snps(mixed, 0))


@pytest.mark.parametrize(
    ("demography", "options", "message"),
    [
        ("split", {"fst": 0}, "'fst'.* must lie between 0 and 1, both excluded; give e.g. 0.05"),
        ("split", {"fst": 1}, "'fst'.* must lie between 0 and 1, both excluded; give e.g. 0.05"),
        ("split", {"fst": -0.1}, "'fst'.* must lie between 0 and 1, both"),
        ("split", {"populations": 1}, "'populations'.* must be 2 or more; give e.g. 3"),
        ("split", {"population": 3}, "did you mean 'populations'"),
        ("split", {"individuals": 0}, "'individuals'.* must be 2 or more; give e.g. 200"),
        ("panmictic", {"fst": 0.1}, "unknown option 'fst'"),
        ("panmictic", {"population_size": 0}, "'population_size'.* must be above 0; give e.g. 10000"),
        ("panmictic", {"min_maf": 0.5}, "'min_maf'.* must lie between 0 and 0.5, 0.5 excluded; give"),
        ("panmictic", {"length": 5000.5}, "'length'"),
        ("panmictic", {"mutation": "1e-8"}, "'mutation'.*YAML wants a dot"),
        ("panmictic", {"mutation": 0}, "between 0 and 0.01, 0 excluded; give e.g. 1.0e-08"),
        ("panmictic", {"mutation": 1e-15}, "no site varies"),
        ("panmixtic", {}, "did you mean 'panmictic'"),
        ("split", {"shape": "bush"}, "'shape'.* known: star, tree"),
        ("island", {"fst": 0}, "'fst'.* must lie between 0 and 1, both excluded"),
        ("island", {"fst": 1}, "'fst'.* must lie between 0 and 1, both excluded"),
        ("island", {"migration": 0}, "'migration'.* between 0 and 1, 0 excluded"),
        ("island", {"populations": 1}, "'populations'.* must be 2 or more"),
        ("island", {"fst": 0.001, "population_size": 50}, "'fst': .* raise it, or 'population_size'"),
        ("island", {"migration": 0.6}, "'migration': .* lower it"),
        ("island", {"migration": 0.1, "fst": 0.1}, "leave one of them out"),
        ("stepping-stone", {"rows": 1, "columns": 1}, "use demography panmictic"),
        ("stepping-stone", {"history": "perpetual", "panmixia": 50}, "'panmixia': .* leave it out"),
        ("stepping-stone", {"migration": 0.3}, "'migration'.* between 0 and 0.25, 0 excluded"),
        ("stepping-stone", {"history": "old"}, "'history'"),
        ("stepping-stone", {"panmixia": 0}, "'panmixia'.* must be above 0; give e.g. 100"),
        ("out-of-africa", {"fst": 0.1}, "unknown option 'fst'"),
        ("american-admixture", {"proportions": [0.5, 0.5, 0.5]}, "make them sum to 1"),
        ("american-admixture", {"proportions": [0.5, 0.5]}, "'proportions'"),
        ("american-admixture", {"proportions": [1.5, -0.5, 0]}, "must lie between 0 and 1"),
        ("american-admixture", {"generations": 1}, "between 2 and 920, both excluded; give e.g. 12"),
        ("family", {"founders": "splitt"}, "'founders'"),
        ("family", {"founders": "balding-nichols"}, "'founders'"),
        ("family", {"founders": "split", "founder_options": {"fts": 0.1}}, "did you mean 'fst'"),
        (
            "family",
            {"founders": "split", "founder_options": {"fst": 2}},
            "demography 'split'.*'fst'.* both excl",
        ),
        ("family", {"founders": "split", "founder_options": {"fst": 1e-6}}, "a higher 'fst'"),
        ("family", {"families": 0}, "'families'"),
        ("family", {"siblings": 0}, "'siblings'"),
        ("balding-nichols", {"fst": 0}, "'fst'.* must lie between 0 and 1, both excluded"),
        ("balding-nichols", {"fst": [0.1, 1]}, "'fst'.* must lie between 0 and 1, both excluded"),
        ("balding-nichols", {"fst": [0.1, 0.2]}, "one for each"),
        ("balding-nichols", {"recombination": 1e-8}, "no recombination; leave it out"),
        ("balding-nichols", {"mutation": 1e-8}, "no mutation, and all vary; leave it out"),
        ("balding-nichols", {"loci": 0}, "'loci'.* must be 1 or more; give e.g. 10000"),
        ("balding-nichols", {"spread": 2}, "set 'admixture' to true"),
        ("balding-nichols", {"loci": 20_000, "length": 5000}, "raise it or 'chromosomes'"),
        ("balding-nichols", {"loci": 500, "min_maf": 0.4999, "individuals": 100}, "lower it"),
    ],
)
def test_the_impossible_is_refused_and_nothing_is_left(
    tmp_path: Path, demography: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        make(tmp_path, demography, **options)
    assert not list(tmp_path.iterdir())


def slow(function: Callable) -> Callable:
    """The function, after a tenth of a second."""
    return lambda *arguments: time.sleep(0.1) or function(*arguments)


def test_long_silence_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a coalescent, and of independent loci; the result is the same, and no thread is left."""
    before = threading.active_count()
    quiet = {name: make(tmp_path / f"{name}-quiet", name) for name in ("panmictic", "balding-nichols")}
    assert "so far" not in capsys.readouterr().out
    monkeypatch.setattr(progress, "EVERY", 0.01)
    monkeypatch.setattr(module, "tree_sequence", slow(module.tree_sequence))
    monkeypatch.setattr(plink.Writer, "append", slow(plink.Writer.append))
    said = {
        "panmictic": "chromosome 2: its coalescent is running, ",
        "balding-nichols": "independent loci written, ",
    }
    for name, line in said.items():
        loud = make(tmp_path / name, name)
        assert line in capsys.readouterr().out
        assert (loud / "genotypes.bed").read_bytes() == (quiet[name] / "genotypes.bed").read_bytes()
    assert threading.active_count() == before


def test_silence_is_broken_until_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 60)
    before = threading.active_count()
    with pytest.raises(ValueError, match="x"), progress.telling(lambda: "busy"):
        raise ValueError("x")
    assert threading.active_count() == before


def test_a_demography_of_the_users_is_one_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import msprime\n"
        "CITATION = 'mine'\n"
        "OPTIONS = {'size': {'type': 'number', 'default': 1000}}\n"
        "def demography(options):\n"
        "    return msprime.Demography.stepping_stone_model([options['size']] * 2, 0.01)\n"
        "def samples(options):\n"
        "    return {'pop_0': options['individuals'], 'pop_1': 1}\n"
    )
    options = {"individuals": 3, "length": 100_000, "mutation": 1e-7}
    simulate(
        {},
        raw_files(tmp_path / "g", tmp_path / "s.tsv"),
        demography="mine",
        options=options,
        names=["x"],
        file=file,
    )
    assert files.read_tsv(tmp_path / "s.tsv")["population"].tolist() == ["pop_0"] * 3 + ["pop_1"]
    assert "size" in all_options("mine", file)


@pytest.mark.parametrize("name", registry.names("demography"))
def test_every_demography_has_documented_options_with_valid_defaults(name: str) -> None:
    schemas = all_options(name)
    assert all("description" in schema for schema in schemas.values())
    assert checked(schemas, {}, name) == {option: schema["default"] for option, schema in schemas.items()}


QUICK: dict[str, dict[str, Any]] = {
    "split": {"shape": "tree"},
    "stepping-stone": {"rows": 2, "columns": 3},
    "american-admixture": {"references": 3},
    "family": {"families": 2, "founders": "american-admixture"},
    "balding-nichols": {"loci": 500, "admixture": True},
}


@pytest.mark.parametrize("name", [name for name in registry.names("demography") if name != "frequencies"])
def test_every_demography_keeps_the_raw_contract(tmp_path: Path, name: str) -> None:
    """That of ``frequencies``, which wants a table, is in test_frequencies."""
    given = SMALL | QUICK.get(name, {})
    for folder in ("one", "again"):
        simulate(
            {},
            raw_files(tmp_path / folder / "genotypes", tmp_path / folder / "samples.tsv"),
            demography=name,
            options=given,
            names=["a"],
        )
    method, options = registry.load("demography", name), checked(all_options(name), given, name)
    samples = files.read_tsv(tmp_path / "one" / "samples.tsv")
    fam = plink.read_fam(tmp_path / "one" / "genotypes.fam")
    bim = plink.read_bim(tmp_path / "one" / "genotypes.bim")
    expected = [name for name, n in method.samples(options).items() for _ in range(n)]
    assert samples["population"].tolist() == expected
    assert list(samples)[4:] == column_names(method, options)
    assert samples[["iid", "family"]].to_numpy().tolist() == fam[["iid", "fid"]].to_numpy().tolist()
    assert samples["iid"].is_unique
    assert bim["snp"].is_unique
    assert set(bim["chrom"]) == {"1", "2"}
    assert bim["pos"].between(1, given["length"]).all()
    frequency_M = read_counts(tmp_path / "one").mean(axis=1) / 2
    assert np.minimum(frequency_M, 1 - frequency_M).min() >= 0.005
    for end in ("genotypes.bed", "genotypes.bim", "genotypes.fam", "samples.tsv"):
        assert (tmp_path / "one" / end).read_bytes() == (tmp_path / "again" / end).read_bytes()


def test_a_lattice_says_where_each_deme_is(tmp_path: Path) -> None:
    make(tmp_path, "stepping-stone", rows=2, columns=3, individuals=2)
    samples = files.read_tsv(tmp_path / "samples.tsv")
    assert (samples["population"] == [f"r{r}c{c}" for r in (1, 2) for c in (1, 2, 3) for _ in "ab"]).all()
    place = "r" + samples["row"].astype(str) + "c" + samples["column"].astype(str)
    assert (samples["population"] == place).all()


def test_a_family_is_a_pedigree_of_three_generations(tmp_path: Path) -> None:
    founders = {"founders": "stepping-stone", "founder_options": {"rows": 1, "columns": 2}}
    options = {"families": 3, "siblings": 3, "half_siblings": 2, "cousins": 1, "individuals": 4}
    make(tmp_path / "all", "family", **founders, **options)
    samples = files.read_tsv(tmp_path / "all" / "samples.tsv")
    fam = plink.read_fam(tmp_path / "all" / "genotypes.fam")
    assert samples.groupby("family").size().value_counts().to_dict() == {13: 6, 1: 8}
    assert (samples["row"] == 1).all()
    assert (samples["population"] == "r1c" + samples["column"].astype(str)).all()
    known = fam.set_index("iid")
    for child in known[known["father"] != "0"].itertuples():
        father, mother = known.loc[child.father], known.loc[child.mother]
        assert (father["sex"], mother["sex"]) == ("1", "2")
        assert child.fid == father["fid"] == mother["fid"]
    assert samples.groupby("sibship").size().value_counts().to_dict() == {1: 44, 2: 12, 3: 6}
    young = samples[samples["generation"] == 0]
    make(tmp_path / "young", "family", **founders, **options, genotyped="youngest")
    again = files.read_tsv(tmp_path / "young" / "samples.tsv")
    assert again.equals(young.reset_index(drop=True))


def test_families_pass_their_genotypes_on(tmp_path: Path) -> None:
    """No child is homozygous for an allele that a parent lacks."""
    make(tmp_path, "family", families=10, min_maf=0, mutation=1e-7)
    fam, count_MN = plink.read_fam(tmp_path / "genotypes.fam"), read_counts(tmp_path)
    row = {iid: k for k, iid in enumerate(fam["iid"])}
    pairs = [
        (row[parent], row[child.iid])
        for child in fam.itertuples()
        for parent in (child.father, child.mother)
        if parent != "0"
    ]
    assert len(pairs) == 10 * 14
    for parent, child in pairs:
        assert not (np.abs(count_MN[:, parent] - count_MN[:, child]) == 2).any()
