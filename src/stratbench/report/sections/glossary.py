"""The words of this report."""

from stratbench.report.page import Section, Terms
from stratbench.report.results import Results

TERMS = (
    ("adjustment", "a correction for population structure in training; 'none' is no correction"),
    (
        "agreement",
        "Spearman's correlation of two rankings of SNPs, always from trainings with different seeds",
    ),
    ("association", "a classical test of one SNP at a time; ols without, ols-pcs with principal components"),
    ("attribution", "a method that scores each SNP's influence on a trained model's output"),
    ("AUC_PR", "area under the precision-recall curve: how early a ranking lists the causal SNPs"),
    ("AUPRC", "area under the precision-recall curve of the cases: their share is guessing, 1 is perfect"),
    (
        "AUROC",
        "the chance that a random case scores above a random control: .5 is guessing, 1 is perfect",
    ),
    ("balanced accuracy", "accuracy averaged over classes of equal weight"),
    ("Brier score", "mean squared difference of the predicted probability and the label: 0 is perfect"),
    (
        "calibration error",
        "mean difference of predicted and observed shares of cases, over bins of equal size (ECE)",
    ),
    ("ceiling", "the accuracy of the true liability, or its genetic part, on the same test individuals"),
    ("cohort", "a set of genotyped individuals after quality control"),
    ("confounded", "the environment differs between populations, so ancestry predicts the trait"),
    ("floor", "the accuracy of a predictor that knows only the majority, the population label, or the PCs"),
    ("FST", "how much allele frequencies differ between populations (Hudson's estimator): 0 is not at all"),
    ("h2", "heritability: the genetic share of the variance of liability"),
    (
        "interval",
        "a 95% confidence interval: Student's t over replicates, or over test individuals for one replicate, as if "
        "they were unrelated: too narrow where relatives are tested",
    ),
    (
        "Jaccard index",
        "of the first k SNPs of two rankings, how many are in both, over how many are in either",
    ),
    ("lambda GC", "inflation of an association test: 1 is none"),
    ("learned nothing", "the interval of the accuracy within populations includes chance, or lies below it"),
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
        "one simulated cohort of a scenario; the unit of all intervals. Training seeds are nested in it",
    ),
    ("scenario", "a named setting of the simulation, or a real study"),
    ("SNP", "a position in the genome where individuals differ by one letter"),
    ("split", "who trains, who validates and who tests"),
    ("within populations", "comparing only individuals of one population, so that ancestry cannot help"),
)


def build(results: Results) -> Section | None:
    return Section("Glossary", [Terms(TERMS)])
