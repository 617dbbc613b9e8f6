"""PLINK 1 bytes and the readers of them: everything that looks at a genotype looks through here."""
