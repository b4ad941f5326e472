"""The reference systems run again: the published figure, the figure here, and the pictures each of them shows.

``plan`` chooses recipes and their data, ``runner`` makes the runs, ``rows`` says what came out, ``table`` writes it as
CSV and Markdown, ``pictures`` draws what the references draw, and ``page`` puts all of it on one HTML page.
"""

from __future__ import annotations
