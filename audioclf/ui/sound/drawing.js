// A feature on its axes, with the moving line and the pointer's cross: a panel of the player, a cell of a comparison.

class Drawing {
  // plot is its element, readout where the values under the pointer are read; sound may be missing.
  constructor(about, plot, readout, sound, colours, player) {
    Object.assign(this, { about, plot, readout, sound, colours, player });
    this.timed = about.x.unit === "s";
    this.range = about.span || about.x;
    plot.setAttribute("role", "img");
    this.head = element("div", "head-line", plot);
    this.crossX = element("div", "cross-x", plot);
    this.crossY = element("div", "cross-y", plot);
    this.head.hidden = true;
    this.leave();
    plot.onpointermove = (event) => this.hover(event);
    plot.onpointerleave = () => this.leave();
    if (!sound) return;
    plot.tabIndex = 0;
    plot.onclick = (event) => this.click(event);
    plot.onkeydown = (event) => this.key(event);
  }

  // The picture that belongs to it, once it has arrived.
  take(loaded) {
    if (loaded) Object.assign(this, loaded);
  }

  // Draw into an area of a canvas, with the axes that are wanted.
  paint(brush, area, { x, y, bar }) {
    Object.assign(this, brush, { area });
    const picture = this.about.kind === "picture";
    if (picture) this.drawPicture();
    if (y) this.drawY();
    if (!picture) this.drawCurve();
    if (bar && this.about.bar) drawColours(this.context, this.about, area, this.colours, this.ink);
    if (x) this.drawX();
    for (const line of [this.head, this.crossX]) Object.assign(line.style, { top: `${area.y}px`, height: `${area.h}px` });
    Object.assign(this.crossY.style, { left: `${area.x}px`, width: `${area.w}px` });
    if (this.sound) this.line(this.sound.time);
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

  // Pixels of a value of a curve.
  up(value) {
    return this.area.y + this.area.h * (1 - (value - this.about.low) / (this.about.high - this.about.low));
  }

  clipped(draw) {
    const { x, y, w, h } = this.area;
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, w, h);
    this.context.clip();
    draw(this.context, y, h);
    this.context.restore();
  }

  drawPicture() {
    const { picture } = this;
    const [left, width] = [this.across(this.about.x.low), this.wide(this.about.x)];
    this.clipped((context, y, h) => {
      context.fillStyle = this.faint;
      if (!picture) return context.fillRect(left, y, width, h);
      context.imageSmoothingEnabled = picture.width > width * 1.5 || picture.height > h * 1.5;
      context.imageSmoothingQuality = "high";
      return context.drawImage(picture, left, y, width, h);
    });
  }

  drawCurve() {
    const { about } = this;
    this.clipped((context, y, h) => {
      if (about.heat) drawBands(context, about.heat, this.across(about.x.low), this.wide(about.x), y, h, this.colours);
      if (about.kind === "lines") return this.drawLines();
      if (about.beside) this.trace(about, this.muted);
      return this.trace(about.beside || about, this.accent);
    });
  }

  // One curve, or the outline of one that has more points than there are pixels.
  trace({ line, lows, highs, drawn }, colour) {
    const { context } = this;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.3;
    context.beginPath();
    const n = (line || highs).length;
    const [first, step] = [this.across(drawn.low), this.wide(drawn) / Math.max(n - 1, 1)];
    for (let i = 0; i < n; i++) context.lineTo(first + step * i, this.up((line || highs)[i]));
    if (lows) {
      for (let i = n - 1; i >= 0; i--) context.lineTo(first + step * i, this.up(lows[i]));
      context.closePath();
      context.fill();
      context.lineWidth = 0.8;
    }
    context.stroke();
  }

  // Many short curves, neighbours in different colours.
  drawLines() {
    const { context } = this;
    context.lineWidth = 1.2;
    this.about.lines.forEach(({ x, y }, i) => {
      context.strokeStyle = i % 2 ? this.muted : this.accent;
      context.beginPath();
      x.forEach((value, k) => context.lineTo(this.across(value), this.up(y[k])));
      context.stroke();
    });
  }

  drawY() {
    const { about, context } = this;
    const { x, y, w, h } = this.area;
    const picture = about.kind === "picture";
    const place = (value) => (picture ? this.down(value) : this.up(value));
    const ticks = picture
      ? rowTicks(about.y.values, about.y.unit, h, place)
      : niceTicks(about.low, about.high, Math.max(2, Math.floor(h / 30)));
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    let last = Infinity;
    for (const tick of ticks) {
      const at = place(tick);
      if (at > y + h + 1 || at < y - 1 || last - at < 18) continue;
      last = at;
      context.strokeStyle = this.faint;
      if (!picture && this.lined) stroke(context, x, at, x + w, at);
      context.fillStyle = context.strokeStyle = this.ink;
      stroke(context, x - 4, at, x, at);
      context.fillText(short(tick), x - 7, Math.min(Math.max(at, y + 5), y + h - 4));
    }
    context.save();
    context.translate(x - 47, y + h / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.globalAlpha = 0.8;
    context.fillText(this.nameY(picture ? about.y : about, h), 0, 0);
    context.restore();
  }

  nameY(axis) {
    return named(axis);
  }

  drawX() {
    const { x, y, w, h } = this.area;
    const { low, high } = this.range;
    const { context } = this;
    context.textBaseline = "top";
    context.fillStyle = context.strokeStyle = this.ink;
    for (const tick of niceTicks(low, high, Math.max(2, Math.floor(w / 60)))) {
      const at = this.across(tick);
      stroke(context, at, y + h, at, y + h + 4);
      // the outermost numbers stay within their own column
      context.textAlign = this.lined ? "center" : at < x + 8 ? "left" : at > x + w - 8 ? "right" : "center";
      context.fillText(short(tick), at, y + h + 6);
    }
    context.textAlign = "center";
    context.globalAlpha = 0.8;
    context.fillText(w < 90 ? this.about.x.unit : named(this.about.x), x + w / 2, y + h + 20);
    context.globalAlpha = 1;
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
    this.readout.textContent = readoutWords(this, found).join("  ·  ");
    this.crossX.hidden = false;
    this.crossX.style.transform = `translateX(${x + found.across * w}px)`;
    this.crossY.hidden = this.about.kind !== "picture";
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
    if (step) sound.seek(sound.time + (event.shiftKey ? step / 10 : step));
    else if (event.key === " " || event.key === "Enter") player.toggle(sound);
    else if (!player.key(event, sound)) return;
    event.preventDefault();
  }
}
