// What every component draws with: an element with its class, its text set as text, and the icons of a play button.

const PLAY = "M6 4l14 8-14 8z";
const PAUSE = "M6 4h4v16H6zM14 4h4v16h-4z";

function element(tag, className, parent, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// A play button's sign. Not in every frame: a press on a sign that is replaced before the release is no click.
function label(button, paused, title) {
  if (button.dataset.paused === String(paused)) return;
  button.dataset.paused = paused;
  button.innerHTML = `<svg viewBox="0 0 24 24"><path d="${paused ? PLAY : PAUSE}"/></svg>`;
  button.setAttribute("aria-label", `${paused ? "Play" : "Pause"} ${title}`);
}
