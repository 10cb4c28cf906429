const KEY = "opsbook.client-id";

/**
 * Names this tab to sessions. Kept over a reload, so that the tab replaces itself there; new in a duplicated tab,
 * whose copied storage would otherwise make two tabs throw each other out.
 */
export function tabClientId(): string {
  const [navigation] = performance.getEntriesByType("navigation");
  const reloaded = navigation instanceof PerformanceNavigationTiming && navigation.type === "reload";
  try {
    const known = sessionStorage.getItem(KEY);
    if (reloaded && known !== null && /^[a-zA-Z0-9_-]{8,64}$/.test(known)) return known;
    const id = randomId();
    sessionStorage.setItem(KEY, id);
    return id;
  } catch {
    return randomId();
  }
}

/** Random, not `crypto.randomUUID`: that is missing on pages served by plain HTTP from another host. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-");
}
