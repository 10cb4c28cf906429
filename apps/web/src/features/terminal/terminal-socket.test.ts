import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { TerminalSocket, type TerminalSocketOptions, type TerminalState } from "./terminal-socket.ts";

/** Against the real server and real shells, through a wire that can be cut. */

const OPSBOOK = fileURLToPath(new URL("../../../../server/opsbook.mjs", import.meta.url));
const TOKEN = "t".repeat(40);
const PATIENCE_MS = 20_000;

class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Refuses new connections while it is down. */
  down = false;

  constructor(target: number) {
    this.#server = createServer((near) => {
      if (this.down) {
        near.destroy();
        return;
      }
      const far = dial(target, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Node's WebSocket can send headers, which a browser's cannot: programs log in by token where people have a cookie. */
class TokenWebSocket extends WebSocket {
  constructor(url: string | URL) {
    super(url, { headers: { Authorization: `token ${TOKEN}` } } as unknown as string[]);
  }
}

let server: ChildProcess;
let folder: string;
let base: string;
let wire: Wire;
let wireBase: string;
const browserSocket = globalThis.WebSocket;

async function api(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { Authorization: `token ${TOKEN}`, "Content-Type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

async function newShell(): Promise<string> {
  const answer = (await api("POST", "api/opsbook/terminals", { cols: 80, rows: 24 })) as { name: string };
  return answer.name;
}

interface Client extends Disposable {
  socket: TerminalSocket;
  text: () => string;
  gaps: () => number;
  states: TerminalState["kind"][];
  /** Resolves with the first state that fits, this one included. */
  until: (fits: (state: TerminalState) => boolean) => Promise<TerminalState>;
  /** Resolves once the text from `from` on holds `words`. */
  sees: (words: string | RegExp) => Promise<void>;
}

function attach(name: string, extra: Partial<TerminalSocketOptions> = {}): Client {
  const decoder = new TextDecoder();
  let text = "";
  const states: TerminalState["kind"][] = [];
  const wishes = new Set<() => void>();
  let gaps = 0;
  let last: TerminalState = { kind: "connecting" };
  const look = (): void => {
    for (const wish of wishes) wish();
  };
  const socket = new TerminalSocket({
    url: new URL(`${wireBase.replace("http", "ws")}api/opsbook/terminals/${name}/socket`),
    onData: (bytes, { done }) => {
      text += decoder.decode(bytes, { stream: true });
      done();
      look();
    },
    onGap: () => {
      gaps += 1;
      text = "";
    },
    onState: (state) => {
      last = state;
      states.push(state.kind);
      look();
    },
    exists: async () =>
      (await fetch(`${base}api/terminals/${name}`, { headers: { Authorization: `token ${TOKEN}` } })).ok,
    writable: true,
    fresh: true,
    retryMs: 10,
    ...extra,
  });
  const wait = (fits: () => boolean, what: () => string): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        wishes.delete(wish);
        reject(new Error(`never came: ${what()}; state ${last.kind}; the last of it: ${text.slice(-300)}`));
      }, PATIENCE_MS);
      const wish = (): void => {
        if (!fits()) return;
        clearTimeout(timer);
        wishes.delete(wish);
        resolve();
      };
      wishes.add(wish);
      wish();
    });
  return {
    socket,
    text: () => text,
    gaps: () => gaps,
    states,
    until: async (fits) => {
      await wait(
        () => fits(last),
        () => String(fits),
      );
      return last;
    },
    sees: (words) =>
      wait(
        () => (typeof words === "string" ? text.includes(words) : words.test(text)),
        () => String(words),
      ),
    [Symbol.dispose]: () => socket.dispose(),
  };
}

const online = (state: TerminalState): boolean => state.kind === "online";
const type = (client: Client, line: string): void => {
  assert.ok(client.socket.send(new TextEncoder().encode(line)));
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsbook-terminal-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, TOKEN, { mode: 0o600 });
  const args = [OPSBOOK, "serve", folder, "--port", "0", "--token-file", tokenFile, "--set", "kernels.onStop=end"];
  const env = { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, "state"), ENV: "", PS1: "$ ", HISTFILE: "" };
  server = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  for await (const chunk of server.stdout ?? []) {
    printed += String(chunk);
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed)?.[0];
    if (!url) continue;
    base = url;
    break;
  }
  wire = new Wire(Number(new URL(base).port));
  wireBase = `http://127.0.0.1:${await wire.listen()}/`;
  globalThis.WebSocket = TokenWebSocket as unknown as typeof WebSocket;
});

after(async () => {
  globalThis.WebSocket = browserSocket;
  await wire.close();
  const gone = once(server, "exit");
  server.kill("SIGTERM");
  await gone;
  await rm(folder, { recursive: true, force: true });
});

describe("a terminal's connection", () => {
  it("types, shows what comes and tells the shell its size", async () => {
    using client = attach(await newShell());
    await client.until(online);
    client.socket.resize(101, 31);
    type(client, "stty size; echo a$((1+1))b\n");
    await client.sees("a2b");
    assert.match(client.text(), /31 101/);
  });

  it("loses and doubles nothing over cuts of the wire", async () => {
    using client = attach(await newShell());
    await client.until(online);
    // The last line is written so that its echo is not the line itself.
    type(client, "PS1=; stty -echo; for i in $(seq 1 600); do echo line-$i; sleep 0.0005; done; echo done-$((40+2))\n");
    for (const at of [50, 200, 350, 500]) {
      await client.sees(`line-${at}\r\n`);
      wire.cut();
      await client.until((state) => state.kind === "offline");
      await client.until(online);
    }
    await client.sees("done-42");
    const lines = client.text().match(/line-\d+/g) ?? [];
    const expected = Array.from({ length: 600 }, (_, index) => `line-${index + 1}`);
    assert.deepEqual(lines.slice(-600), expected);
    assert.equal(client.gaps(), 0);
  });

  it("takes megabytes with the flow controlled by its acknowledgements", async () => {
    using client = attach(await newShell());
    await client.until(online);
    // Octal for Q, which is then in no echo of the line.
    type(client, "head -c 6000000 /dev/zero | tr '\\0' '\\121'; echo; echo done-$((40+2))\n");
    await client.sees("done-42");
    assert.equal(client.text().split("Q").length - 1, 6_000_000);
  });

  it("says so when the server kept less than was missed", async () => {
    const name = await newShell();
    using client = attach(name);
    await client.until(online);
    const flood = "head -c 3000000 /dev/zero | tr '\\0' y";
    type(client, `stty -echo; PS1=; echo begin-$((40+2)); read go; ${flood}; echo done-$((40+3))\n`);
    await client.sees("begin-42");
    wire.down = true;
    wire.cut();
    await client.until((state) => state.kind === "offline");
    using colleague = attach(name, {
      url: new URL(`${base.replace("http", "ws")}api/opsbook/terminals/${name}/socket`),
    });
    await colleague.until(online);
    type(colleague, "now\n");
    await colleague.sees("done-43");
    wire.down = false;
    await client.sees("done-43");
    assert.equal(client.gaps(), 1);
    assert.ok(client.text().length <= 1024 * 1024);
  });

  it("shows how the shell ended and does not come back", async () => {
    using client = attach(await newShell());
    await client.until(online);
    type(client, "exit 3\n");
    assert.deepEqual(await client.until((state) => state.kind === "exited"), { kind: "exited", code: 3, signal: null });
    wire.cut();
    assert.equal(client.socket.send(new Uint8Array([97])), false);
    assert.equal(client.states.at(-1), "exited");
  });

  it("ends for a terminal that is not there", async () => {
    using client = attach("no-such-one");
    assert.equal((await client.until((state) => state.kind === "closed")).kind, "closed");
  });

  it("keeps what is typed while a terminal just made is being connected to", async () => {
    using client = attach(await newShell());
    assert.equal(client.socket.state.kind, "connecting");
    assert.equal(client.socket.send(new TextEncoder().encode("echo e$((1+1))rly\n")), true);
    await client.sees("e2rly");
  });

  it("sends no key that was pressed while it was away", async () => {
    using client = attach(await newShell());
    await client.until(online);
    wire.down = true;
    wire.cut();
    await client.until((state) => state.kind === "offline");
    assert.equal(client.socket.send(new TextEncoder().encode("echo never\n")), false);
    wire.down = false;
    await client.until(online);
    type(client, "echo o$((1+1))k\n");
    await client.sees("o2k");
    assert.doesNotMatch(client.text(), /never/);
  });
});
