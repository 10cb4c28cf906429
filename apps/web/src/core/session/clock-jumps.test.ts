import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FaultProxy } from "./testing/fault-proxy.ts";
import { converged, LiveClient, until } from "./testing/live-client.ts";
import { OpsbookProcess } from "./testing/opsbook-process.ts";

/** libfaketime, of the Debian package of that name. */
const FAKETIME = ["/usr/lib", "/usr/lib64"]
  .flatMap((folder) => (existsSync(folder) ? [folder, ...readdirSync(folder).map((name) => join(folder, name))] : []))
  .map((folder) => join(folder, "faketime/libfaketime.so.1"))
  .find(existsSync);

describe("a clock that jumps", { timeout: 280_000 }, () => {
  const skip = FAKETIME === undefined && "libfaketime is not installed (apt-get install libfaketime)";
  it("[P14] three hours ahead and back: sessions, logins, order, output, timers and saving go on", {
    skip,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "opsbook-clock-"));
    const clock = join(folder, "clock");
    const jump = (hours: number) => writeFileSync(clock, `${hours < 0 ? "" : "+"}${hours * 3600}`);
    jump(0);
    await using server = await OpsbookProcess.start({
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    await using proxy = await FaultProxy.start(server);
    const id = await server.open();
    using client = new LiveClient(id, proxy.port);
    await client.online();
    let drops = 0;
    client.session.store.subscribe(({ connection }) => {
      if (connection !== "online") drops += 1;
    });
    const { url } = (await server.json("POST", "/api/opsbook/login-links", { role: "editor" })) as { url: string };
    const printing = await client.run(
      `const fs = await import("node:fs");
       for (let n = 0; !fs.existsSync(${JSON.stringify(server.file("enough"))}); n++) { console.log(n); await new Promise((r) => setTimeout(r, 10)); }`,
    );
    const times: number[] = [];
    let cookie = "";
    for (const hours of [0, 3, -3, 3, 0]) {
      jump(hours);
      // Output goes on, an edit is accepted, the file is written; none of them waits for a clock to catch up.
      const shown = client.shownText(printing).length;
      await until(() => client.shownText(printing).length > shown + 100);
      const note = client.insert(`at ${hours}`, "markdown");
      await until(() => server.notebook()?.cells.some(({ id: cellId }) => cellId === note) === true);
      const edited = client.state.notebook.cells.find((cell) => cell.id === note)?.editedAt ?? 0;
      times.push(Math.round((edited - Date.now()) / 3_600_000) + 0);
      // A link made before the jump logs in after it, and the login lives through the others.
      if (hours === 3 && cookie === "") cookie = await login(server, url);
      if (cookie !== "") assert.equal(await statusWith(server, cookie), 200);
    }
    assert.deepEqual(times, [0, 3, -3, 3, 0], "the server's clock really jumped");
    writeFileSync(server.file("enough"), "");
    await client.ended(printing);
    assert.equal(client.status(printing), "ok");
    assert.equal(drops, 0);
    await converged([client], () => new LiveClient(id, proxy.port), "after the jumps");
    const text = client.shownText(printing);
    const count = text.split("\n").length - 1;
    assert.equal(text, Array.from({ length: count }, (_, n) => `${n}\n`).join(""));
    rmSync(folder, { recursive: true, force: true });
  });
});

async function login(server: OpsbookProcess, url: string): Promise<string> {
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get("token") ?? "";
  const response = await fetch(`http://127.0.0.1:${server.port}/login`, {
    method: "POST",
    redirect: "manual",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      Origin: `http://127.0.0.1:${server.port}`,
    },
    body: new URLSearchParams({ token, name: "Ada", next: "/" }),
  });
  assert.equal(response.status, 303, await response.text());
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

async function statusWith(server: OpsbookProcess, cookie: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${server.port}/api/me`, { headers: { Cookie: cookie } })).status;
}
