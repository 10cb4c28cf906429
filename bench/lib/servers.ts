/** The servers that pages are loaded from, each with folders of its own that go when it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { freePort, untilListening } from "../../scripts/components/ports.ts";
import { NODE, ROOT } from "./peers.ts";

/** Milliseconds a server may take to end by itself. */
const END_LIMIT = 15_000;

export interface Served extends AsyncDisposable {
  /** With a slash at the end. */
  url: string;
  /** Logs in whoever opens it; may work once only. */
  loginUrl: string;
  /** The served folder. */
  root: string;
}

/** `more`: further arguments of `opsbook serve`. */
export async function startOpsbook(more: readonly string[] = []): Promise<Served & { pid: number }> {
  const home = await mkdtemp(join(tmpdir(), "opsbook-bench-"));
  const root = join(home, "notebooks");
  await mkdir(root);
  const server = join(ROOT, "apps/server/opsbook.mjs");
  const child = spawn(NODE, [server, "serve", root, "--port", "0", "--set", "kernels.onStop=end", "--json", ...more], {
    env: { ...process.env, XDG_STATE_HOME: join(home, "state"), XDG_CONFIG_HOME: join(home, "config") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = owner(child, home);
  try {
    const line = await firstLine(child);
    const { loginUrl, localUrl } = z.object({ loginUrl: z.url(), localUrl: z.url() }).parse(JSON.parse(line));
    const pid = child.pid ?? 0;
    return { url: new URL("/", localUrl).href, loginUrl, root, pid, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function startJupyterLab(python: string): Promise<Served> {
  const home = await mkdtemp(join(tmpdir(), "jupyterlab-bench-"));
  const root = join(home, "notebooks");
  await mkdir(root);
  const settings = join(home, "settings");
  // Its question whether to fetch news would lie over the page.
  const apputils = join(settings, "@jupyterlab/apputils-extension");
  await mkdir(apputils, { recursive: true });
  await writeFile(join(apputils, "notification.jupyterlab-settings"), '{ "fetchNews": "false" }');
  const port = await freePort();
  const token = crypto.randomUUID();
  const child = spawn(
    python,
    ["-m", "jupyter", "lab", "--no-browser", "--allow-root", `--port=${port}`, `--ServerApp.root_dir=${root}`].concat(
      `--IdentityProvider.token=${token}`,
    ),
    {
      env: {
        ...process.env,
        HOME: home,
        JUPYTER_CONFIG_DIR: join(home, "config"),
        JUPYTER_DATA_DIR: join(home, "data"),
        JUPYTER_RUNTIME_DIR: join(home, "runtime"),
        JUPYTERLAB_SETTINGS_DIR: settings,
        JUPYTERLAB_WORKSPACES_DIR: join(home, "workspaces"),
        IPYTHONDIR: join(home, "ipython"),
      },
      stdio: "ignore",
    },
  );
  const stop = owner(child, home);
  try {
    await untilListening(port, () => {
      if (child.exitCode !== null) throw new Error(`JupyterLab ended with ${child.exitCode}`);
    });
    const url = `http://127.0.0.1:${port}/`;
    return { url, loginUrl: `${url}lab?token=${token}`, root, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function owner(child: ChildProcess, home: string): () => Promise<void> {
  return async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), END_LIMIT);
      await ended;
      clearTimeout(timer);
    }
    // Kernels may write their last words for a moment yet.
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (stream === child.stdout && said.includes("\n"))
        resolve(said.split("\n").find((line) => line.startsWith("{")) ?? said);
    });
  child.once("exit", (code) => reject(new Error(`The server ended with ${code}:\n${said}`)));
  return promise;
}

/** Resolves when the address answers with a page. @throws Error for any other answer */
export async function answering(url: string): Promise<void> {
  const response = await fetch(url);
  await response.text();
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
}
