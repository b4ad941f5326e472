// Ticks, numbers and words of axes, and a closer look at a stretch of one.

const SHORTEST_VIEW = 0.02; // seconds
const NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

// A canvas in the size it is shown in, ready to be drawn on, and the theme's colours.
function brush(canvas, root) {
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(root);
  context.font = `13px ${style.fontFamily}`;
  return {
    context,
    font: style.fontFamily,
    ink: style.color,
    faint: style.getPropertyValue("--st-border-color") || "#ccc",
    muted: `color-mix(in srgb, ${style.color} 45%, transparent)`,
    accent: style.getPropertyValue("--st-primary-color") || "#a8327d",
  };
}

function stroke(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

// Value of ys at x, between the points (xs, ys); xs ascend.
function interpolate(xs, ys, x) {
  let [low, high] = [0, xs.length - 1];
  if (high === 0) return ys[0];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  return ys[low] + ((ys[high] - ys[low]) * (x - xs[low])) / (xs[high] - xs[low]);
}

// The ends of a view that is so many times as long as now, around a moment it shows or else its middle.
function zoomed({ low, high }, factor, time, longest) {
  const long = Math.min((high - low) * factor, longest);
  const centre = time > low && time < high ? time : (low + high) / 2;
  const start = Math.min(Math.max(centre - long / 2, 0), longest - long);
  return [start, start + long];
}

function niceTicks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; i++) ticks.push(i * step);
  return ticks.length < 2 && most < 8 ? niceTicks(low, high, most + 1) : ticks;
}

// Evenly spaced numbers where the rows are; where they are not, as many numbers in every decade as an octave has room for.
function rowTicks(values, unit, height, place) {
  const [low, high] = [values[0], values[values.length - 1]];
  const middle = values[Math.floor(values.length / 2)];
  if (unit !== "Hz" || Math.abs(middle - (low + high) / 2) < 0.05 * (high - low)) {
    return niceTicks(low, high, Math.max(2, Math.floor(height / 32)));
  }
  const octave = place(Math.sqrt(low * high) || high / 4) - place(2 * (Math.sqrt(low * high) || high / 4));
  const steps = octave >= 20 ? [1, 2, 5] : octave >= 13 ? [1, 3] : [1];
  const ticks = [];
  for (let power = 1; power < 1e6; power *= 10) ticks.push(...steps.map((step) => step * power));
  return ticks.filter((tick) => tick >= low * 0.98 && tick <= high * 1.02);
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1000) return `${+(value / 1000).toPrecision(3)}k`.replace("-", "−");
  return `${+value.toPrecision(3)}`.replace("-", "−");
}

function frequency(hertz) {
  if (!(hertz > 0)) return "0 Hz";
  const number = hertz >= 100 ? Math.round(hertz).toLocaleString("en-US") : hertz.toFixed(1);
  const midi = Math.round(69 + 12 * Math.log2(hertz / 440));
  const note = midi >= 12 && midi < 128 ? ` (${NOTES[midi % 12]}${Math.floor(midi / 12) - 1})` : "";
  return `${number} Hz${note}`;
}

function named(axis) {
  return axis.unit ? `${axis.label} (${axis.unit})` : axis.label;
}
