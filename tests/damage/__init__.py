"""Damaged inputs of a dozen kinds, and a judge: what is accepted is what a strict second reader finds.

Each module makes cases of its kinds; none draws without a seed, so that every run sees the same ones.
"""
