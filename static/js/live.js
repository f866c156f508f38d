/* Manners of the live pages: a hidden tab asks for nothing, and somebody signed out is shown the way in. */
(() => {
  "use strict";

  // Element → the bell it has missed while nobody looked.
  const missed = new Map();

  document.addEventListener("htmx:beforeRequest", (event) => {
    const trigger = event.detail.requestConfig.triggeringEvent;
    if (!document.hidden || !trigger || !trigger.type.startsWith("sse:")) return;
    missed.set(event.detail.elt, trigger.type);
    event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    missed.forEach((bell, element) => {
      if (element.isConnected) htmx.trigger(element, bell);
    });
    missed.clear();
  });

  // A part of a page that turns out to be the sign-in page: load the page itself, which then leads there and back.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (!xhr.responseURL || requestConfig.verb !== "get") return;
    const asked = new URL(requestConfig.path, location.href).pathname;
    if (new URL(xhr.responseURL).pathname === asked) return;
    event.preventDefault();
    location.reload();
  });
})();
