/* Between the pages and the network: shows notices that were pushed, and what was known last where there is no network. */
"use strict";

const OFFLINE = "{{ offline|escapejs }}";
const KEPT = [{% for address in kept %}"{{ address|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const CACHE = "pocket";
const ICON = "{{ icon|escapejs }}";
const BADGE = "{{ badge|escapejs }}";
const NOTICES = "{{ home|escapejs }}";

// What is old in the cache goes once the new is in it; a sheet that cannot be had now is fetched the next time.
const keep = async () => {
  const cache = await caches.open(CACHE);
  await Promise.all([OFFLINE, ...KEPT].map(async (address) => {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-cache", redirect: "error" });
    if (answer.ok) await cache.put(address, answer);
  }));
  const wanted = new Set([OFFLINE, ...KEPT].map((address) => new URL(address, self.location.origin).href));
  for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
};

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A page that was just loaded says so: what is shown without a network is as of then, and nobody's after a sign-out.
self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keep().catch(() => undefined));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(OFFLINE)) || Response.error()));
    return;
  }
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin || !KEPT.includes(address.pathname)) return;
  event.respondWith(fetch(request).catch(async () => (await caches.match(address.pathname)) || Response.error()));
});

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(told.title || "{{ brand.name|escapejs }}", {
    body: told.body || "",
    tag: told.tag,
    icon: ICON,
    badge: BADGE,
    timestamp: told.at ? Date.parse(told.at) : Date.now(),
    data: { url: told.url || NOTICES },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data.url, self.location.origin).href;
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((each) => "focus" in each);
    if (!page) return self.clients.openWindow(address);
    await page.focus();
    return page.navigate(address).catch(() => self.clients.openWindow(address));
  })());
});
