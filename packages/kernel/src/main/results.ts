/** Bytes of all values `Out` keeps alive, by a rough estimate. */
const MAX_KEPT = 32 * 1024 * 1024;
const MAX_OUTPUTS = 1000;
const MAX_SOURCES = 10_000;
/** Nodes the estimate looks at. */
const SAMPLE = 2000;

/** `In`, `Out`, `_`, `__`, `___`, `_3`: earlier sources and values, within bounds. */
export class Results {
  readonly #out = new Map<number, { value: unknown; size: number }>();
  readonly #sources: Record<number, string> = Object.create(null);
  readonly #outputs: Record<number, unknown> = Object.create(null);
  readonly #latest: unknown[] = [];
  #size = 0;

  install(): void {
    global("In", this.#sources);
    global("Out", this.#outputs);
    for (const [i, name] of ["_", "__", "___"].entries()) getter(name, () => this.#latest[i]);
  }

  addSource(count: number, source: string): void {
    this.#sources[count] = source;
    delete this.#sources[count - MAX_SOURCES];
  }

  addValue(count: number, value: unknown): void {
    this.#latest.unshift(value);
    this.#latest.length = Math.min(this.#latest.length, 3);
    const size = estimate(value);
    if (this.#out.has(count)) this.#drop(count);
    this.#out.set(count, { value, size });
    this.#outputs[count] = value;
    this.#size += size;
    getter(`_${count}`, () => this.#outputs[count]);
    for (const old of this.#out.keys()) {
      if (this.#out.size <= MAX_OUTPUTS && this.#size <= MAX_KEPT) break;
      this.#drop(old);
    }
  }

  /** Lets all values go. */
  clear(): void {
    for (const count of this.#out.keys()) {
      delete this.#outputs[count];
      delete (globalThis as Record<string, unknown>)[`_${count}`];
    }
    this.#out.clear();
    this.#latest.length = 0;
    this.#size = 0;
  }

  get sources(): Readonly<Record<number, string>> {
    return this.#sources;
  }

  #drop(count: number): void {
    this.#size -= this.#out.get(count)?.size ?? 0;
    this.#out.delete(count);
    this.#outputs[count] =
      `[Out[${count}] was let go: Out keeps ${MAX_KEPT / 1024 / 1024} MB and ${MAX_OUTPUTS} values]`;
    // The notes themselves must not pile up.
    delete this.#outputs[count - MAX_SOURCES];
    delete (globalThis as Record<string, unknown>)[`_${count - MAX_SOURCES}`];
  }
}

/** What a person assigns stays theirs: from then on the kernel leaves the name alone. */
function getter(name: string, get: () => unknown): void {
  const existing = Object.getOwnPropertyDescriptor(globalThis, name);
  if (existing && !existing.get) return;
  const set = (value: unknown): void => global(name, value);
  Object.defineProperty(
    globalThis,
    name,
    Object.assign(Object.create(null), { get, set, configurable: true, enumerable: false }),
  );
}

function global(name: string, value: unknown): void {
  Object.defineProperty(
    globalThis,
    name,
    Object.assign(Object.create(null), { value, writable: true, configurable: true, enumerable: false }),
  );
}

/** Bytes, roughly: enough to tell a table of a million rows from a number. */
function estimate(value: unknown): number {
  let nodes = 0;
  const seen = new Set<object>();
  const visit = (one: unknown): number => {
    if (typeof one === "string") return one.length * 2;
    if (typeof one !== "object" || one === null || seen.has(one) || ++nodes > SAMPLE) return 8;
    seen.add(one);
    if (ArrayBuffer.isView(one)) return one.byteLength;
    if (one instanceof ArrayBuffer) return one.byteLength;
    if (Array.isArray(one)) return scaled(one.length, one.slice(0, 50));
    if (one instanceof Map || one instanceof Set) return scaled(one.size, [...one.values().take(50)]);
    const descriptors = Object.values(Object.getOwnPropertyDescriptors(one)).slice(0, 50);
    return 32 + descriptors.reduce((sum, { value: item }) => sum + 8 + visit(item), 0);
  };
  const scaled = (length: number, sample: readonly unknown[]): number => {
    const bytes = sample.reduce<number>((sum, item) => sum + 8 + visit(item), 0);
    return 32 + (sample.length === 0 ? length * 8 : (bytes / sample.length) * length);
  };
  try {
    return visit(value);
  } catch {
    return 1024;
  }
}
