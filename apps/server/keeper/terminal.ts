/**
 * One pseudoterminal with its scrollback. Views attach at an offset and each has a window of unread bytes; a view that
 * does not read falls behind without holding up the others, and skips ahead when the ring has moved past it. The
 * program is paused only when views are attached and every one of them is full: the fastest reader sets the pace.
 */
import { constants } from "node:os";
import { ByteRing } from "./byte-ring.ts";
import { TERMINAL_WINDOW, type TerminalInfo } from "./protocol.ts";
import { type Pty, spawnPty } from "./pty.ts";

/** Scrollback kept for those who come later, in bytes. */
const RING_BYTES = 1024 * 1024;

/** Output that follows other output within this time goes out with it, in milliseconds. */
const BATCH_MS = 4;

/** How often a paused terminal is looked at for its program having ended, in milliseconds. */
const PAUSED_POLL_MS = 50;

/** Between hang-up and the kill of what ignores it, in milliseconds. */
const KILL_GRACE_MS = 2000;

export interface TerminalView {
  data(offset: number, data: Buffer): void;
  exited(code: number | null, signal: string | null): void;
}

interface Attached {
  readonly view: TerminalView;
  position: number;
  unread: number;
  told: boolean;
}

export interface TerminalOptions {
  name: string;
  cwd: string;
  cols: number;
  rows: number;
  argv: readonly string[];
  env: Record<string, string>;
  onExit: () => void;
}

export class KeptTerminal {
  readonly name: string;
  readonly #cwd: string;
  readonly #startedAt = new Date().toISOString();
  readonly #pty: Pty;
  readonly #ring = new ByteRing(RING_BYTES);
  readonly #end = Promise.withResolvers<void>();
  readonly #views = new Map<number, Attached>();
  #exited: TerminalInfo["exited"] = null;
  #flushTimer: NodeJS.Timeout | null = null;
  #paused: NodeJS.Timeout | null = null;

  constructor(options: TerminalOptions) {
    this.name = options.name;
    this.#cwd = options.cwd;
    const { argv, cwd, cols, rows, env } = options;
    this.#pty = spawnPty(argv, { cwd, cols, rows, env });
    this.#pty.onData((data) => this.#onData(data));
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#exited = signal ? { code: null, signal: signalName(signal) } : { code: exitCode, signal: null };
      options.onExit();
      this.#end.resolve();
      this.#unpause();
      this.#flush();
    });
  }

  get info(): TerminalInfo {
    const { pid, cols, rows } = this.#pty;
    return { name: this.name, pid, cwd: this.#cwd, cols, rows, startedAt: this.#startedAt, exited: this.#exited };
  }

  /** Resolves when its program has ended. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  get exited(): boolean {
    return this.#exited !== null;
  }

  attach(id: number, from: number, view: TerminalView): void {
    const position = Math.min(Math.max(from, this.#ring.start), this.#ring.end);
    this.#views.set(id, { view, position, unread: 0, told: false });
    this.#flush();
  }

  detach(id: number): void {
    this.#views.delete(id);
    this.#setFlow();
  }

  received(id: number, bytes: number): void {
    const attached = this.#views.get(id);
    if (!attached) return;
    attached.unread = Math.max(0, attached.unread - bytes);
    this.#flush();
  }

  write(data: Buffer): void {
    if (!this.#exited) this.#pty.write(data);
  }

  resize(cols: number, rows: number): void {
    if (!this.#exited) this.#pty.resize(cols, rows);
  }

  /** Hangs up as a closed window would; what ignores that is killed. */
  kill(): void {
    if (this.#exited) return;
    this.#unpause();
    const { pid } = this.#pty;
    signalGroup(pid, "SIGHUP");
    signalGroup(pid, "SIGCONT");
    setTimeout(() => {
      if (!this.#exited) signalGroup(pid, "SIGKILL");
    }, KILL_GRACE_MS).unref();
  }

  #onData(data: Buffer): void {
    this.#ring.append(data);
    if (this.#flushTimer) return;
    // The first byte after silence leaves at once, so that an echo is not held up; the rest of a flood gathers.
    this.#flush();
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = null;
      this.#flush();
    }, BATCH_MS);
  }

  #flush(): void {
    for (const attached of this.#views.values()) this.#feed(attached);
    this.#setFlow();
  }

  #feed(attached: Attached): void {
    const { view } = attached;
    attached.position = Math.max(attached.position, this.#ring.start);
    while (attached.position < this.#ring.end && attached.unread < TERMINAL_WINDOW) {
      const data = this.#ring.read(attached.position, TERMINAL_WINDOW - attached.unread);
      view.data(attached.position, data);
      attached.position += data.length;
      attached.unread += data.length;
    }
    if (this.#exited && attached.position === this.#ring.end && !attached.told) {
      attached.told = true;
      view.exited(this.#exited.code, this.#exited.signal);
    }
  }

  #setFlow(): void {
    const views = [...this.#views.values()];
    const full = views.length > 0 && views.every((attached) => attached.unread >= TERMINAL_WINDOW);
    if (!full || this.#exited) this.#unpause();
    else if (!this.#paused) {
      this.#pty.pause();
      // node-pty throws away what is unread 200 ms after the program's end, so a pause must not outlast it.
      this.#paused = setInterval(() => {
        if (!processExists(this.#pty.pid)) this.#pty.resume();
      }, PAUSED_POLL_MS);
    }
  }

  #unpause(): void {
    if (!this.#paused) return;
    clearInterval(this.#paused);
    this.#paused = null;
    this.#pty.resume();
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The shell leads its session, so its group is what the terminal runs in the foreground of it at least. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // Gone already.
    }
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
