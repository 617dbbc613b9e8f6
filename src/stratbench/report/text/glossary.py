"""The words of this report; those that name metrics come from the metrics' declarations."""

from stratbench.metrics.catalogue import terms
from stratbench.metrics.verdict import meanings
from stratbench.report.analysis.results import Results
from stratbench.report.page import Section, Terms

ORDER = 180
TERMS = (
    ("adjustment", "a correction for population structure in training; 'none' is no correction"),
    ("association", "a classical test of one SNP at a time; ols without, ols-pcs with principal components"),
    ("attribution", "a method that scores each SNP's influence on a trained model's output"),
    (
        "biology",
        "short for what predicts among people of one population, where ancestry cannot help; a label that is too "
        "coarse, or relatives, can pass for it, and the report says where that may be",
    ),
    ("ceiling", "the accuracy of the true liability, or its genetic part, on the same test individuals"),
    ("cohort", "a set of genotyped individuals after quality control"),
    ("confounded", "the environment differs between populations, so ancestry predicts the trait"),
    ("f", "a network's own output, without what its adjustment adds to it; attributions explain f"),
    ("floor", "the accuracy of a predictor that knows only the majority, the population label, or the PCs"),
    ("FST", "how much allele frequencies differ between populations (Hudson's estimator): 0 is not at all"),
    ("h2", "heritability: the genetic share of the variance of liability"),
    (
        "interval",
        "a 95% confidence interval: Student's t over replicates, or over splits of one cohort, which allows for the "
        "people that they share (Nadeau & Bengio 2003); over test individuals where there is one split",
    ),
    ("liability", "the unseen quantity behind a case/control trait: genetic + environment + noise"),
    ("logit", "a network's output before it is turned into a probability"),
    ("PC", "principal component of the genotypes: an axis of ancestry"),
    (
        "placebo",
        "an adjustment by PCs that were shuffled across individuals: what any change of training does",
    ),
    ("probe", "a classifier that reads ancestry from a network's hidden features"),
    ("pure null", "a trait of noise alone"),
    ("pure shortcut", "a trait without genetic effects, caused by the environment of the populations"),
    (
        "replicate",
        "one simulated cohort of a scenario; the unit of all intervals. Training seeds are nested in it. A real cohort "
        "may be split several times instead",
    ),
    ("scenario", "a named setting of the simulation, or a real study"),
    ("SNP", "a position in the genome where individuals differ by one letter"),
    ("split", "who trains, who validates and who tests"),
    ("within populations", "comparing only individuals of one population, so that ancestry cannot help"),
)


def build(results: Results) -> Section | None:
    return Section("Glossary", [Terms(words())])


def words() -> tuple[tuple[str, str], ...]:
    """All words of the glossary with their meanings, in order."""
    return in_order((*TERMS, *terms(), *meanings().items()))


def in_order(words: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Sort words with their meanings alphabetically, whether they have capitals or not."""
    return tuple(sorted(words, key=lambda word: word[0].casefold()))
