"""Population genetics on genotypes and tables: chromosomes, HWE, LD, KING, GRM, PCA, FST, calls, sampling."""

AXES = 20  # principal components that are kept; stated here, as a config's check reads it without importing NumPy
