"""Pictures: what was computed elsewhere in, a figure, a PNG or a chart out. Nothing is computed here.

Figures are ``matplotlib.figure.Figure`` objects that belong to nobody else (pyplot keeps its own for the
whole process); charts are Vega-Lite specifications, plain data that :func:`streamlit.vega_lite_chart` draws.
"""

from audioclf.plots.canvas import Look
from audioclf.plots.comparison import accuracies_chart, histories_chart
from audioclf.plots.confusion import confusion_chart, confusion_figure
from audioclf.plots.curves import balance_chart, history_chart, probability_chart, rate_chart, share_chart
from audioclf.plots.feature import feature_figure, overlay_figure
from audioclf.plots.grid import grid_figure
from audioclf.plots.png import save, to_png, to_svg
from audioclf.plots.reliability import reliability_chart
from audioclf.plots.screen import value_limits
from audioclf.plots.windows import windows_chart

__all__ = [
    "Look",
    "accuracies_chart",
    "balance_chart",
    "confusion_chart",
    "confusion_figure",
    "feature_figure",
    "grid_figure",
    "histories_chart",
    "history_chart",
    "overlay_figure",
    "probability_chart",
    "rate_chart",
    "reliability_chart",
    "save",
    "share_chart",
    "to_png",
    "to_svg",
    "value_limits",
    "windows_chart",
]
