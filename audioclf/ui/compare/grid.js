// A grid of sounds and features: a column is a sound, a row a feature, and every row has one pair of axes.
// A line moves over the column that plays. Names come as data and are only ever set as text.

const ROOM = { left: 58, bar: 64, gap: 10, top: 8, ticks: 34, bare: 5 };

export default function (component) {
  const root = component.parentElement.querySelector(".comparison");
  const grid = (root.grid ||= new Grid(root));
  grid.keep = (view) => component.setStateValue("view", view);
  grid.show(component.data);
  return () => {
    grid.close();
    delete root.grid;
  };
}

class Grid extends Deck {
  show(data) {
    this.data = data;
    const kept = this.known();
    this.sounds = [];
    this.palettes = data.palettes.map(bytes);
    this.bars = data.columns.map((_, c) => data.rows.some((row) => row.cells[c].bar));
    const wide = element("div", data.bare ? "wide bare" : "wide");
    wide.style.setProperty("--columns", data.columns.length);
    wide.style.setProperty("--least", data.columns.length > 6 ? "3.9rem" : "6.2rem");
    this.heads = element("div", "heads", wide);
    if (data.zooms) this.heads.append(this.zooms());
    this.columns = data.columns.map((column, c) => this.column(column, c, kept));
    for (const old of kept.values()) old.close();
    this.rows = data.rows.map((row) => new Row(this, row, wide));
    const controls = () => [...this.root.querySelectorAll("button, [tabindex]")];
    const focused = controls().indexOf(this.root.getRootNode().activeElement);
    this.root.replaceChildren(wide);
    controls()[focused]?.focus({ preventScroll: true });
    this.draw();
  }

  // Above the axes, for fingers as well: both zoom around the line of the sound that was played last.
  zooms() {
    const made = element("div", "zooms");
    for (const [sign, name, factor] of [["+", "Zoom in", 0.5], ["−", "Zoom out", 2]]) {
      const button = element("button", "", made, sign);
      button.type = "button";
      button.title = name;
      button.setAttribute("aria-label", name);
      button.disabled = factor > 1 && !this.data.zoomed;
      button.onclick = () => this.zoom(factor, this.heard ? this.heard.time : 0);
    }
    return made;
  }

  column({ title, note, audio, seconds }, c, kept) {
    const head = element("div", "column", this.heads);
    const twice = this.data.columns.some((other, d) => d !== c && other.title === title);
    const column = { head, title: twice && note ? `${title}, ${note}` : title };
    if (audio) {
      const sound = (column.sound = this.sounds.find(({ address }) => address === audio) || this.take(audio, seconds, kept));
      column.button = element("button", "play", head);
      column.button.type = "button";
      column.button.onclick = () => this.toggle(sound);
    }
    const names = element("div", "names", head);
    element("div", "name", names, title).title = title;
    column.note = element("div", "note", names, note);
    column.note.title = note;
    return column;
  }

  // The stretch of time that all rows show.
  get span() {
    return this.data.rows.find(({ x }) => x?.unit === "s")?.x;
  }

  // Ask for the pictures of a stretch; null is all of every sound.
  look(view) {
    if (!this.data.zooms || (view && view[1] - view[0] < SHORTEST_VIEW)) return;
    this.keep(view && view.map(tenthOfMs));
  }

  // A stretch that is so many times as long as now, around a moment.
  zoom(factor, time) {
    const longest = Math.max(...this.sounds.map(({ seconds }) => seconds));
    const view = zoomed(this.span, factor, time, longest);
    this.look(view[1] - view[0] > 0.99 * longest ? null : view);
  }

  // A stretch that is dragged is zoomed to.
  preview(selection) {
    for (const row of this.rows) for (const cell of row.cells) cell.selector?.draw(selection);
  }

  select({ start, end }) {
    this.preview(null);
    this.look([start, end]);
  }

  key({ key }, sound) {
    if (!this.data.zooms || !"+=-−0".includes(key)) return false;
    if (key === "0") this.look(null);
    else this.zoom("+=".includes(key) ? 0.5 : 2, sound.time);
    return true;
  }

  play(sound, from) {
    this.heard = sound;
    const { span } = this;
    const outside = span && !(sound.time >= span.low && sound.time < span.high);
    super.play(sound, from ?? (outside ? span.low : undefined));
  }

  failed(sound, words) {
    for (const column of this.columns) if (column.sound === sound) column.note.textContent = words;
  }

  follow() {
    this.columns.forEach(({ sound, button, title }, c) => {
      if (!sound) return;
      label(button, sound.paused, title);
      for (const row of this.rows) row.cells[c].line(sound.time);
    });
  }

  // Where every column begins and how wide all are, so that pictures and heads stand below each other.
  places() {
    const { bare } = this.data;
    const left = bare ? 0 : ROOM.left;
    const bars = bare ? 0 : this.bars.filter(Boolean).length * ROOM.bar;
    const n = this.columns.length;
    const width = (this.root.firstChild.clientWidth - left - bars - ROOM.gap * (n - 1) - (bars ? 0 : ROOM.gap)) / n;
    let x = left;
    const starts = this.columns.map((_, c) => {
      const start = x;
      x += width + ROOM.gap + (!bare && this.bars[c] ? ROOM.bar : 0);
      return start;
    });
    return { starts, width };
  }

  draw() {
    if (!this.root.firstChild || !this.root.firstChild.clientWidth) return;
    const { starts, width } = (this.place = this.places());
    this.columns.forEach(({ head }, c) => {
      Object.assign(head.style, { left: `${starts[c]}px`, width: `${width}px` });
      head.classList.toggle("narrow", width < 90);
    });
    for (const row of this.rows) row.draw();
    this.move();
  }
}
