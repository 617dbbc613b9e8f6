"""How well a population can be decoded from hidden features, and from the logit once the label is known.

A probe is fitted on training individuals and judged on test individuals by balanced accuracy (mean recall of
the populations), so chance is 1 / L whatever the sizes. NumPy and scikit-learn only, one thread, seeded.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from stratbench.metrics.estimate import Estimate, not_applicable
from stratbench.metrics.rows import rows

MIN_TRAIN, MIN_TEST = 5, 3  # individuals that a population needs to be decoded
TREES, FOLDS = 50, 3
PERMUTATIONS = 5  # of the null of the logit's probe; the other probes cost more, and have one
C = 10.0  # inverse ridge penalty of the linear probe, features scaled to mean square 1 / F
Decoded = dict[str, Estimate]


def populations(train_N: np.ndarray, test_V: np.ndarray) -> np.ndarray:
    """The populations with enough training and test individuals to be decoded, sorted."""
    common = np.intersect1d(train_N, test_V)
    return np.array(
        [p for p in common if (train_N == p).sum() >= MIN_TRAIN and (test_V == p).sum() >= MIN_TEST],
        dtype=str,
    )


def balanced_accuracy(truth_V: np.ndarray, guess_V: np.ndarray) -> Estimate:
    """Mean recall of the L populations; binomial standard error sqrt(sum r (1 - r) / n) / L."""
    levels = np.unique(truth_V)
    n = np.array([(truth_V == level).sum() for level in levels])
    recall = np.array([(guess_V[truth_V == level] == level).mean() for level in levels])
    se = np.sqrt((recall * (1 - recall) / n).sum()) / len(levels)
    return Estimate(float(recall.mean()), len(truth_V), float(se))


def standardise(train_TF: np.ndarray, test_VF: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns centred and scaled in training, constants dropped, over sqrt(F): rows of length 1 or so."""
    train_TF, test_VF = np.asarray(train_TF, dtype=float), np.asarray(test_VF, dtype=float)
    mean, sd = train_TF.mean(axis=0), train_TF.std(axis=0)
    varies = sd > 1e-12 * (1 + np.abs(mean))
    scale = sd[varies] * np.sqrt(max(varies.sum(), 1))
    return (train_TF - mean)[:, varies] / scale, (test_VF - mean)[:, varies] / scale


def _rotate(train_TF: np.ndarray, test_VF: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same geometry in at most N columns: a ridge fit needs the span of its training rows only."""
    n, f = train_TF.shape
    if f <= n:
        return train_TF, test_VF
    values, vectors = np.linalg.eigh(train_TF @ train_TF.T)
    kept = values > 1e-10 * values[-1]
    length = np.sqrt(values[kept])
    return vectors[:, kept] * length, test_VF @ (train_TF.T @ (vectors[:, kept] / length))


def linear(train_TF: np.ndarray, label_T: np.ndarray, test_VF: np.ndarray) -> np.ndarray:
    """Labels (V,) predicted by ridge logistic regression with classes weighted to be balanced."""
    train, test = _rotate(train_TF, test_VF)
    model = LogisticRegression(C=C, max_iter=500, class_weight="balanced")
    return model.fit(train, label_T).predict(test)


def _rbf(a_VF: np.ndarray, b_TF: np.ndarray) -> np.ndarray:
    """Kernel (V, T): exp(-squared distance), for rows of length about 1 (scikit-learn's gamma="scale")."""
    distance = (a_VF**2).sum(axis=1)[:, None] + (b_TF**2).sum(axis=1) - 2 * a_VF @ b_TF.T
    return np.exp(-np.maximum(distance, 0))


def _cross_validated(kernel_TT: np.ndarray, label_T: np.ndarray, fold_T: np.ndarray) -> float:
    """Balanced accuracy of the support vector machine within the training individuals."""
    guess = label_T.copy()
    for fold in range(FOLDS):
        out = fold_T == fold
        model = SVC(kernel="precomputed", class_weight="balanced").fit(
            kernel_TT[~out][:, ~out], label_T[~out]
        )
        guess[out] = model.predict(kernel_TT[out][:, ~out])
    return balanced_accuracy(label_T, guess).value


def _folds(label_T: np.ndarray, seed: int) -> np.ndarray:
    """A fold (T,) for each individual, balanced within label, drawn by seed."""
    order = np.random.default_rng(seed).permutation(len(label_T))
    order = order[np.argsort(label_T[order], kind="stable")]
    fold = np.empty(len(label_T), dtype=int)
    fold[order] = np.arange(len(label_T)) % FOLDS
    return fold


def nonlinear(train_TF: np.ndarray, label_T: np.ndarray, test_VF: np.ndarray, seed: int) -> np.ndarray:
    """Populations predicted by a random forest or an RBF support vector machine, whichever is better in training.

    The forest (judged out of bag) sees single features and their steps, such as the offset that a residual leaves; the
    machine (judged by 3-fold cross-validation) sees what is spread over many, such as a variance.

    Args:
        train_TF: scaled features of the training individuals, float64.
        label_T: their populations, int64.
        test_VF: scaled features of the test individuals.
        seed: of the forest and of the folds.

    Returns:
        Predicted populations of the test individuals, int64 (V,).
    """
    forest = RandomForestClassifier(
        TREES, class_weight="balanced", oob_score=True, bootstrap=True, random_state=seed, n_jobs=1
    ).fit(train_TF, label_T)
    votes_TL = np.nan_to_num(forest.oob_decision_function_)
    out_of_bag = balanced_accuracy(label_T, forest.classes_[votes_TL.argmax(axis=1)]).value
    kernel_TT = _rbf(train_TF, train_TF)
    if out_of_bag >= _cross_validated(kernel_TT, label_T, _folds(label_T, seed)):
        return forest.predict(test_VF)
    machine = SVC(kernel="precomputed", class_weight="balanced").fit(kernel_TT, label_T)
    return machine.predict(_rbf(test_VF, train_TF))


def permuted(population_N: np.ndarray, class_N: np.ndarray, seed: int) -> np.ndarray:
    """Populations at random, drawn by seed, with as many of each in every class.

    Both who trains a probe and who is judged by it are permuted: if a probe of permuted populations were judged by the
    true ones, all members of a cluster would be right or wrong together, and the null would have no precision.

    Args:
        population_N: populations, text.
        class_N: what the probe is given, such as the class of y; one value for everyone if it is given nothing.
        seed: of the permutation.
    """
    rng, found_N = np.random.default_rng(seed), population_N.copy()
    for label in np.unique(class_N):
        own = np.flatnonzero(class_N == label)
        found_N[own] = population_N[rng.permutation(own)]
    return found_N


def decode(
    feature_train_TF: np.ndarray,
    population_train_T: np.ndarray,
    feature_test_VF: np.ndarray,
    population_test_V: np.ndarray,
    seed: int,
) -> Decoded:
    """How well the population can be decoded from features.

    Populations with fewer than 5 training or 3 test individuals are left out. Features that are all constant decode at
    chance.

    Args:
        feature_train_TF, feature_test_VF: features, float.
        population_train_T, population_test_V: populations, text.
        seed: of the random forest.

    Returns:
        Balanced accuracies ``linear`` and ``nonlinear``, and ``chance``, 1 / L. They are not applicable where fewer
        than two populations remain, or where a feature is not finite.
    """
    train, test = np.asarray(population_train_T, dtype=str), np.asarray(population_test_V, dtype=str)
    levels = populations(train, test)
    reason = _reason(levels, feature_train_TF, feature_test_VF)
    if reason:
        return dict.fromkeys(("linear", "nonlinear", "chance"), not_applicable(reason, len(test)))
    in_train, in_test = np.isin(train, levels), np.isin(test, levels)
    label, truth = (np.searchsorted(levels, x) for x in (train[in_train], test[in_test]))
    a, b = standardise(np.asarray(feature_train_TF)[in_train], np.asarray(feature_test_VF)[in_test])
    chance = Estimate(1 / len(levels), len(truth))
    if a.shape[1] == 0:
        return dict.fromkeys(("linear", "nonlinear", "chance"), chance)
    return {
        "linear": balanced_accuracy(truth, linear(a, label, b)),
        "nonlinear": balanced_accuracy(truth, nonlinear(a, label, b, seed)),
        "chance": chance,
    }


def _reason(levels: np.ndarray, *features: np.ndarray) -> str:
    if len(levels) < 2:
        return "fewer than two populations to tell apart"
    if not all(np.isfinite(np.asarray(x, dtype=float)).all() for x in features):
        return "a feature is not finite"
    return ""


def label_classes(y_train_T: np.ndarray, y_test_V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Classes of y: its values if there are two, thirds by the training quantiles of a quantitative trait."""
    y_train, y_test = np.asarray(y_train_T, dtype=float), np.asarray(y_test_V, dtype=float)
    if len(np.unique(y_train)) <= 2:
        return y_train, y_test
    cuts = np.quantile(y_train, [1 / 3, 2 / 3])
    return np.searchsorted(cuts, y_train).astype(float), np.searchsorted(cuts, y_test).astype(float)


def decode_from_logit(
    logit_train_T: np.ndarray,
    y_train_T: np.ndarray,
    population_train_T: np.ndarray,
    logit_test_V: np.ndarray,
    y_test_V: np.ndarray,
    population_test_V: np.ndarray,
    seed: int,
) -> Estimate:
    """Balanced accuracy of the population decoded from the logit within each class of y, averaged over the classes.

    A population that differs only in its share of cases cannot be decoded this way, as y is given. The probe is a
    small tree (at most eight leaves, each of 5% of the training individuals).

    Args:
        logit_train_T, logit_test_V: the network's logits, float.
        y_train_T, y_test_V: labels.
        population_train_T, population_test_V: populations, text.
        seed: of the tree.

    Returns:
        The estimate. A class of y in which not every population has 5 training and 3 test individuals is left out; if
        no class is left, the result is not applicable.
    """
    train, test = np.asarray(population_train_T, dtype=str), np.asarray(population_test_V, dtype=str)
    logit_train, logit_test = (np.asarray(x, dtype=float)[:, None] for x in (logit_train_T, logit_test_V))
    levels = populations(train, test)
    reason = _reason(levels, logit_train, logit_test)
    if reason:
        return not_applicable(reason, len(test))
    class_train, class_test = label_classes(y_train_T, y_test_V)
    parts = []
    for label in np.unique(class_train):
        a, b = class_train == label, class_test == label
        if not np.array_equal(populations(train[a], test[b]), levels):
            continue
        a, b = a & np.isin(train, levels), b & np.isin(test, levels)
        tree = DecisionTreeClassifier(
            max_leaf_nodes=8,
            min_samples_leaf=max(2, int(a.sum()) // 20),
            class_weight="balanced",
            random_state=seed,
        ).fit(logit_train[a], np.searchsorted(levels, train[a]))
        parts.append(balanced_accuracy(np.searchsorted(levels, test[b]), tree.predict(logit_test[b])))
    if not parts:
        return not_applicable("no class of y has every population in training and test", len(test))
    se = float(np.sqrt(sum(part.se**2 for part in parts))) / len(parts)
    return Estimate(float(np.mean([part.value for part in parts])), sum(part.n for part in parts), se)


def null_of_logit(
    logit_train_T: np.ndarray,
    y_train_T: np.ndarray,
    population_train_T: np.ndarray,
    logit_test_V: np.ndarray,
    y_test_V: np.ndarray,
    population_test_V: np.ndarray,
    seed: int,
) -> Estimate:
    """Mean of ``decode_from_logit`` over ``PERMUTATIONS`` permutations of the populations within the classes of y.

    Args:
        logit_train_T, logit_test_V: the network's logits, float.
        y_train_T, y_test_V: labels.
        population_train_T, population_test_V: populations, text.
        seed: of the permutations and of the tree.

    Returns:
        The estimate, whose standard error is that of one permutation; not applicable where the probe is not.
    """
    known_T, known_V = np.asarray(population_train_T, dtype=str), np.asarray(population_test_V, dtype=str)
    class_T, class_V = label_classes(y_train_T, y_test_V)
    found = [
        decode_from_logit(
            logit_train_T, y_train_T, permuted(known_T, class_T, seed + k),
            logit_test_V, y_test_V, permuted(known_V, class_V, seed + k), seed,
        )
        for k in range(PERMUTATIONS)
    ]  # fmt: skip
    if found[0].status != "ok":
        return found[0]
    value, se = (float(np.mean([getattr(one, name) for one in found])) for name in ("value", "se"))
    return Estimate(value, found[0].n, se)


def probe_rows(
    keys: Mapping[str, Any],
    trained: Decoded,
    untrained: Decoded | None = None,
    logit: Estimate | None = None,
    null: Decoded | None = None,
    logit_null: Estimate | None = None,
) -> list[dict[str, Any]]:
    """Rows of probes.tsv of one fit and seed.

    Args:
        keys: study, scenario, replicate, cohort, trait, split, model, adjustment and seed.
        trained: what ``decode`` gives for the trained network.
        untrained: the same for the network before its training, if that was probed.
        logit: what ``decode_from_logit`` gives, if that was probed.
        null: what ``decode`` gives for the trained network and permuted populations, if that was probed.
        logit_null: what ``null_of_logit`` gives, if that was probed.

    Returns:
        Tidy rows, of which ``rows.table`` makes the table.
    """
    found = rows(keys, "ancestry_chance", trained["chance"])
    for kind in ("linear", "nonlinear"):
        found += rows(keys, f"ancestry_{kind}", trained[kind])
        if untrained is not None:
            found += rows(keys, f"ancestry_{kind}_untrained", untrained[kind])
        if null is not None:
            found += rows(keys, f"ancestry_{kind}_permuted", null[kind])
    if logit is not None:
        found += rows(keys, "ancestry_logit", logit)
    if logit_null is not None:
        found += rows(keys, "ancestry_logit_permuted", logit_null)
    return found


def failed_rows(keys: Mapping[str, Any], reason: str) -> list[dict[str, Any]]:
    """The rows of a fit or seed that failed: there is nothing to probe, and the table says why."""
    missing = Estimate(status="failed", reason=reason)
    return probe_rows(keys, dict.fromkeys(("linear", "nonlinear", "chance"), missing), logit=missing)
