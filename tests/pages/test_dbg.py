import sys; sys.path.insert(0, "/work/main/tests/pages")
def test_dbg(open_page, finished):
    import numpy as np
    from audioclf.inference import Predictor
    p = Predictor(finished)
    item = sorted(finished.predictions, key=lambda item: (item.true == item.predicted, -item.probabilities[item.predicted]))[0]
    print(finished.metrics["accuracy"], [ (i.true,i.predicted,[round(x,2) for x in i.probabilities]) for i in finished.predictions])
    for c in range(3):
        e = p.explain(finished.clips[item.clip], class_index=c)
        print(finished.classes[c], e.heat.min(), e.heat.max(), e.heat.mean(), e.probabilities)
    page = open_page("results", run=finished.id)
    print([ (t.label,t.value) for t in page.text_input], [b.label for b in page.button])
    page.text_input[0].set_value("$another$ name")
    page.run()
    print([ (t.label,t.value) for t in page.text_input], [b.label for b in page.button])
    b=next(button for button in page.button if button.label == "Save"); print(b.disabled); b.click()
    page.run()
    print([ (t.label,t.value) for t in page.text_input], finished.about)
    assert 0
