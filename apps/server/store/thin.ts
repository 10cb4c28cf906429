/** What is kept of the checkpoints the server makes by itself; those that people named are never thinned. */
export interface Retention {
  /** Days within which one an hour is kept. */
  hourlyDays: number;
  /** Days within which one a day is kept; older ones go. */
  dailyDays: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** All of the last hours are kept: an undo may ask for any of them. */
const ALL_MS = 4 * HOUR_MS;
/** Beyond this many the oldest go, whatever their age. */
const MOST = 300;

/** Which of these may go, given by time, in milliseconds since the epoch; the newest always stays. */
export function toThin<T extends { at: number }>(checkpoints: readonly T[], now: number, retention: Retention): T[] {
  const newestFirst = checkpoints.toSorted((a, b) => b.at - a.at);
  const slots = new Set<string>();
  let kept = 0;
  return newestFirst.filter((checkpoint) => {
    const slot = slotOf(checkpoint.at, now, retention);
    const goes = kept > 0 && (slot === null || slots.has(slot) || kept >= MOST);
    if (goes) return true;
    kept += 1;
    if (slot !== null) slots.add(slot);
    return false;
  });
}

/** One checkpoint stays a slot; null for what is too old. */
function slotOf(at: number, now: number, { hourlyDays, dailyDays }: Retention): string | null {
  const age = now - at;
  if (age < ALL_MS) return `at ${at}`;
  if (age < hourlyDays * DAY_MS) return `hour ${Math.floor(at / HOUR_MS)}`;
  return age < dailyDays * DAY_MS ? `day ${Math.floor(at / DAY_MS)}` : null;
}
