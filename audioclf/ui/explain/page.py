"""See and hear what a model used."""

from __future__ import annotations

from audioclf.ui.explain import assessment, what_if
from audioclf.ui.inference import explanation, model_client, sound_picker
from audioclf.ui.shell import page_frame
from audioclf.ui.shell.switch import switch

_EVIDENCE, _WHAT_IF = "What it used", "What if?"


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Explain", "Which part of the sound did the model use? See it, and hear it.") as state:
        model_client.warm()
        run, subject = sound_picker.choose(state)
        if switch("View", [_EVIDENCE, _WHAT_IF], "explain.view") == _WHAT_IF:
            what_if.draw(run, subject)
        else:
            explanation.draw(run, subject, start=explanation.window(run, subject))
            assessment.draw(state, run)
