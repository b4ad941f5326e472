// One row of the comparison: a feature of every sound on one pair of axes; put behind grid.js.

class Row {
  constructor(grid, about, parent) {
    const { bare, compact, height } = grid.data;
    this.grid = grid;
    const head = element("div", "row-head", parent);
    element("div", "title", head, about.title);
    head.hidden = bare || compact;
    this.strip = element("div", "strip", parent);
    this.readout = element("div", "readout", compact ? this.strip : head);
    this.strip.style.height = `${ROOM.top + height + (about.ticks && !bare ? ROOM.ticks : ROOM.bare)}px`;
    this.canvas = element("canvas", "", this.strip);
    this.cells = about.cells.map((cell, c) => new Cell(this, { ...cell, y: about.y, span: about.x }, about, c));
  }

  draw() {
    const { place, data, root } = this.grid;
    if (!place) return;
    const drawn = brush(this.canvas, root);
    this.cells.forEach((cell, c) => {
      const x = place.starts[c];
      Object.assign(cell.plot.style, { left: `${x}px`, width: `${place.width}px` });
      drawn.context.save();
      drawn.context.translate(x, ROOM.top);
      cell.paint(drawn, { x: 0, y: 0, w: place.width, h: data.height }, cell.axes);
      drawn.context.restore();
    });
  }
}

// One feature of one sound.
class Cell extends Drawing {
  constructor(row, about, { title: feature, short: name, ticks }, c) {
    const { grid, readout, strip } = row;
    const { bare, compact, height, zooms } = grid.data;
    const { sound, title } = grid.columns[c];
    const plot = element("div", "plot", strip);
    super(about, plot, readout, sound, grid.palettes[about.palette], grid);
    Object.assign(plot.style, { top: `${ROOM.top}px`, height: `${height}px` });
    const words = bare ? title : `${feature} of ${title}`;
    plot.setAttribute("aria-label", sound ? `${words}; press space to play, arrows to move` : words);
    this.axes = { x: ticks && !bare, y: !c && !bare, bar: !bare };
    if (compact) this.name = name;
    if (bare) plot.onpointermove = null;
    if (this.timed && zooms) this.selector = new Selector(this, true);
    if (!about.image) return;
    readGrey(about.image).then((levels) => {
      this.take(levels && { levels, picture: paint(levels, null, this.colours) });
      row.draw();
    });
  }

  drawCurve() {
    const { w, h } = this.area;
    this.context.strokeStyle = this.faint;
    this.context.strokeRect(0.5, 0.5, w - 1, h - 1);
    super.drawCurve();
  }

  nameY(axis, height) {
    if (!this.name) return height < 70 ? "" : height < 105 ? axis.unit || axis.label : named(axis);
    this.context.globalAlpha = 1;
    this.context.font = `600 ${height < 64 ? 12 : 13}px ${this.font}`;
    return this.name;
  }
}
