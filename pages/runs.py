"""All runs side by side: how good is each, and what was set differently?"""

from audioclf.ui import frame, run_compare

with frame.page(
    "Runs", "Every training so far. Tick two or more to see what was set differently, and what came of it."
) as state:
    run_compare.page(state)
