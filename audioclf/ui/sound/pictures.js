// Grey pictures from the server, coloured in the browser; a heat map lies over the greys of what it explains.

const HEAT = { low: 0, high: 1, unit: "", label: "evidence" };

// Bytes from hexadecimal digits: three for every colour.
function bytes(digits) {
  return digits.match(/../g).map((two) => parseInt(two, 16));
}

// One byte per pixel of a grey picture.
function readGrey(address) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
      const values = new Uint8Array(canvas.width * canvas.height);
      for (let i = 0; i < values.length; i++) values[i] = pixels[4 * i];
      resolve({ width: canvas.width, height: canvas.height, values });
    };
    image.onerror = () => resolve(null);
    image.src = address;
  });
}

// The picture in colours, or in greys under the heat.
function paint({ width, height, values }, hot, colours) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    for (let c = 0; c < 3; c++) {
      pixels.data[4 * i + c] = hot ? heated(values[i], hot.values[i], c, colours) : colours[3 * values[i] + c];
    }
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// Channel c of a grey level under some heat: grey where it is cold, the brighter half of the colours where it is hot.
function heated(level, heat, c, colours) {
  const share = Math.min(1, Math.max(0, heat - 20) / 150) * 0.9;
  return 0.62 * level * (1 - share) + hottest(heat, c, colours) * share;
}

function hottest(heat, c, colours) {
  return colours[3 * (120 + Math.round((heat * 130) / 255)) + c];
}

function rgb(channelOf) {
  return [0, 1, 2].map((c) => Math.round(channelOf(c))).join(", ");
}

// Heat behind a curve, as upright bands.
function drawBands(context, heat, left, width, top, height, colours) {
  const step = width / heat.length;
  heat.forEach((value, i) => {
    const level = Math.round(255 * value);
    context.fillStyle = `rgba(${rgb((c) => hottest(level, c, colours))}, ${0.75 * value})`;
    context.fillRect(left + i * step, top, step + 0.5, height);
  });
}

// The colour bar to the right of a picture, with its ticks.
function drawColours(context, about, { x, y, w, h }, colours, ink) {
  const { low, high, unit } = about.heat ? HEAT : about;
  const bar = x + w + 10;
  for (let i = 0; i < h; i++) {
    const level = Math.round(255 * (1 - i / (h - 1)));
    context.fillStyle = `rgb(${rgb((c) => (about.heat ? heated(128, level, c, colours) : colours[3 * level + c]))})`;
    context.fillRect(bar, y + i, 8, 1.5);
  }
  context.fillStyle = ink;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const ticks = niceTicks(low, high, Math.max(2, Math.floor(h / 30)));
  for (const tick of ticks) {
    const at = y + h * (1 - (tick - low) / (high - low));
    const topmost = tick === ticks[ticks.length - 1];
    context.fillText(short(tick) + (topmost && unit ? ` ${unit}` : ""), bar + 12, at);
  }
}
