"""StratBench: has a deep network trained on SNP genotypes learned biology or ancestry?"""

__version__ = "0.1.0"
