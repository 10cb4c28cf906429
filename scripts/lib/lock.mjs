/**
 * Completes package-lock.json. `npm ci` refuses a lock file that lacks an optional package, also one for
 * another platform; `npm install` leaves such packages out where its registry mirror does not carry them.
 * An entry of name, version and platform is enough: npm skips it here and finds it where it is wanted.
 */

const CPUS = ["x64", "arm64", "ia32", "arm", "ppc64", "riscv64", "s390x", "wasm32"];
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];

/** Optional packages that the lock names without an entry: `{ path, entry }` of each, as npm would hold it. */
export function missingEntries(packages) {
  const missing = new Map();
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (resolves(packages, { from: path, name })) continue;
      const entry = {
        version: range.replace(/^[\^~]/, ""),
        ...platformOf(name),
        optional: true,
        ...(dev ? { dev } : {}),
      };
      missing.set(`node_modules/${name}`, entry);
    }
  }
  return [...missing].map(([path, entry]) => ({ path, entry }));
}

/** The lock with those entries, in npm's order. */
export function completeLock(lock) {
  const added = missingEntries(lock.packages).map(({ path, entry }) => [path, entry]);
  const packages = Object.fromEntries(
    [...Object.entries(lock.packages), ...added].sort(([a], [b]) => a.localeCompare(b, "en")),
  );
  return { ...lock, packages };
}

/** Node's look-up, from the folder of a package upwards. */
function resolves(packages, { from, name }) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (`${folder === "" ? "" : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === "") return false;
  }
}

/** Platform packages are named after theirs: `@x/binding-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const cpu = words.find((word) => CPUS.includes(word));
  const os = words.find((word) => SYSTEMS.includes(word));
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : undefined;
  return {
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os ? { os: [os] } : {}),
    ...(os === "linux" && libc ? { libc: [libc] } : {}),
  };
}
