"""See and hear what a model used."""

from audioclf.ui import answers, evidence, frame, subjects

with frame.page("Explain", "Where in the sound did the model find its answer? See it, and hear it.") as state:
    answers.warm()
    run, subject = subjects.choose(state)
    evidence.draw(run, subject, start=evidence.window(run, subject))
