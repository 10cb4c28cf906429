import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Spools } from "../spools.ts";
import { type CollectionPlan, planCollection, type RetentionPolicy, type StoredFile } from "./plan.ts";
import { storedReferences } from "./references.ts";

export interface CollectorHost {
  stateDir: string;
  root: string;
  spools: Spools;
  policy: RetentionPolicy;
  /** What each open notebook refers to, by its key, beside what is stored. */
  openReferences(): Map<string, Set<string>>;
  /** Of this spool start and end are left. */
  onCut(outputId: string): void;
  log: Logger;
}

/** Looks for what may go this often, in milliseconds; the first time a while after the start. */
const EVERY_MS = 1_800_000;
const FIRST_MS = 30_000;

/** Keeps the folder's spools and blobs within the quotas, by itself. */
export class Collector {
  readonly #host: CollectorHost;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(host: CollectorHost) {
    this.#host = host;
  }

  start(): void {
    this.#schedule(FIRST_MS);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  /**
   * Once, now. Whatever a crash interrupts, each file is whole, cut or gone, and the next run goes on. Rejects where
   * it is not known what is referred to; nothing is collected then.
   */
  async run(now = Date.now()): Promise<CollectionPlan> {
    const { stateDir, root, spools, policy, log } = this.#host;
    const files = await storedFiles(stateDir, (id) => spools.find(id)?.open ?? false);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    // Asked for after the listing: what is written between the two is too young to be collected.
    const owners = await storedReferences(stateDir, root);
    for (const [key, ids] of this.#host.openReferences()) owners.set(key, ids.union(owners.get(key) ?? new Set()));
    const plan = planCollection(files, { owners: [...owners.values()], policy, now });
    for (const { kind, id } of plan.remove) {
      if (kind === "spool") spools.remove(id);
      else await rm(join(stateDir, "blobs", id), { force: true });
    }
    for (const { id } of plan.cut) {
      await spools.cut(id, now);
      this.#host.onCut(id);
    }
    if (plan.remove.length + plan.cut.length > 0)
      log.info({ removed: plan.remove.length, cut: plan.cut.length, bytesBefore: total }, "outputs were collected");
    return plan;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.run()
        .catch((error: Error) => this.#host.log.error({ err: error }, "outputs could not be collected"))
        .finally(() => {
          if (this.#timer) this.#schedule(EVERY_MS);
        });
    }, ms);
    this.#timer.unref();
  }
}

async function storedFiles(stateDir: string, isOpen: (outputId: string) => boolean): Promise<StoredFile[]> {
  const list = async (kind: StoredFile["kind"], folder: string, name: RegExp) => {
    const found: StoredFile[] = [];
    for (const id of await readdir(folder).catch(() => [] as string[])) {
      const status = name.test(id) ? await stat(join(folder, id)).catch(() => null) : null;
      if (!status?.isFile()) continue;
      // A log that several notebooks have is one file with several names.
      const bytes = Math.ceil(status.size / Math.max(1, status.nlink));
      const at = Math.max(status.mtimeMs, status.ctimeMs);
      found.push({ kind, id, bytes, at, open: kind === "spool" && isOpen(id) });
    }
    return found;
  };
  return [
    ...(await list("spool", join(stateDir, "spools"), /^[0-9a-f-]{36}$/)),
    ...(await list("blob", join(stateDir, "blobs"), /^[0-9a-f]{64}$/)),
  ];
}

/** Bytes that the folder's spools and blobs take. */
export async function measureOutputs(stateDir: string): Promise<Record<"spools" | "blobs", number>> {
  const sum = (some: readonly StoredFile[]) => some.reduce((total, { bytes }) => total + bytes, 0);
  const files = await storedFiles(stateDir, () => false);
  const [spools, blobs] = [files.filter(({ kind }) => kind === "spool"), files.filter(({ kind }) => kind === "blob")];
  return { spools: sum(spools), blobs: sum(blobs) };
}
