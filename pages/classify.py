"""Give a model a new sound."""

from audioclf.ui import answers, classifying, frame

with frame.page("Classify", "Give the model a new sound: your voice, a file, or an example.") as state:
    answers.warm()
    run, chosen = classifying.choose(state)
    classifying.answer(run, chosen)
