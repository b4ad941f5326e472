// Sounds: where each is, what stretch and band of it is heard, how fast, whether it begins again; and which one plays.

class Sound {
  // changed() is called whenever it starts, stops or jumps.
  constructor(address, changed) {
    this.address = address;
    this.changed = changed;
    this.selection = null; // { start, end, low, high }; low and high are null where every frequency is heard
    this.manner = { rate: 1, pitch: true, loop: false };
    this.whole = this.element(address);
    this.heard(this.whole, 0);
  }

  element(address) {
    const audio = new Audio();
    audio.preload = "none";
    audio.src = address;
    for (const name of ["play", "pause", "seeked", "timeupdate"]) {
      audio.addEventListener(name, () => audio === this.audio && this.changed());
    }
    audio.addEventListener("ended", () => audio === this.audio && this.end());
    return audio;
  }

  // From now on this element sounds, which begins at a time of the sound.
  heard(audio, begin) {
    if (this.audio && this.audio !== audio) this.audio.pause();
    [this.audio, this.begin] = [audio, begin];
    this.apply();
  }

  get banded() {
    return this.audio !== this.whole;
  }

  get time() {
    return this.begin + this.audio.currentTime;
  }

  get paused() {
    return this.audio.paused;
  }

  apply(manner = this.manner) {
    this.manner = manner;
    this.audio.defaultPlaybackRate = this.audio.playbackRate = manner.rate;
    this.audio.preservesPitch = manner.pitch;
    this.audio.loop = manner.loop && (this.banded || !this.selection);
  }

  play(from) {
    if (from !== undefined) this.seek(from);
    else if (this.selection && !(this.time >= this.selection.start && this.time < this.selection.end - 0.01)) {
      this.seek(this.selection.start);
    }
    return this.audio.play();
  }

  // Play on after a change; a pause that comes before the sound has begun is no fault.
  resume() {
    this.audio.play().catch(() => this.changed());
  }

  pause() {
    this.audio.pause();
  }

  seek(time) {
    const { audio, begin } = this;
    const last = this.banded ? this.selection.end : this.seconds;
    const to = Math.min(Math.max(time, begin), Math.max(last - 0.01, begin)) - begin;
    if (audio.readyState > 0) audio.currentTime = to;
    else {
      audio.addEventListener("loadedmetadata", () => (audio.currentTime = to), { once: true });
      audio.preload = "auto";
      audio.load();
    }
  }

  // Keeps to the stretch; called in every frame while it plays, and a few times a second in a hidden tab.
  keep() {
    if (this.banded || !this.selection || this.paused || this.time < this.selection.end) return;
    this.seek(this.selection.start);
    if (!this.manner.loop) this.pause();
  }

  // The element has come to its end: of a stretch the line goes back to its start.
  end() {
    if (this.selection) {
      this.seek(this.selection.start);
      if (this.manner.loop) this.resume();
    }
    this.changed();
  }

  // Hear only a stretch, and of it only a band where there is one; null is all of the sound.
  async select(selection) {
    this.selection = selection;
    const [place, playing] = [this.time, !this.paused];
    if (!selection || selection.low === null) {
      if (this.banded) {
        this.heard(this.whole, 0);
        this.seek(place);
        if (playing) this.resume();
      }
      return this.apply();
    }
    this.decoded ||= decodeWav(this.address);
    const all = await this.decoded;
    const samples = await renderBand(all, selection);
    if (this.selection !== selection) return undefined;
    if (this.file) URL.revokeObjectURL(this.file);
    this.filtered = samples;
    this.file = wavAddress(samples, all.sampleRate);
    this.heard(this.element(this.file), selection.start);
    if (playing) this.resume();
    return this.changed();
  }

  close() {
    this.pause();
    if (this.file) URL.revokeObjectURL(this.file);
  }
}

// The sounds of one component. One plays at a time, on the whole page.
class Deck {
  constructor(root) {
    this.root = root;
    this.sounds = [];
    this.selection = null;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(root);
    this.othersPlay = (event) => event.detail !== this && this.pause();
    window.addEventListener("audioclf-play", this.othersPlay);
  }

  known() {
    return new Map(this.sounds.map((sound) => [sound.address, sound]));
  }

  // A sound that stays keeps its element, so that it plays on while the pictures change.
  take(address, seconds, kept) {
    const sound = kept.get(address) || new Sound(address, () => this.move());
    kept.delete(address);
    sound.seconds = seconds;
    this.sounds.push(sound);
    return sound;
  }

  toggle(sound) {
    if (sound.paused) this.play(sound);
    else sound.pause();
  }

  play(sound, from) {
    this.pause(sound);
    window.dispatchEvent(new CustomEvent("audioclf-play", { detail: this }));
    sound.play(from).catch((error) => {
      // a pause that comes before the sound has begun ends play() with this, and is no fault
      if (error.name !== "AbortError") this.failed(sound, "cannot be played");
    });
  }

  pause(except) {
    for (const sound of this.sounds) if (sound !== except) sound.pause();
  }

  move() {
    for (const sound of this.sounds) sound.keep();
    this.follow();
    cancelAnimationFrame(this.frame);
    if (this.sounds.some((sound) => !sound.paused)) this.frame = requestAnimationFrame(() => this.move());
  }

  close() {
    for (const sound of this.sounds) sound.close();
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    window.removeEventListener("audioclf-play", this.othersPlay);
  }
}
