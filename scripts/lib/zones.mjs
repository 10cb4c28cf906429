/**
 * Import zones: which packages of ours a zone may import. The linter's overrides in biome.json are made
 * from this table (`node scripts/zones.mjs` writes them), and `zones.test.mjs` holds relative imports to it.
 */
export const PACKAGES = ["notebook", "jupyter", "kernel", "ops", "server", "web", "e2e", "bench"];

export const ZONES = [
  { name: "notebook", folder: "packages/notebook", imports: [] },
  { name: "jupyter", folder: "packages/jupyter", imports: [] },
  { name: "ops", folder: "packages/ops", imports: [] },
  { name: "kernel", folder: "packages/kernel", imports: ["jupyter"] },
  { name: "server", folder: "apps/server", imports: ["notebook", "jupyter"] },
  { name: "web", folder: "apps/web", imports: ["notebook"] },
  { name: "e2e", folder: "e2e", imports: [] },
  { name: "bench", folder: "bench", imports: [] },
  { name: "scripts", folder: "scripts", imports: [] },
];

/** Tests and benchmarks may start real components, which the scripts provide. */
const COMPONENTS = "scripts/components/";
const MAY_START_COMPONENTS = /\.test\.tsx?$|\/testing(?:\/|\.ts$)|^e2e\/|^bench\//;

/** The zone of a file, named from the root of the checkout with `/`; `undefined` where it has none. */
export function zoneOf(file) {
  return ZONES.find(({ folder }) => file.startsWith(`${folder}/`));
}

/** Why a relative import from one file to another breaks the zones, or `undefined` where it is allowed. */
export function refusal(from, to) {
  const zone = zoneOf(from);
  if (zone === undefined) return `${from} is in no zone`;
  if (to.startsWith(`${zone.folder}/`)) return undefined;
  if (to.startsWith(COMPONENTS) && MAY_START_COMPONENTS.test(from)) return undefined;
  return `${from} reaches out of ${zone.folder} to ${to}`;
}

/** The linter's overrides, one a zone. */
export function overrides() {
  return ZONES.map(({ name, folder, imports }) => {
    const allowed = [...imports, ...(PACKAGES.includes(name) ? [name] : [])].flatMap((each) => [
      `!@opsbook/${each}`,
      `!@opsbook/${each}/**`,
    ]);
    const message = `Zone "${name}" may import ${imports.length === 0 ? "no other package of ours" : `only ${imports.join(", ")}`} (scripts/lib/zones.mjs).`;
    const patterns = [{ group: ["@opsbook/**", ...allowed], message }];
    return {
      includes: [`${folder}/**`],
      linter: { rules: { style: { noRestrictedImports: { level: "error", options: { patterns } } } } },
    };
  });
}
