/** Names of variables whose values are not for a screen. */
const PRIVATE = /key|token|secret|password|passwd|credential|auth/i;

export function environment(): { name: string; value: string }[] {
  return Object.entries(process.env)
    .map(([name, value]) => ({ name, value: PRIVATE.test(name) ? "[not shown]" : (value ?? "") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface RuntimeInfo {
  /** The binary that runs the cells. */
  readonly path: string;
  readonly version: string;
  readonly icu: string;
  readonly unicode: string;
  readonly openssl: string;
  readonly v8: string;
  readonly platform: string;
  readonly folder: string;
  readonly pid: number;
}

/** What the cells run on. */
export function runtimeInfo(): RuntimeInfo {
  const { icu, unicode, openssl, v8 } = process.versions;
  return Object.freeze({
    path: process.execPath,
    version: process.version,
    icu: icu ?? "none",
    unicode: unicode ?? "none",
    openssl: openssl ?? "none",
    v8: v8 ?? "",
    platform: `${process.platform} ${process.arch}`,
    folder: process.cwd(),
    pid: process.pid,
  });
}
