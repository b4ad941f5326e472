// Back leaves a page in one press: what is chosen on a page changes its address, but is no step of its own.
if (!history.pushState.ofPages) {
  const push = history.pushState;
  history.pushState = function (state, unused, url) {
    const same = url != null && new URL(url, location.href).pathname === location.pathname;
    return same ? this.replaceState(state, unused, url) : push.call(this, state, unused, url);
  };
  history.pushState.ofPages = true;
}
