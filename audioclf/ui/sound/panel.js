// One feature with its axes, the moving line, the pointer's cross and what is selected.

const TALL = 300;

class Panel {
  constructor(about, parent, height, colours, player) {
    this.about = about;
    this.colours = colours;
    this.player = player;
    this.timed = about.x.unit === "s";
    this.banded = about.kind === "picture" && this.timed && about.y.unit === "Hz";
    this.range = about.span || about.x;
    const box = (this.box = element("div", "panel", parent));
    const head = element("div", "head", box);
    element("div", "title", head, about.title).title = about.title;
    this.readout = element("div", "readout", head);
    this.plot = element("div", "plot", box);
    this.plot.style.height = fitting(height);
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", `${about.title}; press space to play, arrows to move`);
    if (player.data.tools) this.plot.setAttribute("aria-describedby", "keys");
    this.canvas = element("canvas", "", this.plot);
    this.head = element("div", "head-line", this.plot);
    this.crossX = element("div", "cross-x", this.plot);
    this.crossY = element("div", "cross-y", this.plot);
    this.leave();
    this.plot.onpointermove = (event) => this.hover(event);
    this.plot.onpointerleave = () => this.leave();
    this.plot.onclick = (event) => this.click(event);
    this.plot.onkeydown = (event) => this.key(event);
    if (player.data.tools) this.selector = new Selector(this);
  }

  get sound() {
    return this.player.sounds[this.about.track];
  }

  // The picture that belongs to it, once it has arrived.
  take(loaded) {
    if (loaded) Object.assign(this, loaded);
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
    this.muted = `color-mix(in srgb, ${style.color} 45%, transparent)`;
    this.accent = style.getPropertyValue("--st-primary-color") || "#a8327d";
    context.font = `13px ${style.fontFamily}`;
    if (this.about.kind === "picture") this.drawPicture();
    else this.drawCurve();
    if (this.player.gutter !== BARE) this.drawX();
    this.place();
    this.line(this.sound.time);
    if (this.selector) this.selector.draw(this.player.selection);
  }

  // Pixels of a place and of a stretch on the x axis.
  across(value) {
    return this.area.x + (this.area.w * (value - this.range.low)) / (this.range.high - this.range.low);
  }

  wide({ low, high }) {
    return this.across(high) - this.across(low);
  }

  // Pixels of a row of a picture, and what stands at a share of its height from the top.
  down(value) {
    const { at, values } = this.about.y;
    return this.area.y + this.area.h * (1 - (interpolate(values, at, value) + 0.5) / this.about.rows);
  }

  height(share) {
    const { at, values } = this.about.y;
    const top = values[values.length - 1] + (values.length > 1 ? (values[values.length - 1] - values[values.length - 2]) / 2 : 0);
    return Math.min(Math.max(interpolate(at, values, (1 - share) * this.about.rows - 0.5), 0), top);
  }

  drawPicture() {
    const { x, y, w, h } = this.area;
    const context = this.context;
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.fillStyle = this.faint;
    if (!this.picture) context.fillRect(this.across(this.about.x.low), y, this.wide(this.about.x), h);
    else {
      context.imageSmoothingEnabled = this.picture.width > w * 1.5 || this.picture.height > h * 1.5;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.picture, this.across(this.about.x.low), y, this.wide(this.about.x), h);
    }
    context.restore();
    if (this.player.gutter === BARE) return;
    const down = (value) => this.down(value);
    this.ticksY(rowTicks(this.about.y.values, this.about.y.unit, h, down), down, this.about.y);
    if (this.about.bar) drawColours(context, this.about, this.area, this.colours, this.ink);
  }

  drawCurve() {
    const { x, y, w, h } = this.area;
    const { low, high } = this.about;
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
    if (this.about.kind === "lines") this.drawLines(place);
    else {
      if (this.about.beside) this.trace(this.about, place, this.muted);
      this.trace(this.about.beside || this.about, place, this.accent);
    }
    context.restore();
  }

  // One curve, or the outline of one that has more points than there are pixels.
  trace({ line, lows, highs, drawn, x }, place, colour) {
    const context = this.context;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.3;
    context.beginPath();
    const n = (line || highs).length;
    const [first, step] = [this.across((drawn || x).low), this.wide(drawn || x) / Math.max(n - 1, 1)];
    const across = (i) => first + step * i;
    for (let i = 0; i < n; i++) context.lineTo(across(i), place((line || highs)[i]));
    if (lows) {
      for (let i = n - 1; i >= 0; i--) context.lineTo(across(i), place(lows[i]));
      context.closePath();
      context.fill();
      context.lineWidth = 0.8;
    }
    context.stroke();
  }

  // Many short curves, neighbours in different colours.
  drawLines(place) {
    const context = this.context;
    context.lineWidth = 1.2;
    this.about.lines.forEach(({ x, y }, i) => {
      context.strokeStyle = i % 2 ? this.muted : this.accent;
      context.beginPath();
      x.forEach((value, k) => context.lineTo(this.across(value), place(y[k])));
      context.stroke();
    });
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
    const shown = this.range;
    const outside = time < Math.max(low, shown.low) || time > Math.min(high, shown.high);
    this.head.hidden = !this.timed || outside || (time === 0 && this.sound.paused);
    this.head.style.transform = `translateX(${this.across(time)}px)`;
  }

  // Where the pointer is, in the units of the axes; outside null, or the nearest place inside.
  under(event, nearest = false) {
    const box = this.plot.getBoundingClientRect();
    const { x, y, w, h } = this.area;
    let [across, down] = [(event.clientX - box.left - x) / w, (event.clientY - box.top - y) / h];
    if (nearest) [across, down] = [across, down].map((share) => Math.min(Math.max(share, 0), 1));
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
    this.readout.textContent = readoutWords(this, found).join("  ·  ");
    this.crossX.hidden = false;
    this.crossX.style.transform = `translateX(${x + found.across * w}px)`;
    this.crossY.hidden = about.kind !== "picture";
    this.crossY.style.transform = `translateY(${y + found.down * h}px)`;
  }

  leave() {
    this.crossX.hidden = this.crossY.hidden = true;
    this.readout.textContent = "";
  }

  click(event) {
    const found = this.area && this.under(event);
    if (!found || this.selector?.dragged) return;
    if (!this.timed) return this.player.toggle(this.sound);
    const selected = this.player.selection;
    if (selected && (found.at < selected.start || found.at > selected.end)) this.player.select(null);
    this.player.play(this.sound, found.at);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { player, sound } = this;
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
    if (step) player.seek(sound, sound.time + (event.shiftKey ? step / 10 : step));
    else if (event.key === " " || event.key === "Enter") player.toggle(sound);
    else if (!player.data.tools || !player.key(event, sound)) return;
    event.preventDefault();
  }
}

// A tall panel is lower on a low screen, so that all of it is seen below the controls.
function fitting(height) {
  return height < TALL ? `${height}px` : `min(${height}px, max(${Math.round(0.55 * height)}px, 100vh - 27.5rem))`;
}
