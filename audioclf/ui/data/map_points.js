// All clips as points on a canvas: a pointer that moves names one, and plays it where that is wanted; a click takes it, a
// line drawn around some takes them.

const REACH = 14;
const STILL = 5;
const MARGIN = 12;
const REST = 150; // milliseconds on a point after which its sound is asked for
const SILENCE = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
let hearing = false; // browsers play nothing before a click

export default function (component) {
  const root = component.parentElement.querySelector(".points");
  const points = (root.points ||= new Points(root));
  points.show(component.data, component.setStateValue);
  return () => {
    points.leave();
    points.resized.disconnect();
    delete root.points;
  };
}

class Points {
  constructor(root) {
    this.root = root;
    this.still = document.createElement("canvas");
    this.audio = document.createElement("audio");
    this.resized = new ResizeObserver(() => this.draw());
  }

  async show(data, send) {
    this.send = (name, clips) => send(name, { of: data.points, clips });
    if (!this.data || this.data.points !== data.points) {
      const found = await fetch(data.points).then((answer) => answer.json());
      this.data = data;
      Object.assign(this, { x: found.x, y: found.y, colour: found.colour, names: found.names });
      this.order = [...this.x.keys()].sort((a, b) => this.x[a] - this.x[b]);
      this.taken = new Set();
      this.path = null;
      this.leave();
      this.build();
      this.draw();
    }
    this.heard = data.heard;
    if (this.wanted === this.under) this.play();
  }

  build() {
    const { data, root } = this;
    root.replaceChildren(this.audio);
    const bar = element("div", "bar", root);
    toggle(bar, matchMedia("(hover: none)").matches ? "Hear on tap" : "Hear on hover", hearing, (on) => {
      hearing = on;
      this.audio.src = SILENCE; // played in a click, so that Safari lets it play by itself
      this.audio.play().catch(() => {}); // another sound came before it
    });
    toggle(bar, "Draw around clips", false, (on) => this.canvas.classList.toggle("drawing", on)).classList.add("around");
    const plot = element("div", "plot", root);
    const canvas = (this.canvas = element("canvas", "canvas", plot));
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `Map of ${this.x.length} clips: left and right go from clip to clip, Enter takes one`);
    this.tip = element("div", "tip", plot);
    this.tip.setAttribute("role", "status");
    const legend = element("ul", "legend", root);
    for (const [name, colour] of data.legend) {
      const item = element("li", "", legend);
      element("span", "dot", item).style.background = colour;
      element("span", "", item, name);
    }
    canvas.onpointerdown = (event) => this.begin(event);
    canvas.onpointermove = (event) => this.move(event);
    canvas.onpointerup = (event) => this.end(event);
    canvas.onpointercancel = () => this.drop();
    canvas.onpointerleave = (event) => this.path || event.pointerType === "touch" || this.point(-1);
    canvas.onkeydown = (event) => this.key(event);
    this.resized.disconnect();
    this.resized.observe(plot);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  begin(event) {
    if (event.button || (this.path && !event.isPrimary)) return;
    this.path = [this.place(event)];
    this.far = 0;
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    const here = this.place(event);
    if (!this.path) return this.point(this.nearest(here));
    if (event.pointerType === "touch" && !this.canvas.classList.contains("drawing")) return;
    for (const one of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) this.path.push(this.place(one));
    const [first] = this.path;
    this.far = Math.max(this.far, Math.hypot(here[0] - first[0], here[1] - first[1]));
    if (this.far > STILL) this.point(-1);
    this.soon();
  }

  end(event) {
    if (!this.path) return;
    const { path } = this;
    path.push(this.place(event));
    this.path = null;
    if (this.far <= STILL) this.point(this.nearest(path[0]));
    const found = this.far > STILL ? this.inside(path) : [this.under].filter((n) => n >= 0);
    this.take(event.shiftKey ? [...new Set([...this.taken, ...found])] : found);
  }

  drop() {
    this.path = null;
    this.soon();
  }

  take(clips) {
    this.taken = new Set(clips);
    this.draw();
    this.send("taken", clips);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const at = this.under < 0 ? (step > 0 ? -1 : 0) : this.order.indexOf(this.under);
      this.point(this.order[(at + step + this.order.length) % this.order.length]);
    } else if (event.key === "Enter" && this.under >= 0) this.take([this.under]);
    else if (event.key === "Escape") this.take([]);
    else return;
    event.preventDefault();
  }

  nearest([x, y]) {
    let found = -1;
    let least = REACH * REACH;
    for (let n = 0; n < this.left.length; n++) {
      const far = (this.left[n] - x) ** 2 + (this.top[n] - y) ** 2;
      if (far < least) [found, least] = [n, far];
    }
    return found;
  }

  // even-odd rule: a ray to the right crosses the line around a point an odd number of times
  inside(path) {
    const found = [];
    const xs = path.map(([x]) => x);
    const ys = path.map(([, y]) => y);
    const [west, east] = [Math.min(...xs), Math.max(...xs)];
    const [north, south] = [Math.min(...ys), Math.max(...ys)];
    for (let n = 0; n < this.left.length; n++) {
      const x = this.left[n];
      const y = this.top[n];
      if (x < west || x > east || y < north || y > south) continue;
      let odd = false;
      for (let i = 0, j = path.length - 1; i < path.length; j = i++)
        if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
      if (odd) found.push(n);
    }
    return found;
  }

  point(number) {
    if (number === this.under) return;
    this.leave();
    this.under = number;
    if (hearing && number >= 0) this.rest = setTimeout(() => this.hear(), REST);
    this.canvas.classList.toggle("over", number >= 0);
    const { tip } = this;
    tip.hidden = number < 0;
    if (number >= 0) {
      tip.textContent = this.names[number];
      const right = this.left[number] > this.width / 2;
      tip.style.left = right ? "auto" : `${this.left[number] + 10}px`;
      tip.style.right = right ? `${this.width - this.left[number] + 10}px` : "auto";
      tip.style.top = `${Math.max(0, this.top[number] - 14)}px`;
    }
    this.soon();
  }

  leave() {
    clearTimeout(this.rest);
    this.audio.pause();
    this.under = this.wanted = -1;
  }

  hear() {
    this.wanted = this.under;
    if (!this.play()) this.send("hovered", [this.under]);
  }

  // the sound under the pointer, where it is the one that has come
  play() {
    if (this.under < 0 || this.heard.clip !== this.under) return false;
    this.wanted = -1;
    this.audio.src = this.heard.sound;
    this.audio.play().catch(() => {}); // left before it began
    return true;
  }

  soon() {
    if (!this.asked) this.asked = requestAnimationFrame(() => this.over());
  }

  // the points themselves, drawn once and copied into every frame
  draw() {
    if (!this.canvas || !this.canvas.clientWidth) return;
    const { canvas, still } = this;
    const scale = window.devicePixelRatio || 1;
    [this.width, this.height] = [canvas.clientWidth, canvas.clientHeight];
    for (const one of [canvas, still])
      [one.width, one.height] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    const [w, h] = [this.width / 2 - MARGIN, this.height / 2 - MARGIN];
    this.left = Float32Array.from(this.x, (x) => this.width / 2 + x * w);
    this.top = Float32Array.from(this.y, (y) => this.height / 2 - y * h);
    this.radius = this.x.length <= 500 ? 4.5 : this.x.length <= 3000 ? 3.2 : 2.2;
    const pen = still.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const some = this.taken.size > 0;
    for (const chosen of some ? [false, true] : [false]) {
      pen.globalAlpha = some && !chosen ? 0.18 : 0.85;
      this.data.colours.forEach((colour, number) => {
        pen.fillStyle = colour;
        pen.beginPath();
        for (let n = 0; n < this.colour.length; n++) {
          if (this.colour[n] !== number || this.taken.has(n) !== chosen) continue;
          pen.moveTo(this.left[n] + this.radius, this.top[n]);
          pen.arc(this.left[n], this.top[n], this.radius, 0, 2 * Math.PI);
        }
        pen.fill();
      });
    }
    this.over();
  }

  over() {
    this.asked = 0;
    const { canvas, path } = this;
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.still, 0, 0);
    const scale = canvas.width / this.width;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(this.root);
    pen.strokeStyle = style.color;
    pen.lineWidth = 1.5;
    if (this.under >= 0) {
      pen.beginPath();
      pen.arc(this.left[this.under], this.top[this.under], this.radius + 3, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (!path || this.far <= STILL) return;
    pen.beginPath();
    for (const [x, y] of path) pen.lineTo(x, y);
    pen.closePath();
    pen.setLineDash([5, 4]);
    pen.stroke();
    pen.globalAlpha = 0.08;
    pen.fillStyle = style.color;
    pen.fill("evenodd");
    pen.globalAlpha = 1;
    pen.setLineDash([]);
  }
}

function toggle(bar, text, on, change) {
  const made = element("button", "toggle", bar, text);
  made.type = "button";
  const show = () => made.setAttribute("aria-pressed", String(on));
  made.onclick = () => {
    on = !on;
    show();
    change(on);
  };
  show();
  return made;
}
