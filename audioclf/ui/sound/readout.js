// What is under the pointer, in the units of the axes.

// Words for a place in a panel: time or frequency, row, value.
function readoutWords(panel, found) {
  const { about } = panel;
  const words = [place(found.at, about.x)];
  if (about.kind === "lines") return words;
  if (about.kind !== "picture") {
    const values = about.line || about.highs;
    return [...words, level(values[Math.round(found.share * (values.length - 1))], about.unit)];
  }
  const { at, values } = about.y;
  const row = Math.min(about.rows - 1, Math.floor((1 - found.down) * about.rows));
  words.push(place(interpolate(at, values, row), about.y));
  if (panel.levels) {
    const { width, height } = panel.picture;
    const column = Math.min(width - 1, Math.floor(found.share * width));
    const pixel = (height - 1 - Math.floor((row * height) / about.rows)) * width + column;
    words.push(level(about.low + (panel.levels.values[pixel] / 255) * (about.high - about.low), about.unit));
    if (panel.hot) words.push(`${HEAT.label} ${(panel.hot.values[pixel] / 255).toFixed(2)}`);
  }
  return words;
}

function place(value, { unit, label }) {
  if (unit === "s") return `${value.toFixed(3)} s`;
  if (unit === "Hz") return frequency(value);
  return unit ? `${value.toFixed(1).replace("-", "−")} ${unit}` : `${label.toLowerCase()} ${Math.round(value)}`;
}

function level(value, unit) {
  const size = Math.abs(value);
  const digits = size >= 10 ? 0 : size >= 1 ? 1 : 3;
  return `${value.toFixed(digits).replace("-", "−")}${unit ? ` ${unit}` : ""}`;
}
