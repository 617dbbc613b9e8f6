"""Classical tests of each SNP: the contract, the job, and one file for each test."""
