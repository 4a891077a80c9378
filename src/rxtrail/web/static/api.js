// Every request has a deadline, and every outcome is a value: nothing that fails can look like an answer.
const SECONDS_MAX = 8;

async function request(method, path, body, headers = {}, seconds = SECONDS_MAX) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), seconds * 1000);
  try {
    const answer = await fetch(path, {
      method, body, cache: "no-store", credentials: "omit", redirect: "error", signal: controller.signal,
      headers: { "Content-Type": "application/json", ...headers },
    });
    return { status: answer.status, value: await answer.json() };
  } catch {
    return { status: 0, value: null }; // not reached, too slow, or not JSON: all mean that we cannot tell
  } finally {
    clearTimeout(timer);
  }
}

export const verify = (scan, site, purpose, station, seconds) =>
  request("POST", "/api/v1/verify", JSON.stringify({ scan, site, purpose, ...(station && { station }) }), {}, seconds);

const stationPath = (name) => `/api/v1/stations/${encodeURIComponent(name)}`;
export const tryCalibration = (scan) => request("POST", "/api/v1/calibration", JSON.stringify(scan));
export const stations = () => request("GET", "/api/v1/stations", undefined);
export const saveStation = (name, scan) => request("POST", stationPath(name), JSON.stringify(scan));
export const removeStation = (name) => request("DELETE", stationPath(name), undefined);

// The key makes a second press, or a repeat after a lost answer, the same change and not another one.
export const change = (pack, fields, key) =>
  request("PATCH", `/api/v1/packs/${encodeURIComponent(pack.gtin)}/${encodeURIComponent(pack.serial)}`,
    JSON.stringify(fields), { "Idempotency-Key": key });

const recallPath = (id) => `/api/v1/recalls/${encodeURIComponent(id)}`;
export const previewRecall = (asked) => request("POST", "/api/v1/recalls/preview", JSON.stringify(asked));
export const openRecall = (fields) => request("POST", "/api/v1/recalls", JSON.stringify(fields));
export const actOnRecall = (id, step) => request("PATCH", recallPath(id), JSON.stringify(step));

const alertPath = (id) => `/api/v1/alerts/${encodeURIComponent(id)}`;
export const actOnAlert = (id, step) => request("PATCH", alertPath(id), JSON.stringify(step));

export const askBasket = (codes) => request("POST", "/api/v1/safety/basket", JSON.stringify({ codes }));

export const job = (address) => request("GET", address, undefined);

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
