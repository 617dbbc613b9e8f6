"""Splits: one file per method, each with OPTIONS, CITATION and ``assign(people, options, rng)``.

``people`` has a row per individual of keep.iid, sorted by iid, so that a split does not depend on the
order of a file: ``iid population family stratum`` and the other columns of samples.tsv, all text.
``stratum`` is what a method balances: the population and, for binary traits, the label. ``assign``
returns text (N,): ``train``, ``validation``, ``test``, or blank for who is left out. A method whose
``assign`` also takes ``kinship`` is given a function without arguments that computes the table of KING
kinships, ``iid_1 iid_2 kinship``, of the related pairs.
"""

TRAIN_ON = "train-on"  # the method whose splits share their test people
LEAVE_OUT = "leave-one-population-out"  # the method that tests one population, of which nobody trains
