// What is selected in a panel: a stretch of time, a band of frequencies, or both, drawn as one rectangle.

const DRAG_PIXELS = 5;
const BAND_PIXELS = 8; // a drag that is flatter selects time alone
const EDGE_PIXELS = 6;

// Follows a pointer over one panel and keeps the rectangle in place; where fingers scroll, only the mouse.
class Selector {
  constructor(panel, scrolls = false) {
    this.panel = panel;
    this.scrolls = scrolls;
    this.box = element("div", "selection", panel.plot);
    this.box.hidden = true;
    const { plot } = panel;
    plot.addEventListener("pointerdown", (event) => this.down(event));
    plot.addEventListener("pointermove", (event) => this.move(event));
    plot.addEventListener("pointerup", (event) => this.up(event));
    plot.addEventListener("pointercancel", () => this.cancel());
  }

  down(event) {
    this.dragged = false;
    if (event.button !== 0 || !this.panel.area || (this.scrolls && event.pointerType === "touch")) return;
    const found = this.panel.under(event);
    if (!found) return;
    this.from = { x: event.clientX, y: event.clientY, found };
    const grabbed = this.edge(event);
    if (grabbed) this.from.grabbed = grabbed;
  }

  // The end of the stretch that stays, where the pointer is on the other one.
  edge(event) {
    const { panel } = this;
    const selected = panel.player.selection;
    if (!selected || !panel.timed) return null;
    const at = event.clientX - panel.plot.getBoundingClientRect().left;
    for (const [near, far] of [["start", "end"], ["end", "start"]]) {
      if (Math.abs(at - panel.across(selected[near])) <= EDGE_PIXELS) return { stays: selected[far] };
    }
    return null;
  }

  move(event) {
    if (!this.from) {
      this.panel.plot.classList.toggle("edge", Boolean(this.panel.area && this.edge(event)));
      return;
    }
    const far = Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y);
    if (!this.dragged && far < DRAG_PIXELS) return;
    if (!this.dragged) this.panel.plot.setPointerCapture(event.pointerId);
    this.dragged = true;
    this.drawn = this.between(event);
    this.panel.player.preview(this.drawn);
  }

  up(event) {
    if (this.from && this.dragged) {
      this.panel.player.select(this.between(event));
      this.panel.plot.focus({ preventScroll: true });
    }
    this.from = null;
  }

  cancel() {
    if (this.from && this.dragged) this.panel.player.preview(this.panel.player.selection);
    this.from = null;
  }

  // The selection from where the pointer went down to where it is.
  between(event) {
    const { panel, from } = this;
    const now = panel.under(event, true);
    const { sound } = panel;
    const selected = panel.player.selection;
    const [left, right] = [from.grabbed ? from.grabbed.stays : from.found.at, now.at].sort((a, b) => a - b);
    if (!panel.timed) return { start: selected?.start ?? 0, end: selected?.end ?? sound.seconds, low: left, high: right };
    // other sounds that are compared may be longer
    const end = this.scrolls ? right : Math.min(right, sound.seconds);
    const stretch = { start: Math.max(left, 0), end, low: null, high: null };
    if (from.grabbed) return { ...selected, start: stretch.start, end: stretch.end };
    if (!panel.banded || Math.abs(event.clientY - from.y) < BAND_PIXELS) return stretch;
    const [low, high] = [from.found.down, now.down].map((down) => panel.height(down)).sort((a, b) => a - b);
    return { ...stretch, low, high };
  }

  // The rectangle of a selection in this panel.
  draw(selected) {
    const { panel } = this;
    if (!panel.area) return;
    const { x, y, w, h } = panel.area;
    const whole = selected && !panel.timed && selected.low === null;
    this.box.hidden = !selected || whole || (!panel.timed && panel.about.x.unit !== "Hz");
    if (this.box.hidden) return;
    const [low, high] = panel.timed ? [selected.start, selected.end] : [selected.low, selected.high];
    const [left, right] = [low, high].map((value) => Math.min(Math.max(panel.across(value), x), x + w));
    let [top, bottom] = [y, y + h];
    if (panel.banded && selected.low !== null) [top, bottom] = [selected.high, selected.low].map((hz) => panel.down(hz));
    [top, bottom] = [top, bottom].map((value) => Math.min(Math.max(value, y), y + h));
    this.box.hidden = right <= x || left >= x + w;
    Object.assign(this.box.style, {
      left: `${left}px`, top: `${top}px`, width: `${Math.max(right - left, 1)}px`, height: `${Math.max(bottom - top, 1)}px`,
    });
  }
}

// A selection in words: "0.420 to 0.970 s, 300 to 2,400 Hz".
function selectionWords({ start, end, low, high }) {
  const stretch = `${start.toFixed(3)} to ${end.toFixed(3)} s`;
  const [from, to] = [low, high].map((hz) => Math.round(hz).toLocaleString("en-US"));
  return low === null ? stretch : `${stretch}, ${from} to ${to} Hz`;
}

// The selection with its band moved by a factor, or with its upper edge alone; at first an octave around 1 kHz.
function movedBand(selected, factor, edge) {
  if (selected.low === null) return { ...selected, low: 707, high: 1414 };
  const low = Math.max(selected.low * (edge ? 1 : factor), 20);
  return { ...selected, low, high: Math.max(selected.high * factor, low * 1.05) };
}

// As a link keeps it: to a tenth of a millisecond and of a hertz.
function rounded({ start, end, low, high }) {
  const tenth = (hz) => (hz === null ? null : Math.round(10 * hz) / 10);
  return { start: tenthOfMs(start), end: tenthOfMs(end), low: tenth(low), high: tenth(high) };
}

function tenthOfMs(seconds) {
  return Math.round(1e4 * seconds) / 1e4;
}
