// One feature of the player, with a canvas of its own.

const TALL = 300;

class Panel extends Drawing {
  constructor(about, parent, height, colours, player) {
    const box = element("div", "panel", parent);
    const head = element("div", "head", box);
    element("div", "title", head, about.title).title = about.title;
    const readout = element("div", "readout", head);
    const plot = element("div", "plot", box);
    const canvas = element("canvas", "", plot);
    super(about, plot, readout, player.sounds[about.track], colours, player);
    Object.assign(this, { box, canvas, lined: true });
    this.banded = about.kind === "picture" && this.timed && about.y.unit === "Hz";
    plot.style.height = fitting(height);
    plot.setAttribute("aria-label", `${about.title}; press space to play, arrows to move`);
    if (!player.data.tools) return;
    plot.setAttribute("aria-describedby", "keys");
    this.selector = new Selector(this);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (!width || !height) return;
    const { left, right, top, bottom } = this.player.gutter;
    const area = { x: left, y: top, w: width - left - right, h: height - top - bottom };
    const axes = this.player.gutter !== BARE;
    this.paint(brush(this.canvas, this.player.root), area, { x: axes, y: axes, bar: axes });
  }
}

// A tall panel is lower on a low screen, so that all of it is seen below the controls.
function fitting(height) {
  return height < TALL ? `${height}px` : `min(${height}px, max(${Math.round(0.55 * height)}px, 100vh - 27.5rem))`;
}
