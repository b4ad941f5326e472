// Live listening: the microphone's level as a bar, and the last second and a half to the server whenever something sounds.

const EVERY = 700; // ms between two questions, at least
const LOUD = 0.012; // root mean square from which on something sounds

export default function (component) {
  const root = component.parentElement.querySelector(".live");
  const live = (root.live ||= new Live(root));
  live.show(component.data, (chunk) => component.setTriggerValue("chunk", chunk));
  return () => {
    live.stop();
    delete root.live;
  };
}

class Live {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.bar = root.querySelector(".level");
    this.words = root.querySelector(".words");
    this.button.onclick = () => (this.context ? this.stop() : this.start());
    this.number = 0;
    this.waiting = false;
    this.asked = 0;
  }

  show(data, send) {
    this.data = data;
    this.send = send;
    this.waiting = false; // the server has run since it was asked
  }

  async start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      this.words.textContent = "The browser gives no microphone: allow it for this page, then press again.";
      return;
    }
    this.context = new AudioContext({ sampleRate: this.data.rate });
    const source = this.context.createMediaStreamSource(this.stream);
    const tap = this.context.createScriptProcessor(2048, 1, 1);
    this.kept = new Float32Array(Math.round(this.data.rate * this.data.seconds));
    tap.onaudioprocess = (event) => this.hear(event.inputBuffer.getChannelData(0));
    source.connect(tap);
    tap.connect(this.context.destination); // it is silent, but runs only where it leads somewhere
    this.button.textContent = "Stop listening";
    this.words.textContent = "Listening …";
  }

  stop() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    if (this.context) this.context.close();
    this.context = this.stream = null;
    this.bar.style.width = "0";
    this.button.textContent = "Listen live";
    this.words.textContent = "";
  }

  hear(samples) {
    if (!this.context) return;
    this.kept.copyWithin(0, samples.length);
    this.kept.set(samples, this.kept.length - samples.length);
    const level = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    const decibels = 20 * Math.log10(Math.max(level, 1e-6));
    this.bar.style.width = `${Math.min(100, Math.max(0, (decibels + 60) * 1.67))}%`;
    if (level > LOUD) this.sounded = performance.now();
    const now = performance.now();
    const due = now - this.asked > (this.waiting ? 5000 : EVERY);
    if (due && this.sounded && now - this.sounded < EVERY) {
      this.asked = now;
      this.waiting = true;
      this.send({ number: ++this.number, pcm: encoded(this.kept) });
    }
  }
}

function encoded(samples) {
  const whole = Int16Array.from(samples, (x) => Math.max(-1, Math.min(1, x)) * 32767);
  const bytes = new Uint8Array(whole.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
