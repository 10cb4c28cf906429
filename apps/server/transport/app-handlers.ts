import { HttpError } from "./errors.ts";
import { sendNotBuiltPage } from "./pages.ts";
import type { Call, PublicCall, Services } from "./services.ts";

export function appHandlers(services: Services) {
  const { web } = services;
  return {
    async index({ res }: Call) {
      if (!(await web.sendIndex(res))) sendNotBuiltPage(res);
    },

    /** The code of the app is no secret, and the login page's neighbours must load without a cookie. */
    async asset({ req, res }: PublicCall) {
      if (!(await web.sendAsset(req.path, req, res))) {
        throw new HttpError("not-found", `There is nothing at ${req.path}.`);
      }
    },

    version({ res }: PublicCall) {
      res.json({ version: services.version });
    },

    status({ res }: Call) {
      res.json({
        started: services.startedAt.toISOString(),
        last_activity: new Date().toISOString(),
        connections: services.socketCount(),
        kernels: services.runtime.kernels().length,
      });
    },

    healthz({ res }: PublicCall) {
      res.json({ status: "ok" });
    },

    /** Prometheus text format 0.0.4. */
    metrics({ res }: Call) {
      const gauges: [name: string, help: string, value: number][] = [
        ["opsbook_sessions", "Open notebooks.", services.sessions.list().length],
        ["opsbook_kernels", "Running kernels.", services.runtime.kernels().length],
        ["opsbook_terminals", "Running terminals.", services.runtime.terminals.list().length],
        ["opsbook_sockets", "Open WebSockets.", services.socketCount()],
        ["process_resident_memory_bytes", "Resident memory.", process.memoryUsage.rss()],
        ["process_start_time_seconds", "Start, Unix time.", services.startedAt.getTime() / 1000],
      ];
      const lines = gauges.map(
        ([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`,
      );
      res.type("text/plain; version=0.0.4").send(lines.join(""));
    },
  };
}
