import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { findProgram } from "./missing.ts";
import { freePort, untilListening } from "./ports.ts";

export interface Nginx extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** `root` for files, and where `access.log` lies. */
  readonly folder: string;
  readonly log: () => string;
}

/** What a test says about its server; `listen` is added. */
export interface NginxConfig {
  /** The inside of `server { … }`. `@FOLDER@` stands for the server's own folder. */
  readonly server: string;
  /** Adds `ssl` to `listen` and makes the URL `https`. */
  readonly tls?: boolean;
  /** Files to put into the folder first, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A real nginx on the loopback address, in the foreground and in a folder of its own. */
export async function startNginx(config: NginxConfig): Promise<Nginx> {
  const program = findProgram("nginx", "nginx-light");
  const folder = mkdtempSync(join(tmpdir(), "opsbook-nginx-"));
  try {
    for (const [name, content] of Object.entries(config.files ?? {})) {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
    }
    const port = await freePort();
    const file = join(folder, "nginx.conf");
    writeFileSync(file, configuration({ ...config, folder, port }));
    const daemon = startDaemon(program, ["-p", folder, "-c", file, "-e", "stderr"], folder);
    try {
      await untilListening(port, daemon.alive);
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    return {
      port,
      url: `${config.tls === true ? "https" : "http"}://127.0.0.1:${port}`,
      folder,
      log: daemon.log,
      async [Symbol.asyncDispose]() {
        await daemon[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function configuration(config: NginxConfig & { readonly folder: string; readonly port: number }): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  // nginx-light leaves some modules out, and a directive of a missing module is an error.
  const temporary = paths.filter((name) => name === "client_body" || name === "proxy" || name === "fastcgi");
  return `
${process.getuid?.() === 0 ? `user ${userInfo().username};` : ""}
daemon off;
pid ${config.folder}/nginx.pid;
worker_processes 1;
error_log stderr warn;
events {}
http {
  access_log ${config.folder}/access.log;
  ${temporary.map((name) => `${name}_temp_path ${config.folder}/${name};`).join("\n  ")}
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${config.port}${config.tls === true ? " ssl" : ""};
    ${config.server.replaceAll("@FOLDER@", config.folder)}
  }
}
`;
}
