// The MFCC of one frame, step by step: all frames' numbers are here, so that the pictures follow the slider at once.

const ROOM = { left: 46, right: 8, top: 6, bottom: 32 };

export default function (component) {
  const root = component.parentElement.querySelector(".steps");
  const steps = (root.steps ||= new Steps(root));
  steps.show(component.data, (frame) => component.setStateValue("frame", frame));
  return () => {
    steps.resized.disconnect();
    delete root.steps;
  };
}

class Steps {
  constructor(root) {
    this.root = root;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
  }

  async show(data, keep) {
    this.keep = keep;
    if (this.data && this.data.numbers === data.numbers) return this.draw(); // in another theme, maybe
    const buffer = await fetch(data.numbers).then((answer) => answer.arrayBuffer());
    this.arrays = {};
    let offset = 0;
    for (const [name, shape] of data.layout) {
      const n = shape.reduce((a, b) => a * b, 1);
      this.arrays[name] = { values: new Float32Array(buffer, offset, n), shape };
      offset += 4 * n;
    }
    this.data = data;
    this.build();
    this.draw();
  }

  build() {
    const { data } = this;
    const bar = element("div", "bar");
    const label = element("label", "label", bar, "Frame");
    const slider = (this.slider = element("input", "slider", bar));
    Object.assign(slider, { type: "range", min: 0, max: data.n_frames - 1, step: 1, value: data.frame, id: "steps-frame" });
    label.htmlFor = slider.id;
    this.clock = element("output", "clock", bar);
    this.clock.htmlFor = slider.id;
    slider.oninput = () => this.draw();
    slider.onchange = () => this.keep(Number(slider.value));
    const cards = element("div", "cards");
    this.canvases = data.steps.map((step, number) => {
      const card = element("section", `card ${step.name}`, cards);
      element("h3", "heading", card, `${number + 1}. ${step.title}`);
      element("p", "sentence", card, step.sentence);
      const canvas = element("canvas", "picture", card);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", step.title);
      if (step.name === "sound") this.dragOn(canvas);
      const question = element("details", "question", card);
      element("summary", "", question, step.question);
      element("p", "", question, step.answer);
      return [step.name, canvas];
    });
    this.root.replaceChildren(bar, cards);
  }

  // The frame can also be dragged in the picture of the whole sound.
  dragOn(canvas) {
    const move = (event) => {
      const box = canvas.getBoundingClientRect();
      const share = (event.clientX - box.left - ROOM.left) / (box.width - ROOM.left - ROOM.right);
      const { times } = this.arrays;
      const time = share * this.data.seconds;
      const step = times.shape[0] > 1 ? times.values[1] - times.values[0] : 1;
      const frame = Math.round((time - times.values[0]) / step);
      this.slider.value = Math.min(Math.max(frame, 0), this.data.n_frames - 1);
      this.draw();
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.onpointermove = move;
      move(event);
    };
    canvas.onpointerup = canvas.onpointercancel = () => {
      if (canvas.onpointermove) this.keep(Number(this.slider.value));
      canvas.onpointermove = null;
    };
  }

  row(name) {
    const { values, shape } = this.arrays[name];
    return values.subarray(this.frame * shape[1], (this.frame + 1) * shape[1]);
  }

  draw() {
    if (!this.slider) return;
    this.frame = Number(this.slider.value);
    const time = this.arrays.times.values[this.frame];
    this.clock.textContent = `${this.frame} of ${this.data.n_frames - 1}, at ${time.toFixed(3)} s`;
    // a colour in a property of its own would not be resolved for the theme
    const second = getComputedStyle(this.root).columnRuleColor;
    for (const [name, canvas] of this.canvases) {
      this.colours = { ...brush(canvas, this.root), second };
      this[name](new Plot(canvas, this.colours));
    }
    this.root.dataset.coefficients = Array.from(this.row("coefficients")).join(" ");
  }

  // 1. The whole sound and the stretch that is taken.
  sound(plot) {
    const { values } = this.arrays.outline;
    const n = values.length / 2;
    plot.axes({ low: 0, high: this.data.seconds, label: "Time (s)" }, this.data.limits);
    plot.band(Array.from({ length: n }, (_, i) => [((i + 0.5) / n) * this.data.seconds, values[2 * i], values[2 * i + 1]]));
    const time = this.arrays.times.values[this.frame];
    plot.mark(time - this.data.stretch / 2, time + this.data.stretch / 2);
  }

  stretch() {
    const { n_fft, hop_length } = this.data;
    return this.arrays.samples.values.subarray(this.frame * hop_length, this.frame * hop_length + n_fft);
  }

  // 2. The stretch under its window.
  window(plot) {
    const stretch = this.stretch();
    const fade = this.arrays.window.values;
    const most = Math.max(1e-6, ...stretch.map(Math.abs));
    plot.axes({ low: 0, high: 1000 * this.data.stretch, label: "Time (ms)" }, [-most, most]);
    const at = (i) => (1000 * this.data.stretch * i) / stretch.length;
    plot.context.globalAlpha = 0.35;
    plot.curve(stretch, at, this.colours.ink);
    plot.context.globalAlpha = 1;
    plot.curve(stretch.map((value, i) => value * fade[i]), at, this.colours.accent);
    plot.curve(fade.map((value) => value * most), at, this.colours.second, [5, 4]);
  }

  // 3. The spectrum of the faded stretch.
  fft(plot) {
    const bins = this.row("spectra");
    plot.axes({ low: 0, high: this.data.nyquist, label: "Frequency (Hz)" }, [0, Math.max(1e-12, ...bins)]);
    plot.curve(bins, (k) => (k * this.data.nyquist) / (bins.length - 1), this.colours.accent);
  }

  // 4. Triangles gather the bins into bands.
  mel(plot) {
    const bands = this.row("bands");
    const edges = this.arrays.edges.values;
    const most = Math.max(1e-12, ...bands);
    const n = bands.length;
    plot.axes({ low: 0, high: edges[n + 1], label: "Frequency (Hz)" }, [0, most]);
    const every = Math.max(1, Math.round(n / 16));
    for (let m = 0; m < n; m += every) {
      plot.line([[edges[m], 0], [edges[m + 1], most * 0.98], [edges[m + 2], 0]], this.colours.faint);
    }
    for (let m = 0; m < n; m++) plot.line([[edges[m + 1], 0], [edges[m + 1], bands[m]]], this.colours.accent, 2);
  }

  // 5. The bands in decibels, and the curve that the kept coefficients describe.
  log(plot) {
    const levels = this.row("levels");
    plot.axes({ low: -0.5, high: levels.length - 0.5, label: "Mel band", whole: true }, this.data.levels);
    plot.bars(levels, this.data.levels[0]);
    if (!this.data.inverse) return;
    const { values, shape } = this.arrays.cosines;
    const kept = this.row("coefficients");
    const smooth = new Float32Array(levels.length);
    for (let k = 0; k < kept.length; k++) {
      for (let m = 0; m < smooth.length; m++) smooth[m] += kept[k] * values[k * shape[1] + m];
    }
    plot.curve(smooth, (m) => m, this.colours.second, [5, 4]);
  }

  // 6. The coefficients; the first is so large that the others are drawn on their own scale.
  dct(plot) {
    const kept = this.row("coefficients");
    const most = Math.max(1, ...Array.from(kept).slice(1).map(Math.abs));
    plot.axes({ low: -0.5, high: kept.length - 0.5, label: "Coefficient", whole: true }, [-most, most]);
    plot.bars(kept, 0);
    if (Math.abs(kept[0]) > most) plot.note(`0: ${kept[0].toFixed(1)}`);
  }

  // 7. The same moment as STFT, mel and CQT, on the frequency axis of the ear.
  beside(plot) {
    const { low, high } = this.data.beside;
    const limits = [-80, 0];
    plot.axes({ low: Math.log2(low), high: Math.log2(high), label: "Frequency (Hz)", octaves: true }, limits);
    const { peak, floor, power } = this.data.beside;
    const bins = this.row("spectra");
    const level = (value) => Math.max((20 / power) * Math.log10(Math.max(value / peak, 1e-12)), -80);
    const hertz = (k) => (k * this.data.nyquist) / (bins.length - 1);
    plot.line(this.above(low, Array.from(bins, level), hertz), this.colours.ink, 0.7);
    plot.legend(`STFT: a value every ${(this.data.nyquist / (bins.length - 1)).toPrecision(3)} Hz`, this.colours.ink, 0);
    const { values: edges } = this.arrays.edges;
    const bands = Array.from(this.row("levels"), (value) => Math.max(value - floor - 80, -80));
    plot.line(this.above(low, bands, (m) => edges[m + 1]), this.colours.accent, 2);
    plot.legend("Mel: bands that widen", this.colours.accent, 1);
    if (!this.arrays.cqt) return;
    const { values, shape } = this.arrays.cqt;
    const { hop, start } = this.data.cqt;
    const time = this.arrays.times.values[this.frame];
    const at = Math.min(Math.max(Math.round((time - start) / hop), 0), shape[0] - 1);
    const notes = this.arrays.cqt_hz.values;
    plot.line(this.above(low, values.subarray(at * shape[1], (at + 1) * shape[1]), (i) => notes[i]), this.colours.second, 2);
    plot.legend("CQT: a value per note", this.colours.second, 2);
  }

  above(low, levels, hertz) {
    const points = [];
    levels.forEach((value, i) => hertz(i) >= low && points.push([Math.log2(hertz(i)), value]));
    return points;
  }
}

class Plot {
  constructor(canvas, colours) {
    const { clientWidth: width, clientHeight: height } = canvas;
    this.context = colours.context;
    this.context.font = `12px ${colours.font}`;
    this.colours = colours;
    this.area = { x: ROOM.left, y: ROOM.top, w: width - ROOM.left - ROOM.right, h: height - ROOM.top - ROOM.bottom };
  }

  across(value) {
    return this.area.x + (this.area.w * (value - this.x.low)) / (this.x.high - this.x.low);
  }

  up(value) {
    return this.area.y + this.area.h * (1 - (value - this.low) / (this.high - this.low));
  }

  axes(x, [low, high]) {
    const { context, area, colours } = this;
    [this.x, this.low, this.high] = [x, low, high];
    context.strokeStyle = colours.faint;
    context.strokeRect(area.x + 0.5, area.y + 0.5, area.w - 1, area.h - 1);
    context.fillStyle = context.strokeStyle = colours.ink;
    context.textBaseline = "top";
    const octaves = [63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000];
    let ticks = niceTicks(x.low, x.high, Math.max(2, Math.floor(area.w / 55)));
    if (x.octaves) ticks = octaves.map(Math.log2).filter((tick) => tick >= x.low && tick <= x.high);
    if (x.whole) ticks = ticks.filter((tick) => Number.isInteger(tick));
    for (const tick of ticks) {
      const at = this.across(tick);
      stroke(context, at, area.y + area.h, at, area.y + area.h + 3);
      context.textAlign = at > area.x + area.w - 10 ? "right" : "center";
      context.fillText(short(x.octaves ? Math.round(2 ** tick) : tick), at, area.y + area.h + 4);
    }
    context.textAlign = "center";
    context.fillText(x.label, area.x + area.w / 2, area.y + area.h + 17);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const tick of niceTicks(low, high, Math.max(2, Math.floor(area.h / 32)))) {
      const at = this.up(tick);
      stroke(context, area.x - 3, at, area.x, at);
      const words = Math.max(high, -low) < 0.001 ? tick.toExponential(0) : short(tick);
      context.fillText(words, area.x - 5, Math.min(Math.max(at, area.y + 5), area.y + area.h - 4));
    }
  }

  clipped(draw) {
    const { context, area } = this;
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    draw(context);
    context.restore();
  }

  line(points, colour, width = 1, dash = []) {
    this.clipped((context) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(dash);
      context.beginPath();
      for (const [x, y] of points) context.lineTo(this.across(x), this.up(y));
      context.stroke();
    });
  }

  curve(values, at, colour, dash = []) {
    this.line(Array.from(values, (value, i) => [at(i), value]), colour, 1.4, dash);
  }

  band(stretches) {
    this.clipped((context) => {
      context.strokeStyle = this.colours.accent;
      for (const [x, low, high] of stretches) stroke(context, this.across(x), this.up(low) + 0.5, this.across(x), this.up(high) - 0.5);
    });
  }

  bars(values, from) {
    const width = Math.max(1, (this.area.w / values.length) * 0.75);
    this.clipped((context) => {
      context.fillStyle = this.colours.accent;
      values.forEach((value, i) => context.fillRect(this.across(i) - width / 2, this.up(from), width, this.up(value) - this.up(from)));
    });
  }

  mark(low, high) {
    const { area } = this;
    this.clipped((context) => {
      context.fillStyle = this.colours.ink;
      context.globalAlpha = 0.25;
      context.fillRect(this.across(low), area.y, Math.max(2, this.across(high) - this.across(low)), area.h);
      context.globalAlpha = 1;
      const middle = this.across((low + high) / 2);
      context.strokeStyle = this.colours.ink;
      stroke(context, middle, area.y, middle, area.y + area.h);
    });
  }

  note(words) {
    this.context.fillStyle = this.colours.ink;
    this.context.textAlign = "right";
    this.context.textBaseline = "top";
    this.context.fillText(words, this.area.x + this.area.w - 5, this.area.y + 5);
  }

  legend(words, colour, row) {
    const { context, area } = this;
    const y = area.y + 12 + 17 * row;
    context.fillStyle = colour;
    context.fillRect(area.x + area.w - 190, y - 4, 16, 8);
    context.fillStyle = this.colours.ink;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(words, area.x + area.w - 168, y);
  }
}
