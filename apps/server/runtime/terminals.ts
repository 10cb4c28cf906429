import type { TerminalInfo } from "../keeper/protocol.ts";
import { RuntimeError } from "./error.ts";
import type { KeeperLink } from "./keeper-link.ts";

export interface TerminalListeners {
  /** Offset in the terminal's output, in bytes; older than its scrollback starts at the scrollback. */
  fromOffset: number;
  /**
   * `offset` is that of the first byte of `data`. It is beyond the end of the data before only when this view was so
   * slow that the scrollback moved past it: what is between is lost to it.
   */
  onData(offset: number, data: Buffer): void;
  onExit(code: number | null, signal: string | null): void;
}

/**
 * One view of a terminal. Each has its own place and its own bounded window of unread bytes, so `pause` holds up this
 * view only; the program is paused when every attached view is full, and never when nobody is attached.
 */
export interface TerminalHandle {
  write(data: Buffer | string): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
  dispose(): void;
}

export interface Terminals {
  create(options: { cwd: string; cols: number; rows: number; env?: Record<string, string> }): Promise<TerminalInfo>;
  list(): TerminalInfo[];
  attach(name: string, listeners: TerminalListeners): TerminalHandle;
  kill(name: string): Promise<void>;
}

export interface TerminalHost {
  link(): Promise<KeeperLink>;
  linkNow(): KeeperLink | null;
  env: Record<string, string>;
  onListenerError(error: unknown): void;
}

interface Attachment {
  readonly name: string;
  readonly listeners: TerminalListeners;
  position: number;
  paused: boolean;
  /** Came while paused: at most one window of the keeper. */
  held: { offset: number; data: Buffer }[];
  exit: { code: number | null; signal: string | null } | null;
}

export class RemoteTerminals implements Terminals {
  readonly #host: TerminalHost;
  readonly #infos = new Map<string, TerminalInfo>();
  readonly #attachments = new Map<number, Attachment>();
  #lastAttachment = 0;

  constructor(host: TerminalHost) {
    this.#host = host;
  }

  async create(options: {
    cwd: string;
    cols: number;
    rows: number;
    env?: Record<string, string>;
  }): Promise<TerminalInfo> {
    const { cwd, cols, rows } = options;
    const env: Record<string, string> = { ...this.#host.env, COLORTERM: "truecolor", ...options.env };
    const link = await this.#host.link();
    const argv = [env.SHELL ?? "/bin/sh"];
    const { terminal } = await link.request({ type: "terminal-create", cwd, cols, rows, argv, env });
    if (!terminal) throw new RuntimeError("keeper-failed", "The keeper did not say which terminal it made.");
    this.#infos.set(terminal.name, terminal);
    return terminal;
  }

  list(): TerminalInfo[] {
    return [...this.#infos.values()];
  }

  attach(name: string, listeners: TerminalListeners): TerminalHandle {
    if (!this.#infos.has(name)) throw new RuntimeError("unknown-terminal", `There is no terminal ${name}.`);
    this.#lastAttachment += 1;
    const attach = this.#lastAttachment;
    const { fromOffset: position } = listeners;
    const attachment: Attachment = { name, listeners, position, paused: false, held: [], exit: null };
    this.#attachments.set(attach, attachment);
    const notify: KeeperLink["notify"] = (notice, payload) => this.#host.linkNow()?.notify(notice, payload);
    notify({ type: "terminal-attach", attach, name, from: position });
    return {
      write: (data) => notify({ type: "terminal-write", name }, [typeof data === "string" ? Buffer.from(data) : data]),
      resize: (cols, rows) => notify({ type: "terminal-resize", name, cols, rows }),
      pause: () => {
        attachment.paused = true;
      },
      resume: () => {
        attachment.paused = false;
        this.#drain(attach, attachment);
      },
      dispose: () => {
        if (this.#attachments.delete(attach)) notify({ type: "terminal-detach", attach });
      },
    };
  }

  async kill(name: string): Promise<void> {
    if (!this.#infos.has(name)) throw new RuntimeError("unknown-terminal", `There is no terminal ${name}.`);
    await (await this.#host.link()).request({ type: "terminal-kill", name });
  }

  /** What a keeper holds that we just connected to; views go on where they were. */
  attached(link: KeeperLink, terminals: readonly TerminalInfo[]): void {
    this.#infos.clear();
    for (const terminal of terminals) this.#infos.set(terminal.name, terminal);
    for (const [attach, attachment] of this.#attachments) {
      const { name, position } = attachment;
      attachment.held = [];
      if (this.#infos.has(name)) link.notify({ type: "terminal-attach", attach, name, from: position });
      else this.exited(attach, null, null);
    }
  }

  changed(terminal: TerminalInfo): void {
    this.#infos.set(terminal.name, terminal);
  }

  gone(name: string): void {
    this.#infos.delete(name);
    for (const [attach, attachment] of this.#attachments) if (attachment.name === name) this.exited(attach, null, null);
  }

  lose(): void {
    for (const name of [...this.#infos.keys()]) this.gone(name);
  }

  data(attach: number, offset: number, data: Buffer): void {
    const attachment = this.#attachments.get(attach);
    if (!attachment) return;
    attachment.held.push({ offset, data });
    this.#drain(attach, attachment);
  }

  exited(attach: number, code: number | null, signal: string | null): void {
    const attachment = this.#attachments.get(attach);
    if (!attachment || attachment.exit) return;
    attachment.exit = { code, signal };
    this.#drain(attach, attachment);
  }

  #drain(attach: number, attachment: Attachment): void {
    const { listeners } = attachment;
    while (!attachment.paused && this.#attachments.get(attach) === attachment) {
      const chunk = attachment.held.shift();
      if (!chunk) break;
      attachment.position = chunk.offset + chunk.data.length;
      this.#guard(() => listeners.onData(chunk.offset, chunk.data));
      this.#host.linkNow()?.notify({ type: "terminal-received", attach, bytes: chunk.data.length });
    }
    const { exit } = attachment;
    if (exit && attachment.held.length === 0 && this.#attachments.delete(attach)) {
      this.#guard(() => listeners.onExit(exit.code, exit.signal));
    }
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#host.onListenerError(error);
    }
  }
}
