/* The portal in the pocket: the service worker, push, installing, and what is said when the line is lost. */
(() => {
  "use strict";

  const body = document.body;
  const words = JSON.parse(body.dataset.words);

  // -- What is said ---------------------------------------------------------------------------------------------------

  const say = (sentence) => {
    const toasts = document.querySelector(".toasts");
    if (!toasts || [...toasts.children].some((said) => said.textContent === sentence)) return;
    const toast = document.createElement("div");
    toast.className = "toast warning";
    toast.textContent = sentence;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 8000);
  };

  const paused = document.getElementById("live-paused");
  // The browser opens a stream anew every quarter of an hour, and on each new page: a blink is no news.
  let isLost = 0;
  const lost = () => {
    if (!isLost) isLost = setTimeout(() => { if (paused) paused.hidden = false; }, 1500);
  };
  const found = () => {
    // A stream that was opened a moment before the network went says so afterwards.
    if (!navigator.onLine) return;
    clearTimeout(isLost);
    isLost = 0;
    if (paused) paused.hidden = true;
  };
  document.addEventListener("htmx:sseError", lost);
  document.addEventListener("htmx:sseOpen", found);
  window.addEventListener("offline", lost);
  window.addEventListener("online", found);
  window.addEventListener("pagehide", () => clearTimeout(isLost));

  // What a person asked for by hand; what a bell asked for is said by the stream's own state.
  const isByHand = (event) => {
    const trigger = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
    return !trigger || !trigger.type.startsWith("sse:");
  };
  document.addEventListener("htmx:sendError", (event) => {
    if (!isByHand(event)) return;
    const isReading = event.detail.requestConfig.verb === "get";
    say(isReading ? words.not_fetched : words.perhaps_sent);
  });
  document.addEventListener("htmx:timeout", (event) => {
    if (isByHand(event)) say(words.no_answer);
  });

  // -- Installing -----------------------------------------------------------------------------------------------------

  let prompt = null;
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    prompt = event;
    document.querySelectorAll("[data-install]").forEach((button) => { button.hidden = false; });
  });
  window.addEventListener("appinstalled", () => {
    document.querySelectorAll("[data-install]").forEach((button) => { button.hidden = true; });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-install]") && prompt) prompt.prompt();
  });

  // -- The time zone that the browser is in, where nobody has said another ------------------------------------------

  const zone = document.querySelector("input[name=time_zone]");
  if (zone && zone.value === "UTC" && !zone.form.querySelector(".wrong")) {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (here) zone.value = here;
  }

  // -- The service worker and push -----------------------------------------------------------------------------------

  const devices = document.getElementById("devices");
  const tell = (sentence) => {
    const place = devices && devices.querySelector("[data-push-state]");
    if (place) place.textContent = sentence;
  };
  if (!("serviceWorker" in navigator)) {
    tell(words.push_unknown);
    return;
  }

  const bytesOf = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4)),
    (character) => character.charCodeAt(0),
  );
  const textOf = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const nameOf = () => {
    const agent = navigator.userAgent;
    const browser = [["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]]
      .find(([mark]) => agent.includes(mark));
    const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac", "Mac"], ["Windows", "Windows"],
      ["Linux", "Linux"]].find(([mark]) => agent.includes(mark));
    const name = browser ? browser[1] : words.a_browser;
    return system ? words.browser_on_system.replace("{browser}", name).replace("{system}", system[1]) : name;
  };

  const subscribe = async (worker) => {
    const given = await Notification.requestPermission();
    if (given !== "granted") {
      tell(words.push_denied);
      return;
    }
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true, applicationServerKey: bytesOf(devices.dataset.pushKey),
    });
    const form = new FormData();
    form.set("endpoint", subscription.endpoint);
    form.set("key", textOf(subscription.getKey("p256dh")));
    form.set("secret", textOf(subscription.getKey("auth")));
    form.set("device", nameOf());
    const { "X-CSRFToken": token } = JSON.parse(body.getAttribute("hx-headers"));
    const answer = await fetch(devices.dataset.pushAddress, { method: "POST", body: form, headers: { "X-CSRFToken": token } });
    if (answer.ok) {
      location.reload();
      return;
    }
    const refusal = answer.status === 409 ? await answer.json() : { detail: words.push_refused };
    await subscription.unsubscribe();
    tell(refusal.detail);
  };

  const offer = async (worker) => {
    const button = devices && devices.querySelector("[data-push-on]");
    if (!button) return;
    if (!worker.pushManager) {
      tell(words.push_on_home_screen);
      return;
    }
    const subscription = await worker.pushManager.getSubscription();
    tell(subscription ? words.push_is_on : words.push_is_off);
    button.hidden = Boolean(subscription);
    button.addEventListener("click", () => {
      subscribe(worker).catch(() => tell(words.push_failed));
    });
  };

  navigator.serviceWorker.register(body.dataset.serviceWorker).then(async () => {
    const worker = await navigator.serviceWorker.ready;
    worker.active.postMessage("keep");
    // Whoever signs out is told no more on this device: another person may sit down at it.
    if (!("signedIn" in body.dataset) && worker.pushManager) {
      const subscription = await worker.pushManager.getSubscription();
      if (subscription) await subscription.unsubscribe();
    }
    await offer(worker);
  }).catch(() => tell(words.push_not_here));
})();
