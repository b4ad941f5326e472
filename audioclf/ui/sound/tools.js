// The row of controls beside a sound: loop, speed, pitch, zoom, and what can be done with the selection.

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const SIGNS = {
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zM17 17H7v-3l-4 4 4 4v-3h12v-6h-2z",
  in: "M10 2a8 8 0 1 0 4.9 14.3l5.4 5.4 1.4-1.4-5.4-5.4A8 8 0 0 0 10 2zm0 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM9 7v2H7v2h2v2h2v-2h2V9h-2V7z",
  out: "M10 2a8 8 0 1 0 4.9 14.3l5.4 5.4 1.4-1.4-5.4-5.4A8 8 0 0 0 10 2zm0 2a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM7 9v2h6V9z",
  clear: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19 12 13.4 17.6 19 19 17.6 13.4 12 19 6.4 17.6 5 12 10.6z",
};
const KEYS =
  "Keys, with a feature focused: Space plays, ← → move (Shift: finer), [ and ] set the selection’s edges, L loops," +
  " ↑ ↓ hear and move a band (Shift: its upper edge), + and − zoom, 0 shows all, Esc clears. Drag to select a stretch; drag a box in a spectrogram to hear only that band.";

class Tools {
  constructor(player) {
    this.player = player;
    this.row = element("div", "tools");
    this.row.setAttribute("role", "group");
    this.row.setAttribute("aria-label", "Playback");
    this.loop = this.button("loop", "Loop the selection, or the whole sound", () => player.manner({ loop: !player.way.loop }));
    this.speed = element("select", "speed", this.row);
    this.speed.setAttribute("aria-label", "Speed");
    this.speed.title = "Speed";
    for (const rate of SPEEDS) element("option", "", this.speed, `${rate} ×`).value = rate;
    this.speed.onchange = () => player.manner({ rate: +this.speed.value });
    this.pitch = element("button", "tool", this.row, "Keep pitch");
    this.pitch.type = "button";
    this.pitch.title = "Keep the pitch when the speed is not 1";
    this.pitch.onclick = () => player.manner({ pitch: !player.way.pitch });
    this.zooms = [
      this.button("in", "Zoom in: to the selection, or around the line", () => player.zoom(0.5)),
      this.button("out", "Zoom out", () => player.zoom(2)),
    ];
    this.clear = this.button("clear", "Clear the selection", () => player.select(null));
    this.chosen = element("div", "chosen note");
    this.chosen.setAttribute("role", "status");
    this.actions = element("span", "actions", this.row);
    this.help = element("div", "help", null, KEYS);
    this.help.id = "keys";
  }

  button(sign, name, press) {
    const made = element("button", "tool", this.row);
    made.type = "button";
    made.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${SIGNS[sign]}"/></svg>`;
    made.title = name;
    made.setAttribute("aria-label", name);
    made.onclick = press;
    return made;
  }

  // What the player's state makes of the controls.
  show() {
    const { way, selection, data } = this.player;
    this.loop.setAttribute("aria-pressed", way.loop);
    this.pitch.setAttribute("aria-pressed", way.pitch);
    this.pitch.hidden = way.rate === 1;
    this.speed.value = way.rate;
    const [, zoomOut] = this.zooms;
    zoomOut.disabled = !data.view;
    this.clear.hidden = this.actions.hidden = !selection;
    this.say(selection ? this.words(selection) : "");
    if (this.actions.childElementCount !== data.actions.length) {
      this.actions.replaceChildren();
      for (const [name, text] of data.actions) {
        const made = element("button", "open", this.actions, text);
        made.type = "button";
        made.onclick = () => this.player.send.act(name);
      }
    }
  }

  words(selection) {
    if (selection.low === null) return selectionWords(selection);
    if (tooLong(selection)) return `${selectionWords(selection)}: select at most ${LONGEST_BAND} s to hear a band alone`;
    return `${this.player.sounds[0].banded ? "Hearing" : "Filtering"} ${selectionWords(selection)}`;
  }

  // What is selected, or why it cannot be heard, in place of the sound's second line.
  say(sentence) {
    if (this.chosen.textContent !== sentence) this.chosen.textContent = sentence;
    const names = this.chosen.parentElement;
    if (names) for (const note of names.querySelectorAll(".note")) note.hidden = (note === this.chosen) !== Boolean(sentence);
  }
}
