// The player: one canvas per panel with its axes, one audio element per sound, one moving line per panel.
// Names come as data and are only ever set as text.

const GUTTER = { left: 58, right: 58, top: 6, bottom: 36 };
const BARE = { left: 0, right: 0, top: 2, bottom: 2 };
const PLAY = "M6 4l14 8-14 8z";
const PAUSE = "M6 4h4v16H6zM14 4h4v16h-4z";
const hosts = new WeakMap();

export default function (component) {
  const root = component.parentElement.querySelector(".player");
  let player = hosts.get(root);
  if (!player) {
    player = new Player(root);
    hosts.set(root, player);
  }
  player.show(component.data, (number) => component.setTriggerValue("picked", number));
  return () => {
    player.close();
    hosts.delete(root);
  };
}

function element(tag, className, parent, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

class Player {
  constructor(root) {
    this.root = root;
    this.sounds = [];
    this.panels = [];
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
    this.othersPlay = (event) => event.detail !== this && this.pause();
    window.addEventListener("audioclf-play", this.othersPlay);
  }

  show(data, pick) {
    this.data = data;
    this.pick = pick;
    const kept = new Map(this.sounds.map((sound) => [sound.audio.dataset.address, sound]));
    const grid = element("div", `grid ${data.layout}`);
    grid.style.setProperty("--columns", data.columns);
    this.sounds = data.tracks.map((track) => this.sound(track, kept));
    for (const old of kept.values()) old.audio.pause();
    this.root.replaceChildren();
    for (const sound of this.sounds) (data.layout === "grid" ? this.root : grid).append(sound.bar);
    const colours = data.palette.match(/../g).map((digits) => parseInt(digits, 16));
    this.pictures = data.panels.some((panel) => panel.kind === "picture");
    this.gutter = data.layout === "list" ? BARE : this.pictures ? GUTTER : { ...GUTTER, right: 14 };
    this.panels = data.panels.map((panel) => new Panel(panel, grid, data.height, colours, this));
    if (data.layout === "list") this.panels.forEach((panel, i) => this.sounds[i].bar.after(panel.box));
    this.root.append(grid);
    this.draw();
    this.move();
  }

  // A sound that stays keeps its element, so that it plays on while the pictures change.
  sound(track, kept) {
    const sound = kept.get(track.audio) || { audio: new Audio() };
    kept.delete(track.audio);
    if (!sound.audio.dataset.address) {
      sound.audio.preload = "none";
      sound.audio.src = track.audio;
      sound.audio.dataset.address = track.audio;
      for (const name of ["play", "pause", "ended", "seeked"]) sound.audio.addEventListener(name, () => this.move());
    }
    sound.seconds = track.seconds;
    sound.bar = element("div", "bar");
    sound.button = element("button", "play", sound.bar);
    sound.button.type = "button";
    sound.button.onclick = () => this.toggle(sound);
    const names = element("div", "names", sound.bar);
    element("div", "name", names, track.title).title = track.title;
    if (track.note) element("div", "note", names, track.note);
    sound.clock = element("div", "clock", sound.bar);
    if (this.data.layout === "list" && this.data.action) {
      const open = element("button", "open", sound.bar, this.data.action);
      open.type = "button";
      open.setAttribute("aria-label", `${this.data.action} ${track.title}`);
      open.onclick = () => this.pick(this.data.tracks.indexOf(track));
    }
    sound.title = track.title;
    return sound;
  }

  toggle(sound) {
    if (sound.audio.paused) this.play(sound);
    else sound.audio.pause();
  }

  play(sound, from) {
    this.pause(sound);
    window.dispatchEvent(new CustomEvent("audioclf-play", { detail: this }));
    if (from !== undefined) this.seek(sound, from);
    sound.audio.play().catch((error) => {
      // a pause that comes before the sound has begun ends play() with this, and is no fault
      if (error.name !== "AbortError") sound.clock.textContent = "cannot be played";
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
    for (const sound of this.sounds) if (sound !== except) sound.audio.pause();
  }

  move() {
    let playing = false;
    this.sounds.forEach((sound) => {
      playing ||= !sound.audio.paused;
      this.label(sound);
      const [now, all] = [sound.audio.currentTime.toFixed(2), `${sound.seconds.toFixed(2)} s`];
      sound.clock.textContent = this.data.layout === "grid" ? `${now} / ${all}` : sound.audio.paused ? all : `${now} s`;
    });
    for (const panel of this.panels) panel.line(this.sounds[panel.about.track].audio.currentTime);
    cancelAnimationFrame(this.frame);
    if (playing) this.frame = requestAnimationFrame(() => this.move());
  }

  // Not in every frame: a press on a sign that is replaced before the release is no click.
  label(sound) {
    const { paused } = sound.audio;
    if (sound.button.dataset.paused === String(paused)) return;
    sound.button.dataset.paused = paused;
    sound.button.innerHTML = `<svg viewBox="0 0 24 24"><path d="${paused ? PLAY : PAUSE}"/></svg>`;
    sound.button.setAttribute("aria-label", `${paused ? "Play" : "Pause"} ${sound.title}`);
  }

  draw() {
    for (const panel of this.panels) panel.draw();
    this.move();
  }

  close() {
    this.pause();
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    window.removeEventListener("audioclf-play", this.othersPlay);
  }
}

class Panel {
  constructor(about, parent, height, colours, player) {
    this.about = about;
    this.colours = colours;
    this.player = player;
    this.timed = about.x.unit === "s";
    this.range = about.span || about.x;
    const box = (this.box = element("div", "panel", parent));
    const head = element("div", "head", box);
    element("div", "title", head, about.title).title = about.title;
    this.readout = element("div", "readout", head);
    this.plot = element("div", "plot", box);
    this.plot.style.height = `${height}px`;
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", `${about.title}; press space to play, arrows to move`);
    this.canvas = element("canvas", "", this.plot);
    this.head = element("div", "head-line", this.plot);
    this.crossX = element("div", "cross-x", this.plot);
    this.crossY = element("div", "cross-y", this.plot);
    this.leave();
    this.plot.onpointermove = (event) => this.hover(event);
    this.plot.onpointerleave = () => this.leave();
    this.plot.onclick = (event) => this.click(event);
    this.plot.onkeydown = (event) => this.key(event);
    if (about.kind === "picture") this.load();
  }

  get sound() {
    return this.player.sounds[this.about.track];
  }

  load() {
    const { image, heat } = this.about;
    Promise.all([readGrey(image), heat && readGrey(heat)]).then(([levels, hot]) => {
      [this.levels, this.hot] = [levels, hot];
      this.picture = paint(levels, hot, this.colours);
      this.draw();
    });
  }

  draw() {
    const width = this.plot.clientWidth;
    const height = this.plot.clientHeight;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
    const { left, right, top, bottom } = this.player.gutter;
    this.area = { x: left, y: top, w: width - left - right, h: height - top - bottom };
    const context = (this.context = this.canvas.getContext("2d"));
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.player.root);
    this.ink = style.color;
    this.faint = style.getPropertyValue("--st-border-color") || "#ccc";
    this.accent = style.getPropertyValue("--st-primary-color") || "#a8327d";
    context.font = `13px ${style.fontFamily}`;
    if (this.about.kind === "picture") this.drawPicture();
    else this.drawCurve();
    if (this.player.gutter !== BARE) this.drawX();
    this.place();
    this.line(this.sound.audio.currentTime);
  }

  // Pixels of a place and of a stretch on the x axis.
  across(value) {
    return this.area.x + (this.area.w * (value - this.range.low)) / (this.range.high - this.range.low);
  }

  wide({ low, high }) {
    return this.across(high) - this.across(low);
  }

  drawPicture() {
    const { y, w, h } = this.area;
    const context = this.context;
    context.fillStyle = this.faint;
    if (!this.picture) context.fillRect(this.across(this.about.x.low), y, this.wide(this.about.x), h);
    else {
      context.imageSmoothingEnabled = this.picture.width > w * 1.5 || this.picture.height > h * 1.5;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.picture, this.across(this.about.x.low), y, this.wide(this.about.x), h);
    }
    if (this.player.gutter === BARE) return;
    const { at, values } = this.about.y;
    const place = (value) => y + h * (1 - (interpolate(values, at, value) + 0.5) / this.about.rows);
    this.ticksY(rowTicks(values, this.about.y.unit, h, place), place, this.about.y);
    drawColours(context, this.about, this.area, this.colours, this.ink);
  }

  drawCurve() {
    const { x, y, w, h } = this.area;
    const { low, high, line, lows, highs } = this.about;
    const context = this.context;
    const place = (value) => y + h * (1 - (value - low) / (high - low));
    if (this.player.gutter !== BARE) {
      const { label, unit } = this.about;
      this.ticksY(niceTicks(low, high, Math.max(2, Math.floor(h / 30))), place, { label, unit }, true);
    }
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    if (this.about.heat) drawBands(context, this.about.heat, this.across(this.about.x.low), this.wide(this.about.x), y, h, this.colours);
    context.strokeStyle = context.fillStyle = this.accent;
    context.lineWidth = 1.3;
    context.beginPath();
    const n = (line || highs).length;
    const drawn = this.about.drawn || this.about.x;
    const [first, step] = [this.across(drawn.low), this.wide(drawn) / Math.max(n - 1, 1)];
    const across = (i) => first + step * i;
    for (let i = 0; i < n; i++) context.lineTo(across(i), place((line || highs)[i]));
    if (lows) {
      for (let i = n - 1; i >= 0; i--) context.lineTo(across(i), place(lows[i]));
      context.closePath();
      context.fill();
      context.lineWidth = 0.8;
    }
    context.stroke();
    context.restore();
  }

  ticksY(ticks, place, axis, grid) {
    const { x, y, w, h } = this.area;
    const context = this.context;
    context.textAlign = "right";
    context.textBaseline = "middle";
    let last = Infinity;
    for (const tick of ticks) {
      const at = place(tick);
      if (at > y + h + 1 || at < y - 1 || last - at < 19) continue;
      last = at;
      context.strokeStyle = this.faint;
      context.lineWidth = 1;
      if (grid) stroke(context, x, at, x + w, at);
      context.strokeStyle = this.ink;
      stroke(context, x - 4, at, x, at);
      context.fillStyle = this.ink;
      context.fillText(short(tick), x - 7, Math.min(Math.max(at, y + 5), y + h - 4));
    }
    context.save();
    context.translate(11, y + h / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.globalAlpha = 0.75;
    context.fillText(named(axis), 0, 0);
    context.restore();
  }

  drawX() {
    const { x, y, w, h } = this.area;
    const { low, high } = this.range;
    const context = this.context;
    context.textBaseline = "top";
    context.textAlign = "center";
    context.fillStyle = context.strokeStyle = this.ink;
    for (const tick of niceTicks(low, high, Math.max(2, Math.floor(w / 60)))) {
      const at = this.across(tick);
      stroke(context, at, y + h, at, y + h + 4);
      context.fillText(short(tick), at, y + h + 6);
    }
    context.globalAlpha = 0.75;
    context.fillText(named(this.about.x), x + w / 2, y + h + 21);
    context.globalAlpha = 1;
  }

  place() {
    const { x, y, w, h } = this.area;
    for (const line of [this.head, this.crossX]) Object.assign(line.style, { top: `${y}px`, height: `${h}px` });
    Object.assign(this.crossY.style, { left: `${x}px`, width: `${w}px` });
  }

  line(time) {
    if (!this.area) return;
    const { low, high } = this.about.x;
    this.head.hidden = !this.timed || time < low || time > high || (time === 0 && this.sound.audio.paused);
    this.head.style.transform = `translateX(${this.across(time)}px)`;
  }

  // Where the pointer is, in the units of the axes; null outside.
  under(event) {
    const box = this.plot.getBoundingClientRect();
    const { x, y, w, h } = this.area;
    const [across, down] = [(event.clientX - box.left - x) / w, (event.clientY - box.top - y) / h];
    if (across < 0 || across > 1 || down < 0 || down > 1) return null;
    const at = this.range.low + across * (this.range.high - this.range.low);
    const { low, high } = this.about.x;
    return { across, down, at, share: Math.min(Math.max((at - low) / (high - low), 0), 1), inside: at >= low && at <= high };
  }

  hover(event) {
    const found = this.area && this.under(event);
    if (!found || !found.inside) return this.leave();
    const { x, y, w, h } = this.area;
    const { about } = this;
    const words = [this.timed ? `${found.at.toFixed(3)} s` : frequency(found.at)];
    if (about.kind === "picture") {
      const { at, values, unit } = about.y;
      const row = Math.min(about.rows - 1, Math.floor((1 - found.down) * about.rows));
      const value = interpolate(at, values, row);
      words.push(unit === "Hz" ? frequency(value) : `${about.y.label.toLowerCase()} ${Math.round(value)}`);
      if (this.levels) {
        const column = Math.min(this.picture.width - 1, Math.floor(found.share * this.picture.width));
        const line = this.picture.height - 1 - Math.floor((row * this.picture.height) / about.rows);
        const pixel = line * this.picture.width + column;
        words.push(this.level(about.low + (this.levels.values[pixel] / 255) * (about.high - about.low)));
        if (this.hot) words.push(`${HEAT.label} ${(this.hot.values[pixel] / 255).toFixed(2)}`);
      }
    } else {
      const values = about.line || about.highs;
      words.push(this.level(values[Math.round(found.share * (values.length - 1))]));
    }
    this.readout.textContent = words.join("  ·  ");
    this.crossX.hidden = false;
    this.crossX.style.transform = `translateX(${x + found.across * w}px)`;
    this.crossY.hidden = about.kind !== "picture";
    this.crossY.style.transform = `translateY(${y + found.down * h}px)`;
  }

  level(value) {
    const size = Math.abs(value);
    const digits = size >= 10 ? 0 : size >= 1 ? 1 : 3;
    return `${value.toFixed(digits).replace("-", "−")}${this.about.unit ? ` ${this.about.unit}` : ""}`;
  }

  leave() {
    this.crossX.hidden = this.crossY.hidden = true;
    this.readout.textContent = "";
  }

  click(event) {
    const found = this.area && this.under(event);
    if (!found) return;
    if (this.timed) this.player.play(this.sound, found.at);
    else this.player.toggle(this.sound);
  }

  key(event) {
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
    if (step) this.player.seek(this.sound, this.sound.audio.currentTime + step);
    else if (event.key === " " || event.key === "Enter") this.player.toggle(this.sound);
    else return;
    event.preventDefault();
  }
}
