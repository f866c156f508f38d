/* A link handed on: by the system's own sheet where there is one, else into the clipboard. */
(() => {
  "use strict";

  const words = JSON.parse(document.body.dataset.words);

  const say = (sentence) => {
    const toasts = document.querySelector(".toasts");
    if (!toasts) return;
    const toast = document.createElement("div");
    toast.className = "toast success";
    toast.textContent = sentence;
    toasts.append(toast);
    setTimeout(() => toast.remove(), 8000);
  };

  const copy = async (address) => {
    try {
      await navigator.clipboard.writeText(address);
      say(words.link_copied);
    } catch {
      say(`${words.link_not_copied} ${address}`);
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-share]");
    if (!button) return;
    const url = new URL(button.dataset.share, location.href).href;
    const shared = { url, title: button.dataset.shareTitle };
    if (!navigator.share || (navigator.canShare && !navigator.canShare(shared))) {
      await copy(url);
      return;
    }
    try {
      await navigator.share(shared);
    } catch (trouble) {
      // Closed again is no trouble; a sheet that does not come is.
      if (trouble.name !== "AbortError") await copy(url);
    }
  });
})();
