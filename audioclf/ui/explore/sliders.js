// A slider whose value is sent while it is dragged: the next one once the last is drawn, and always the newest.

const PATIENCE = 4000; // milliseconds after which an answer is no longer waited for

export default function (component) {
  const root = component.parentElement.querySelector(".slide");
  const slide = (root.slide ||= new Slide(root));
  slide.keep = (moved) => component.setStateValue("moved", moved);
  slide.show(component.data);
  return () => {
    clearTimeout(slide.patience);
    delete root.slide;
  };
}

class Slide {
  constructor(root) {
    this.number = 0; // of the movement that was sent last
    this.pending = null; // the one to send next
    this.row = element("div", "row", root);
    this.names = element("select", "names", this.row);
    this.names.setAttribute("aria-label", "Parameter to slide");
    this.names.onchange = () => this.place();
    this.range = element("input", "range", this.row);
    Object.assign(this.range, { type: "range", min: 0, step: 1 });
    this.range.oninput = () => this.move(true);
    this.range.onchange = () => this.move(false);
    this.value = element("output", "value", this.row);
    this.note = element("div", "note", root);
  }

  get chosen() {
    return this.data.parameters[Math.max(this.names.selectedIndex, 0)];
  }

  // What the server has drawn.
  show(data) {
    this.data = data;
    if (this.names.length !== data.parameters.length) {
      this.names.replaceChildren(...data.parameters.map(({ name }) => new Option(name, name)));
      this.names.value = data.name;
    }
    if (data.number < this.number) return; // an answer to an earlier movement
    this.number = data.number;
    this.free();
    if (!this.busy && !this.dragged) this.place();
    this.say();
  }

  place() {
    const { name, values, value, at } = this.chosen;
    this.range.max = values.length - 1;
    this.range.value = at;
    this.range.setAttribute("aria-label", name);
    this.read(value);
    this.say();
  }

  say() {
    const { sentence } = this.data;
    this.note.textContent = sentence || this.chosen.note;
    this.note.classList.toggle("wrong", Boolean(sentence));
    // once as tall as its longest sentence, so that the picture stays where it is
    this.note.style.minHeight = `${Math.max(this.note.offsetHeight, parseFloat(this.note.style.minHeight) || 0)}px`;
  }

  read(value) {
    this.value.textContent = value.toLocaleString("en-US");
    this.range.setAttribute("aria-valuetext", String(value));
  }

  move(held) {
    const { name, values } = this.chosen;
    const value = values[this.range.value];
    this.dragged = held;
    this.read(value);
    const { last } = this;
    if (last && last.name === name && last.value === value && last.held === held) return;
    this.pending = this.last = { name, value, held };
    if (!this.busy) this.send();
  }

  send() {
    const moved = this.pending;
    this.pending = null;
    this.busy = true;
    this.number += 1;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.free(), PATIENCE);
    this.keep({ ...moved, number: this.number });
  }

  free() {
    clearTimeout(this.patience);
    this.busy = false;
    if (this.pending) this.send();
  }
}
