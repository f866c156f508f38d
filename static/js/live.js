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

  // What was said leaves by itself after a while, unless it is an error or somebody reads it; a press closes it at once.
  const SAID_FOR = 8000;
  document.addEventListener("click", (event) => {
    const close = event.target.closest(".toast .close");
    if (close) close.closest(".toast").remove();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  const leaves = (toast) => setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leaves(toast);
    else toast.remove();
  }, SAID_FOR);
  document.querySelectorAll(".toast:not(.error)").forEach(leaves);

  // Escape closes what is unfolded over the page, and leads back to what opened it.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // What only a script can do is shown where there is one: amounts to press instead of typing, a password to be seen.
  const reveal = () => document.querySelectorAll("[data-scripted][hidden]").forEach((part) => { part.hidden = false; });
  reveal();
  document.addEventListener("htmx:afterSettle", reveal);
  const fill = (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  document.addEventListener("click", (event) => {
    const amount = event.target.closest("[data-fills]");
    if (amount) {
      const also = document.getElementById(amount.dataset.fillsToo || "");
      if (also) also.value = amount.dataset.too;
      fill(document.getElementById(amount.dataset.fills), amount.value);
    }
    const reveals = event.target.closest("[data-reveals]");
    if (reveals) {
      const field = document.getElementById(reveals.dataset.reveals);
      const isShown = field.type === "text";
      field.type = isShown ? "password" : "text";
      reveals.setAttribute("aria-pressed", String(!isShown));
    }
  });
  // A slider writes into the field beside it, and follows what is typed there: [to write, to be heard, its size] each.
  const amountsOf = (slider) => JSON.parse(slider.dataset.amounts);
  const sizeOf = (text) => {
    const comma = document.documentElement.lang === "de";
    return Number(text.replace(/\s/g, "").replaceAll(comma ? "." : ",", "").replace(",", "."));
  };
  const tellPlace = (slider) => slider.setAttribute("aria-valuetext", amountsOf(slider)[Number(slider.value)][1]);
  document.addEventListener("input", (event) => {
    const moved = event.target.closest("[data-slides]");
    if (moved) {
      fill(document.getElementById(moved.dataset.slides), amountsOf(moved)[Number(moved.value)][0]);
      tellPlace(moved);
      return;
    }
    const slider = event.target.id && document.querySelector(`[data-slides="${event.target.id}"]`);
    const typed = slider ? sizeOf(event.target.value) : 0;
    if (!typed) return;
    slider.value = String(Math.max(amountsOf(slider).filter((amount) => amount[2] <= typed).length - 1, 0));
    tellPlace(slider);
  });
  // Money that is brought in on the way goes on with the terms as they are typed now.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const terms = document.getElementById(form.dataset.goesOn || "");
    if (!terms) return;
    const typed = new URLSearchParams(new FormData(terms));
    if (!typed.get("investment") && event.submitter) typed.set("investment", event.submitter.value);
    form.elements.next.value = `${new URL(terms.action).pathname}?${typed}`;
  });

  // A request that does not get through says so, instead of doing nothing.
  document.addEventListener("htmx:sendError", () => {
    const toasts = document.querySelector(".toasts");
    if (!toasts || toasts.querySelector(".toast.error")) return;
    const said = document.createElement("div");
    said.className = "toast error";
    said.textContent = JSON.parse(document.body.dataset.words).not_sent;
    toasts.append(said);
  });
})();
