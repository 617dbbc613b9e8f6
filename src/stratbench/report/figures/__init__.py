"""The study's figures, one file each, which ``catalogue`` finds.

A figure's file declares ``SECTION``, the section of the report that shows it (a file of ``text``, or ``answer`` for the
top of the page), and ``ORDER``, its place among all figures, and defines

- ``pictures(study, groups)``: names and subjects of its pictures, from the config alone, before any job runs;
- ``load(results, subject)``: what a picture shows, from ``analysis``;
- ``draw(data)``: the picture of it, a matplotlib Figure;
- ``caption(results, subject)``: a few sentences that say what it shows.

A section asks for the pictures about one thing, so the subject says what a picture is about: the keys of a group
(``group.keys``), which may have further keys, such as a model; in ``cohorts`` a scenario, or ``"traits"``; in ``dial``
the keys of a course; in ``answer`` and ``runtime`` anything. matplotlib is imported inside the functions alone.
"""
