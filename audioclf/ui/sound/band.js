// Only one band of frequencies, of one stretch of time: a linear-phase filter, applied in the browser.

const STOP_DB = 70;
const LONGEST_BAND = 180; // seconds that are filtered at once

// Modified Bessel function of the first kind, order zero.
function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function tooLong({ start, end, low }) {
  return low !== null && end - start > LONGEST_BAND;
}

// Width of the filter's edges in Hz: a twelfth of the edge that is heard most, within bounds.
function edgeWidth(low, high) {
  return Math.min(Math.max((low > 0 ? low : high) / 12, 15), 250);
}

// Taps of a band pass (odd in number): flat from low to high Hz, STOP_DB down from one edge width outside on.
// Windowed sinc with a Kaiser window (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window
// function", ISCAS 1974). A lower edge at 0 or an upper one at half the sample rate is left open.
function bandFilter(low, high, rate) {
  const width = edgeWidth(low, high);
  const half = Math.ceil((STOP_DB - 7.95) / (2.285 * 2 * Math.PI * (width / rate)) / 2);
  const beta = 0.1102 * (STOP_DB - 8.7);
  const from = low <= width ? 0 : (low - width / 2) / rate;
  const to = high >= rate / 2 - width ? 0.5 : (high + width / 2) / rate;
  const taps = new Float32Array(2 * half + 1);
  for (let m = -half; m <= half; m++) {
    const ideal = m === 0 ? 2 * (to - from) : (Math.sin(2 * Math.PI * to * m) - Math.sin(2 * Math.PI * from * m)) / (Math.PI * m);
    taps[m + half] = (ideal * bessel(beta * Math.sqrt(1 - (m / half) ** 2))) / bessel(beta);
  }
  return taps;
}

// Samples of a stretch of a sound with nothing left but a band, in time with the original.
async function renderBand(sound, { start, end, low, high }) {
  const rate = sound.sampleRate;
  const taps = bandFilter(low, high, rate);
  const half = (taps.length - 1) / 2;
  const first = Math.round(start * rate);
  const n = Math.max(1, Math.min(Math.round(end * rate), sound.length) - first);
  const before = Math.min(first, half); // what sounds around the stretch reaches into it
  const around = sound.getChannelData(0).slice(first - before, first + n + half);
  const context = new OfflineAudioContext(1, before + half + n, rate);
  const filter = new ConvolverNode(context, { disableNormalization: true, buffer: bufferOf(context, taps) });
  const source = new AudioBufferSourceNode(context, { buffer: bufferOf(context, around) });
  source.connect(filter).connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  return rendered.getChannelData(0).slice(before + half, before + half + n);
}

function bufferOf(context, samples) {
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  return buffer;
}

// All of a WAV file at its own sample rate.
async function decodeWav(address) {
  const bytes = await (await fetch(address)).arrayBuffer();
  const rate = new DataView(bytes).getUint32(24, true);
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
}

// A WAV file (16 bit, mono) with a fade of 3 ms at both ends, as the address of a blob.
function wavAddress(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  [1, 1].forEach((number, i) => view.setUint16(20 + 2 * i, number, true));
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  [2, 16].forEach((number, i) => view.setUint16(32 + 2 * i, number, true));
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  const fade = Math.max(1, Math.round(0.003 * rate));
  samples.forEach((value, i) => {
    const gain = Math.min(1, (i + 1) / fade, (samples.length - i) / fade);
    view.setInt16(44 + 2 * i, 32767 * Math.min(Math.max(value * gain, -1), 1), true);
  });
  return URL.createObjectURL(new Blob([view], { type: "audio/wav" }));
}
