// Holds the pages that work without the node. VERSION and FILES are put before this by the server.
/* global VERSION, FILES */
const NAME = `rxtrail-${VERSION}`;
const PAGES = ["/", "/receipt", "/proof"];
const SECONDS_MAX = 3;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll([...PAGES, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("rxtrail-") && name !== NAME;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

async function page(request, path) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(SECONDS_MAX * 1000) });
    if (answer.status >= 500) throw new Error("the node is not well");
    if (answer.ok) await (await caches.open(NAME)).put(path, answer.clone());
    return answer;
  } catch (gone) {
    const held = await caches.match(path);
    if (held === undefined) throw gone;
    return held;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (address.pathname.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((held) => held ?? fetch(request)));
  } else if (request.mode === "navigate" && PAGES.includes(address.pathname)) {
    event.respondWith(page(request, address.pathname));
  }
});
