"""Relatives without a declared family: KING's pairs become the families of errors and of accuracy within them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stratbench.cohorts import kinship as kin
from stratbench.core import files
from stratbench.genotypes import tables
from stratbench.metrics import prediction
from stratbench.metrics.kin import with_relatives
from stratbench.popgen.relatives import FIRST_DEGREE, SECOND_DEGREE, THIRD_DEGREE

N, SIZE = 600, 4
IIDS = [f"i{k}" for k in range(N)]


def cohort(folder: Path, kinship: dict[tuple[int, int], float], megabases: int = 600) -> dict[str, Path]:
    """QC's tables of a cohort with these pairs, whose SNPs span so much of one chromosome."""
    variants = pd.DataFrame(0, index=range(2), columns=list(tables.VARIANTS.columns))
    variants = variants.assign(snp=["a", "b"], chrom="1", a1="A", a2="C", pos=[1, megabases * 1_000_000])
    variants = variants.assign(autosome=1)
    pairs = pd.DataFrame(
        [(IIDS[a], IIDS[b], 900, 0.01, value) for (a, b), value in kinship.items()],
        columns=["iid_1", "iid_2", "snps", "ibs0", "kinship"],
    )
    found = {"variants": folder / "variants.tsv", "kinship": folder / "kinship.tsv.gz"}
    files.write_tsv(variants, found["variants"])
    files.write_tsv(pairs, found["kinship"])
    return found


def people(family: list[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"population": "all", "family": family or IIDS}, index=pd.Index(IIDS, name="iid"))


def sibships(value: float) -> dict[tuple[int, int], float]:
    """Chains of four people."""
    return {(k, k + 1): value for k in range(N - 1) if k % SIZE < SIZE - 1}


def test_chains_of_relatives_stand_for_families(tmp_path: Path) -> None:
    found = with_relatives(people(), cohort(tmp_path, sibships(0.05)))
    assert found["family"].nunique() == N / SIZE
    assert (found.groupby("family").size() == SIZE).all()
    assert found["family"].iloc[0] == found["family"].iloc[3] != found["family"].iloc[4]


@pytest.mark.parametrize("degree", [SECOND_DEGREE, FIRST_DEGREE])
def test_a_group_of_a_tenth_of_the_people_asks_for_closer_relatives(tmp_path: Path, degree: float) -> None:
    linked = {(k, k + 1): degree - 0.01 for k in range(70)}
    found = with_relatives(people(), cohort(tmp_path, linked | {(0, 1): 0.3, (598, 599): 0.25}))
    assert found.groupby("family").size().max() == 2
    assert found["family"].nunique() == N - 2


@pytest.mark.parametrize(
    ("kinship", "megabases", "why"),
    [
        (
            {(k, k + 1): 0.25 for k in range(70)},
            600,
            "chains of first-degree relatives by KING hold more than 10%",
        ),
        (sibships(0.25), 400, "the SNPs span under 500 Mb"),
        ({(0, 1): THIRD_DEGREE - 0.01}, 600, ""),
        (None, 600, "there is no table of kinships"),
    ],
)
def test_where_nobody_counts_as_related(
    tmp_path: Path, capsys, kinship: dict[tuple[int, int], float] | None, megabases: int, why: str
) -> None:
    found = with_relatives(people(), {} if kinship is None else cohort(tmp_path, kinship, megabases))
    assert found.equals(people())
    said = "".join(capsys.readouterr())
    assert (why in said and "errors take people for unrelated" in said) if why else not said


def test_many_people_whose_pairs_are_not_listed_are_said_to_be_taken_for_unrelated(
    tmp_path: Path, capsys, monkeypatch
) -> None:
    with_relatives(people(), cohort(tmp_path, {}))
    assert "unrelated" not in "".join(capsys.readouterr())
    monkeypatch.setattr(kin, "MOST_PAIRED", N - 1)
    with_relatives(people(), cohort(tmp_path, {}))
    assert "QC lists no pairs; of more than 599 people" in "".join(capsys.readouterr())


def test_declared_families_stay(tmp_path: Path, capsys) -> None:
    declared = people(["f", "f", *IIDS[2:]])
    assert with_relatives(declared, cohort(tmp_path, sibships(0.25))).equals(declared)
    assert not "".join(capsys.readouterr())


def test_relatives_widen_errors_and_give_an_accuracy_within_them(tmp_path: Path) -> None:
    """Sibships share their environment: f ranks them, and nothing within them."""
    rng = np.random.default_rng(3)
    shared = np.repeat(rng.normal(size=N // SIZE), SIZE)
    y = (shared + rng.normal(size=N) > 0).astype(float)
    table = people().assign(y=y, score=shared + 0.3 * rng.normal(size=N), probability=0.5)
    found = {}
    for name, kinship in (("related", sibships(0.25)), ("unrelated", {})):
        known = with_relatives(table, cohort(tmp_path, kinship))
        found[name] = {metric: one for metric, _, one in prediction.evaluate("binary", known)}
    assert found["related"]["auroc"].value == found["unrelated"]["auroc"].value > 0.7
    assert found["related"]["auroc"].se > 1.1 * found["unrelated"]["auroc"].se
    assert abs(found["related"]["auroc_family"].value - 0.5) < 3 * found["related"]["auroc_family"].se
    assert "auroc_family" not in found["unrelated"]
