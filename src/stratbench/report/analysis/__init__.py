"""The numbers and verdicts of a study's report, read from its finished tables; figures and text take them from here.

Nothing here draws or writes sentences, and nothing here imports ``figures`` or ``text``.
"""
