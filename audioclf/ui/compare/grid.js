// A grid of sounds and features: a column is a sound, a row a feature, and every row has one pair of axes.
// A line moves over the column that plays. Names come as data and are only ever set as text.

const ROOM = { left: 58, bar: 64, gap: 10, top: 8, ticks: 34, bare: 5 };
const DRAG_PIXELS = 5;
const hosts = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".comparison");
  let grid = hosts.get(root);
  if (!grid) hosts.set(root, (grid = new Grid(root)));
  grid.keep = (view) => component.setStateValue("view", view);
  grid.show(component.data);
  return () => {
    grid.close();
    hosts.delete(root);
  };
}

class Grid {
  constructor(root) {
    this.root = root;
    this.sounds = new Map();
    this.rows = [];
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
    this.othersPlay = (event) => event.detail !== this && this.pause();
    window.addEventListener("audioclf-play", this.othersPlay);
  }

  show(data) {
    this.data = data;
    const kept = this.sounds;
    this.sounds = new Map();
    for (const { audio, seconds } of data.columns) {
      if (audio) this.sounds.set(audio, kept.get(audio) || this.load(audio, seconds));
    }
    for (const [address, old] of kept) if (!this.sounds.has(address)) old.audio.pause();
    this.palettes = data.palettes.map((digits) => digits.match(/../g).map((two) => parseInt(two, 16)));
    this.bars = data.columns.map((_, c) => data.rows.some((row) => row.cells[c] && row.cells[c].bar));
    const wide = element("div", data.bare ? "wide bare" : "wide");
    wide.style.setProperty("--columns", data.columns.length);
    wide.style.setProperty("--least", data.columns.length > 6 ? "3.9rem" : "6.2rem");
    this.heads = element("div", "heads", wide);
    if (data.zooms) this.heads.append(this.zooms());
    this.columns = data.columns.map((column, c) => this.column(column, c));
    this.rows = data.rows.map((row, r) => new Row(this, row, r, wide));
    const controls = () => [...this.root.querySelectorAll("button, [tabindex]")];
    const focused = controls().indexOf(this.root.getRootNode().activeElement);
    this.root.replaceChildren(wide);
    controls()[focused]?.focus({ preventScroll: true });
    this.draw();
    this.move();
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
      button.onclick = () => this.zoom(factor, this.heard ? this.heard.audio.currentTime : 0);
    }
    return made;
  }

  load(address, seconds) {
    const audio = new Audio();
    audio.preload = "none";
    audio.src = address;
    for (const name of ["play", "pause", "ended", "seeked"]) audio.addEventListener(name, () => this.move());
    return { audio, seconds };
  }

  column({ title, note, audio }, c) {
    const head = element("div", "column", this.heads);
    const sound = this.sounds.get(audio);
    const twice = this.data.columns.some((other, d) => d !== c && other.title === title);
    const column = { head, sound, title: twice && note ? `${title}, ${note}` : title };
    if (sound) {
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
    return this.data.rows.find((row) => row.timed && row.x)?.x;
  }

  // Ask for the pictures of a stretch, to a tenth of a millisecond; null is all of every sound.
  look(view) {
    if (!this.data.zooms || (view && view[1] - view[0] < SHORTEST_VIEW)) return;
    this.keep(view && view.map((time) => Math.round(1e4 * time) / 1e4));
  }

  // A stretch that is so many times as long as now, around a moment.
  zoom(factor, time) {
    const longest = Math.max(...[...this.sounds.values()].map(({ seconds }) => seconds));
    const view = zoomed(this.span, factor, time, longest);
    this.look(view[1] - view[0] > 0.99 * longest ? null : view);
  }

  toggle(sound) {
    if (sound.audio.paused) this.play(sound);
    else sound.audio.pause();
  }

  play(sound, from) {
    this.pause(sound);
    this.heard = sound;
    window.dispatchEvent(new CustomEvent("audioclf-play", { detail: this }));
    const { span } = this;
    if (from === undefined && span && !(sound.audio.currentTime >= span.low && sound.audio.currentTime < span.high)) {
      from = span.low;
    }
    if (from !== undefined) this.seek(sound, from);
    sound.audio.play().catch((error) => {
      // a pause that comes before the sound has begun ends play() with this, and is no fault
      if (error.name === "AbortError") return;
      for (const column of this.columns) if (column.sound === sound) column.note.textContent = "cannot be played";
    });
  }

  seek(sound, time) {
    const to = Math.min(Math.max(time, 0), Math.max(sound.seconds - 0.01, 0));
    if (sound.audio.readyState > 0) sound.audio.currentTime = to;
    else {
      sound.audio.addEventListener("loadedmetadata", () => (sound.audio.currentTime = to), { once: true });
      sound.audio.preload = "auto";
      sound.audio.load();
    }
  }

  pause(except) {
    for (const sound of this.sounds.values()) if (sound !== except) sound.audio.pause();
  }

  move() {
    this.columns.forEach(({ sound, button, title }, c) => {
      if (!sound) return;
      const { paused, currentTime } = sound.audio;
      label(button, paused, title);
      for (const row of this.rows) row.line(c, currentTime, paused);
    });
    cancelAnimationFrame(this.frame);
    if ([...this.sounds.values()].some(({ audio }) => !audio.paused)) this.frame = requestAnimationFrame(() => this.move());
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

  close() {
    this.pause();
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    window.removeEventListener("audioclf-play", this.othersPlay);
  }
}
