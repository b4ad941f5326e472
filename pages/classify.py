"""Give a model a new sound."""

from audioclf.ui.classify import page
from audioclf.ui.inference import model_client
from audioclf.ui.shell import page_frame

with page_frame.page("Classify", "Give the model a new sound: your voice, a file, or an example.") as state:
    model_client.warm()
    run, chosen = page.choose(state)
    page.answer(run, chosen)
