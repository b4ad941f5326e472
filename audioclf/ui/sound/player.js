// The player: one canvas per panel with its axes, one audio element per sound, one moving line per panel.
// Names come as data and are only ever set as text.

const GUTTER = { left: 58, right: 58, top: 6, bottom: 36 };
const BARE = { left: 0, right: 0, top: 2, bottom: 2 };
const PLAIN = { rate: 1, pitch: true, loop: false };
let remembered = PLAIN; // how sounds were last played in a player with tools

export default function (component) {
  const root = component.parentElement.querySelector(".player");
  const player = (root.player ||= new Player(root));
  player.send = {
    pick: (number) => component.setTriggerValue("picked", number),
    act: (name) => component.setTriggerValue("act", name),
    state: (name, value) => component.setStateValue(name, value),
  };
  player.show(component.data);
  return () => {
    player.close();
    delete root.player;
  };
}

class Player extends Deck {
  constructor(root) {
    super(root);
    this.panels = [];
    this.loaded = new Map();
    [this.asking, this.shown] = [0, 0];
    this.way = PLAIN;
  }

  // What is shown stays until the new pictures have arrived, so that a changed parameter does not flicker.
  show(data) {
    const number = (this.asking += 1);
    const colours = bytes(data.palette);
    const pictures = data.panels.map((panel) => panel.kind === "picture" && this.load(panel, colours));
    const first = !this.data;
    if (first) this.build(data, colours);
    if (data.reveal && data.reveal !== this.revealed) {
      this.revealed = data.reveal;
      this.root.scrollIntoView({ block: "center" });
    }
    Promise.all(pictures).then((loaded) => {
      if (number < this.shown) return undefined; // a newer one has arrived before
      this.shown = number;
      const arrived = data.panels.flatMap((panel, i) => (loaded[i] ? [[panel.image + panel.heat, loaded[i]]] : []));
      this.loaded = new Map(arrived);
      if (!first) return this.build(data, colours, loaded);
      this.panels.forEach((panel, i) => panel.take(loaded[i]));
      return this.draw();
    });
  }

  load({ image, heat }, colours) {
    const known = this.loaded.get(image + heat);
    if (known) return known;
    return Promise.all([readGrey(image), heat && readGrey(heat)]).then(
      ([levels, hot]) => levels && { levels, hot, picture: paint(levels, hot, colours) },
    );
  }

  build(data, colours, loaded = []) {
    const focused = this.panels.findIndex((panel) => panel.plot === this.root.getRootNode().activeElement);
    const changed = this.data && (this.data.subject !== data.subject || this.data.linked !== data.linked);
    if (!this.data && data.tools) this.way = remembered;
    if (!this.data || changed) this.selection = data.selection || null; // of a link, another view or another sound
    this.data = data;
    this.asked = null;
    const kept = this.known();
    this.sounds = [];
    const grid = element("div", `grid ${data.layout}`);
    grid.style.setProperty("--columns", data.columns);
    for (const track of data.tracks) this.sound(track, kept);
    for (const old of kept.values()) old.close();
    this.root.replaceChildren();
    for (const sound of this.sounds) (data.layout === "grid" ? this.root : grid).append(sound.bar);
    const bars = data.panels.some((panel) => panel.bar);
    this.gutter = data.layout === "list" ? BARE : bars ? GUTTER : { ...GUTTER, right: 14 };
    grid.style.setProperty("--least", bars ? "14rem" : "11.5rem");
    this.panels = data.panels.map((panel) => new Panel(panel, grid, data.height, colours, this));
    this.panels.forEach((panel, i) => panel.take(loaded[i]));
    if (data.layout === "list") this.panels.forEach((panel, i) => this.sounds[i].bar.after(panel.box));
    this.root.append(grid);
    if (data.tools) {
      this.tools ||= new Tools(this);
      this.sounds[0].clock.before(this.tools.row);
      this.sounds[0].names.append(this.tools.chosen);
      this.root.append(this.tools.help);
    }
    if (data.tools && (changed || (this.selection && this.sounds[0] !== this.heard))) this.hear(this.selection);
    [this.heard] = this.sounds;
    if (this.tools) this.tools.show();
    this.panels[focused]?.plot.focus({ preventScroll: true });
    this.draw();
  }

  sound(track, kept) {
    const sound = this.take(track.audio, track.seconds, kept);
    sound.apply(this.way);
    sound.bar = element("div", "bar");
    sound.button = element("button", "play", sound.bar);
    sound.button.type = "button";
    sound.button.onclick = () => this.toggle(sound);
    sound.names = element("div", "names", sound.bar);
    element("div", "name", sound.names, track.title).title = track.title;
    if (track.note) element("div", "note", sound.names, track.note);
    sound.clock = element("div", "clock", sound.bar);
    if (this.data.layout === "list" && this.data.action) {
      const open = element("button", "open", sound.bar, this.data.action);
      open.type = "button";
      open.setAttribute("aria-label", `${this.data.action} ${track.title}`);
      open.onclick = () => this.send.pick(this.data.tracks.indexOf(track));
    }
    sound.title = track.title;
  }

  toggle(sound) {
    // tracks of one sound go on where another of them is: what changes can be heard
    const other = this.data.sync && this.sounds.find((one) => one !== sound && !one.paused);
    if (sound.paused) this.play(sound, other ? other.time : undefined);
    else sound.pause();
  }

  failed(sound, words) {
    sound.clock.textContent = words;
  }

  // How sounds are played: speed, pitch, loop.
  manner(change) {
    this.way = remembered = { ...this.way, ...change };
    for (const sound of this.sounds) sound.apply(this.way);
    this.tools.show();
  }

  // Draw a selection that is not final yet.
  preview(selection) {
    for (const panel of this.panels) panel.selector?.draw(selection);
    if (selection) this.tools.say(selectionWords(selection));
  }

  select(selection) {
    if (selection) {
      if (selection.end - selection.start < 0.001) return this.preview(this.selection);
      if (selection.low !== null) selection.high = Math.max(selection.high, selection.low + 1);
      selection = rounded(selection);
    }
    const same = !selection && !this.selection;
    this.selection = selection;
    for (const panel of this.panels) panel.selector?.draw(selection);
    this.tools.show();
    this.hear(selection);
    if (!same) this.send.state("selection", selection && { ...selection, subject: this.data.subject });
    return undefined;
  }

  hear(selection) {
    const [sound] = this.sounds;
    const heard = selection && tooLong(selection) ? { ...selection, low: null, high: null } : selection;
    sound.select(heard).then(
      () => this.tools.show(),
      () => this.tools.say("The band cannot be filtered in this browser; all frequencies are heard."),
    );
  }

  // Ask for the pictures of a stretch: the selection, or one around the line that is so many times as long as now.
  zoom(factor) {
    const sound = this.sounds[0];
    const now = this.asked || this.data.view || { low: 0, high: sound.seconds };
    const { selection } = this;
    const chosen = selection && selection.start >= now.low && selection.end <= now.high;
    let [low, high] = chosen ? [selection.start, selection.end] : [0, 0];
    if (!chosen || factor > 1 || high - low > 0.98 * (now.high - now.low)) {
      [low, high] = zoomed(now, factor, sound.time, sound.seconds);
    }
    if (high - low < SHORTEST_VIEW) return;
    this.look(high - low > 0.99 * sound.seconds ? null : { low, high, subject: this.data.subject });
  }

  // Ask for the pictures of a stretch, or of all of the sound.
  look(view) {
    this.asked = view || { low: 0, high: this.sounds[0].seconds };
    this.send.state("view", view && { ...view, low: tenthOfMs(view.low), high: tenthOfMs(view.high) });
  }

  // A key that changes more than the place; false where it means nothing here.
  key({ key, shiftKey }, sound) {
    if (!this.data.tools) return false;
    const { selection } = this;
    const time = Math.min(sound.time, sound.seconds);
    const whole = { start: 0, end: sound.seconds, low: null, high: null };
    if (key === "[" || key === "]") {
      const next = { ...(selection || whole), [key === "[" ? "start" : "end"]: time };
      this.select(next.end > next.start ? next : { ...whole, [key === "[" ? "start" : "end"]: time });
    } else if (key === "l" || key === "L") this.manner({ loop: !this.way.loop });
    else if (key === "Escape") this.select(null);
    else if (key === "+" || key === "=") this.zoom(0.5);
    else if (key === "-" || key === "−") this.zoom(2);
    else if (key === "0") this.look(null);
    else if (key === "ArrowUp" || key === "ArrowDown") {
      this.select(movedBand(selection || whole, 2 ** ((key === "ArrowUp" ? 1 : -1) / 3), shiftKey));
    }
    else return false;
    return true;
  }

  follow() {
    for (const sound of this.sounds) {
      label(sound.button, sound.paused, sound.title);
      const digits = sound.seconds < 0.1 ? 4 : 2;
      const [now, all] = [sound.time.toFixed(digits), `${sound.seconds.toFixed(digits)} s`];
      sound.clock.textContent = this.data.layout === "grid" ? `${now} / ${all}` : sound.paused ? all : `${now} s`;
    }
    for (const panel of this.panels) panel.line(panel.sound.time);
  }

  draw() {
    for (const panel of this.panels) panel.draw();
    this.move();
  }
}
