"""Scores of SNPs from a trained network: the contract, the job, and one file for each method."""
