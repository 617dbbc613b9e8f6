"""The words and tables of the report: the short answer at its top, and its sections, which ``catalogue`` finds.

A section's file declares ``ORDER``, its place on the page, and defines ``build(results)``, which gives a Section, or
None where there is nothing to say. Its numbers come from ``analysis``, its pictures from ``_parts.images``.
"""
