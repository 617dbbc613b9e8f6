"""PLINK 1 files and their readers, through which every other package reads genotypes.

``plink`` has the format itself, ``dosages`` reads A1 counts in chunks, ``fileset`` does so by pandas-plink for cohorts
from outside, ``packed`` is the view that training has, and ``tables`` checks the tables that jobs pass on.
"""
