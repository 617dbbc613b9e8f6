"""Logistic regression where the answer is known in closed form: tables of two genotypes; and what it refuses."""

import numpy as np
import pytest
from scipy import stats

from association_data import make
from stratbench.associations.run import COLUMNS
from stratbench.core.errors import ScientificFailure
from stratbench.methods import registry


def of_tables(directory, tables, further=(), kind="binary"):
    """The association of SNPs with these tables: cases with the allele and without, controls with it and without."""
    (cases, controls), rows = {(a + b, c + d) for a, b, c, d in tables}.pop(), []
    for a, _, c, _ in tables:
        rows.append(np.r_[np.arange(cases) < a, np.arange(controls) < c].astype(np.int8))
    y_N = np.repeat([1.0, 0.0], [cases, controls])
    data = make(directory, np.array([*rows, *further]), y_N, kind=kind, chromosomes=1)
    return registry.load("association", "logistic").associate(data.frozen(), {"pcs": 0})


def test_the_coefficient_of_a_table_is_its_log_odds_ratio(tmp_path):
    tables = [(12, 18, 5, 35), (3, 27, 20, 20), (15, 15, 20, 20), (1, 29, 2, 38)]
    found = of_tables(tmp_path, tables)
    assert list(found.columns) == COLUMNS
    for row, (a, b, c, d) in zip(found.itertuples(), tables, strict=True):
        beta, se = np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        assert row.beta == pytest.approx(beta, abs=1e-7)
        assert row.se == pytest.approx(se, rel=1e-6)
        assert row.p == pytest.approx(2 * stats.norm.sf(abs(beta / se)), rel=1e-5)


def test_firths_coefficient_of_a_table_adds_a_half_to_each_cell(tmp_path, capsys):
    """Firth 1993: of a saturated model the penalised estimate is that of the table with 1/2 added."""
    tables = [(4, 26, 0, 40), (0, 30, 9, 31), (30, 0, 0, 40)]
    found = of_tables(tmp_path, tables)
    for row, cells in zip(found.itertuples(), tables, strict=True):
        a, b, c, d = np.array(cells) + 0.5
        assert row.beta == pytest.approx(np.log(a * d / (b * c)), rel=1e-6)
        assert np.isfinite([row.se, row.p]).all()
    assert "Firth's likelihood for 3 SNPs, 0 of which did not converge" in capsys.readouterr().out


def test_snps_without_variance_of_their_own(tmp_path):
    constant_N, uncalled_N = np.full(70, 2, np.int8), np.full(70, -1, np.int8)
    found = of_tables(tmp_path, [(12, 18, 5, 35)], [constant_N, uncalled_N])
    assert found["se"].notna().tolist() == [True, False, False]
    assert found["p"].tolist()[1:] == [1, 1]
    assert found["n"].tolist() == [70, 70, 0]


def test_other_labels_are_refused(tmp_path):
    with pytest.raises(ScientificFailure, match=r"needs a binary trait.*use ols-pcs or lmm"):
        of_tables(tmp_path, [(12, 18, 5, 35)], kind="quantitative")
    with pytest.raises(ScientificFailure, match="logistic finds no controls among those it tests"):
        of_tables(tmp_path, [(12, 18, 0, 0)])
