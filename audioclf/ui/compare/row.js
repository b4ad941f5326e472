// One row of the comparison: a feature of every sound on one pair of axes; put behind grid.js.

class Row {
  constructor(grid, about, r, parent) {
    this.grid = grid;
    this.about = about;
    this.bare = grid.data.bare;
    this.compact = grid.data.compact;
    this.ticks = !this.bare && about.ticks;
    const head = element("div", "row-head", parent);
    element("div", "title", head, about.title);
    head.hidden = this.bare || this.compact;
    this.strip = element("div", "strip", parent);
    this.readout = element("div", "readout", this.compact ? this.strip : head);
    this.strip.style.height = `${ROOM.top + grid.data.height + (this.ticks ? ROOM.ticks : ROOM.bare)}px`;
    this.canvas = element("canvas", "", this.strip);
    this.cells = about.cells.map((cell, c) => cell && this.cell(cell, c));
  }

  cell(about, c) {
    const { sound, title } = this.grid.columns[c];
    const cell = { about, sound, range: this.about.x || about.x, colours: this.grid.palettes[about.palette || 0] };
    const plot = (cell.plot = element("div", "plot", this.strip));
    plot.style.top = `${ROOM.top}px`;
    plot.style.height = `${this.grid.data.height}px`;
    plot.setAttribute("role", "img");
    const name = this.bare ? title : `${this.about.title} of ${title}`;
    plot.setAttribute("aria-label", sound ? `${name}; press space to play, arrows to move` : name);
    cell.line = element("div", "head-line", plot);
    cell.cross = element("div", "cross-x", plot);
    cell.line.hidden = cell.cross.hidden = true;
    plot.onpointermove = (event) => {
      this.hover(cell, event);
      this.drag(cell, event);
    };
    if (this.timed && this.grid.data.zooms) this.selectable(cell);
    plot.onpointerleave = () => this.leave(cell);
    if (sound) {
      plot.tabIndex = 0;
      plot.onclick = (event) => this.click(cell, event);
      plot.onkeydown = (event) => this.key(cell, event);
    }
    if (about.image) {
      readGrey(about.image).then((levels) => {
        if (!levels) return;
        cell.levels = levels;
        cell.picture = paint(levels, null, cell.colours);
        this.draw();
      });
    }
    return cell;
  }

  // A stretch that is dragged with the mouse is zoomed to; a finger scrolls.
  selectable(cell) {
    const { plot } = cell;
    cell.stretch = element("div", "stretch", plot);
    cell.stretch.hidden = true;
    plot.onpointerdown = (event) => {
      cell.dragged = false;
      if (event.button === 0 && event.pointerType !== "touch") cell.from = event.clientX;
    };
    plot.onpointerup = (event) => {
      if (cell.dragged) this.grid.look(this.dragged(cell, event));
      cell.stretch.hidden = true;
      cell.from = undefined;
    };
    plot.onpointercancel = () => {
      cell.stretch.hidden = true;
      cell.from = undefined;
    };
  }

  drag(cell, event) {
    if (cell.from === undefined || (!cell.dragged && Math.abs(event.clientX - cell.from) < DRAG_PIXELS)) return;
    if (!cell.dragged) cell.plot.setPointerCapture(event.pointerId);
    cell.dragged = true;
    const [left, right] = this.dragged(cell, event).map((time) => this.across(cell, time) - cell.area.x);
    cell.stretch.hidden = false;
    Object.assign(cell.stretch.style, { left: `${left}px`, width: `${Math.max(right - left, 1)}px` });
  }

  // Its ends in seconds.
  dragged(cell, event) {
    const { left, width } = cell.plot.getBoundingClientRect();
    const { low, high } = cell.range;
    return [cell.from, event.clientX]
      .map((x) => Math.max(low + Math.min(Math.max((x - left) / width, 0), 1) * (high - low), 0))
      .sort((a, b) => a - b);
  }

  get timed() {
    return this.about.timed;
  }

  draw() {
    const { place, data, root } = this.grid;
    if (!place) return;
    const [width, height] = [this.strip.clientWidth, this.strip.clientHeight];
    const ratio = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
    const context = (this.context = this.canvas.getContext("2d"));
    context.scale(ratio, ratio);
    const style = getComputedStyle(root);
    this.ink = style.color;
    this.faint = style.getPropertyValue("--st-border-color") || "#ccc";
    this.accent = style.getPropertyValue("--st-primary-color") || "#a8327d";
    context.font = `13px ${style.fontFamily}`;
    this.cells.forEach((cell, c) => {
      if (!cell) return;
      cell.area = { x: place.starts[c], y: ROOM.top, w: place.width, h: data.height };
      Object.assign(cell.plot.style, { left: `${place.starts[c]}px`, width: `${place.width}px` });
      if (cell.about.image) this.drawPicture(cell);
      else this.drawCurve(cell);
      if (this.ticks) this.drawX(cell);
      if (cell.about.bar && !this.bare) drawColours(context, cell.about, cell.area, cell.colours, this.ink);
    });
    if (!this.bare) this.drawY(this.cells.find(Boolean));
  }

  across({ area, range }, value) {
    return area.x + (area.w * (value - range.low)) / (range.high - range.low);
  }

  drawPicture(cell) {
    const { about, area, picture } = cell;
    const context = this.context;
    const [from, to] = [this.across(cell, about.x.low), this.across(cell, about.x.high)];
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    if (!picture) {
      context.fillStyle = this.faint;
      context.fillRect(from, area.y, to - from, area.h);
    } else {
      context.imageSmoothingEnabled = picture.width > (to - from) * 1.5 || picture.height > area.h * 1.5;
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, from, area.y, to - from, area.h);
    }
    context.restore();
  }

  drawCurve(cell) {
    const { about, area } = cell;
    const { low, high, line, lows, highs } = about;
    const context = this.context;
    const place = (value) => area.y + area.h * (1 - (value - low) / (high - low));
    const n = (line || highs).length;
    const first = this.across(cell, about.drawn.low);
    const step = (this.across(cell, about.drawn.high) - first) / Math.max(n - 1, 1);
    context.save();
    context.strokeStyle = this.faint;
    context.strokeRect(area.x + 0.5, area.y + 0.5, area.w - 1, area.h - 1);
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    context.strokeStyle = context.fillStyle = this.accent;
    context.lineWidth = lows ? 0.8 : 1.3;
    context.beginPath();
    for (let i = 0; i < n; i++) context.lineTo(first + step * i, place((line || highs)[i]));
    if (lows) {
      for (let i = n - 1; i >= 0; i--) context.lineTo(first + step * i, place(lows[i]));
      context.closePath();
      context.fill();
    }
    context.stroke();
    context.restore();
  }

  drawY(cell) {
    if (!cell) return;
    const { y, h, x } = cell.area;
    const { about } = cell;
    let [axis, ticks, place] = [this.about.y];
    if (axis) {
      place = (value) => y + h * (1 - (interpolate(axis.values, axis.at, value) + 0.5) / axis.rows);
      ticks = rowTicks(axis.values, axis.unit, h, place);
    } else {
      axis = { label: this.about.label, unit: this.about.unit };
      place = (value) => y + h * (1 - (value - about.low) / (about.high - about.low));
      ticks = niceTicks(about.low, about.high, Math.max(2, Math.floor(h / 30)));
    }
    const context = this.context;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = context.strokeStyle = this.ink;
    let last = Infinity;
    for (const tick of ticks) {
      const at = place(tick);
      if (at > y + h + 1 || at < y - 1 || last - at < 17) continue;
      last = at;
      stroke(context, x - 4, at, x, at);
      context.fillText(short(tick), x - 7, Math.min(Math.max(at, y + 5), y + h - 4));
    }
    if (h < 70 && !this.compact) return;
    context.save();
    context.translate(9, y + h / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.globalAlpha = this.compact ? 1 : 0.8;
    if (this.compact) context.font = `600 ${h < 64 ? 12 : 13}px ${getComputedStyle(this.grid.root).fontFamily}`;
    context.fillText(this.compact ? this.about.short : h < 105 ? axis.unit || axis.label : named(axis), 0, 0);
    context.restore();
  }

  drawX(cell) {
    const { x, y, w, h } = cell.area;
    const { low, high } = cell.range;
    const context = this.context;
    context.textBaseline = "top";
    context.textAlign = "center";
    context.fillStyle = context.strokeStyle = this.ink;
    for (const tick of niceTicks(low, high, Math.max(2, Math.floor(w / 60)))) {
      const at = this.across(cell, tick);
      stroke(context, at, y + h, at, y + h + 4);
      // the outermost numbers stay within their own column
      context.textAlign = at < x + 8 ? "left" : at > x + w - 8 ? "right" : "center";
      context.fillText(short(tick), at, y + h + 5);
    }
    context.textAlign = "center";
    context.globalAlpha = 0.8;
    context.fillText(w < 90 ? this.about.x.unit : named(this.about.x), x + w / 2, y + h + 19);
    context.globalAlpha = 1;
  }

  line(c, time, paused) {
    const cell = this.cells[c];
    if (!cell || !cell.area) return;
    const { low, high } = cell.about.x;
    cell.line.hidden = !this.timed || time < low || time > high || (time === 0 && paused);
    cell.line.style.transform = `translateX(${this.across(cell, time) - cell.area.x}px)`;
  }

  under(cell, event) {
    const box = cell.plot.getBoundingClientRect();
    const [across, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return { across, down, at: cell.range.low + across * (cell.range.high - cell.range.low) };
  }

  hover(cell, event) {
    if (this.bare || !cell.area) return;
    const { across, down, at } = this.under(cell, event);
    const { about } = cell;
    const share = (at - about.x.low) / (about.x.high - about.x.low);
    if (share < 0 || share > 1 || down < 0 || down > 1) return this.leave(cell);
    const words = [this.timed ? `${at.toFixed(3)} s` : frequency(at)];
    if (about.image) {
      const { values, at: rows, unit, label, rows: n } = this.about.y;
      const row = Math.min(n - 1, Math.floor((1 - down) * n));
      const value = interpolate(rows, values, row);
      words.push(unit === "Hz" ? frequency(value) : `${label.toLowerCase()} ${Math.round(value)}`);
      if (cell.levels) {
        const { width, height, values: levels } = cell.levels;
        const column = Math.min(width - 1, Math.floor(share * width));
        const pixel = levels[(height - 1 - Math.floor((row * height) / n)) * width + column];
        words.push(this.level(about.low + (pixel / 255) * (about.high - about.low)));
      }
    } else {
      const values = about.line || about.highs;
      words.push(this.level(values[Math.round(share * (values.length - 1))]));
    }
    this.readout.textContent = words.join("  ·  ");
    cell.cross.hidden = false;
    cell.cross.style.transform = `translateX(${across * cell.area.w}px)`;
  }

  level(value) {
    const size = Math.abs(value);
    const unit = this.about.unit ? ` ${this.about.unit}` : "";
    return `${value.toFixed(size >= 10 ? 0 : size >= 1 ? 1 : 3).replace("-", "−")}${unit}`;
  }

  leave(cell) {
    cell.cross.hidden = true;
    this.readout.textContent = "";
  }

  click(cell, event) {
    if (cell.dragged) return;
    if (this.timed) this.grid.play(cell.sound, this.under(cell, event).at);
    else this.grid.toggle(cell.sound);
  }

  key(cell, event) {
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key];
    if (step) this.grid.seek(cell.sound, cell.sound.audio.currentTime + step);
    else if (event.key === " " || event.key === "Enter") this.grid.toggle(cell.sound);
    else if (this.grid.data.zooms && "+=".includes(event.key)) this.grid.zoom(0.5, cell.sound.audio.currentTime);
    else if (this.grid.data.zooms && "-−".includes(event.key)) this.grid.zoom(2, cell.sound.audio.currentTime);
    else if (this.grid.data.zooms && event.key === "0") this.grid.look(null);
    else return;
    event.preventDefault();
  }
}
