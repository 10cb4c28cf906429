const count = new Intl.NumberFormat("en");

/** `18,204` */
export function formatCount(value: number): string {
  return count.format(value);
}

/** `812 B`, `1.4 MiB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

/** `Nov 22, 2026` of milliseconds since 1970. */
export function formatDay(time: number): string {
  return day.format(time);
}
