import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { startTestServer, type TestServer } from "../testing.ts";
import type { ContentsModel } from "./model.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

let outside: string;
beforeEach(async () => {
  outside = join(server.root, "..", "served-sibling");
  await mkdir(outside, { recursive: true });
  await writeFile(join(outside, "secret.txt"), "secret");
});

const api = (path: string) => `/api/contents/${path}`;
const parse = (body: string) => JSON.parse(body) as ContentsModel;
const put = (path: string, json: unknown) => server.as("editor", api(path), { method: "PUT", json });
const at = (...names: string[]) => join(server.root, ...names);

describe("paths", { timeout: 60_000 }, () => {
  const ESCAPES = [
    "..",
    "../served-sibling/secret.txt",
    "..%2fserved-sibling%2fsecret.txt",
    "%2e%2e/served-sibling/secret.txt",
    "a/../../served-sibling/secret.txt",
    "a%2f..%2f..%2fserved-sibling%2fsecret.txt",
    "..%5c..%5cetc%5cpasswd",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "a%00.txt",
    "....//secret.txt",
    ".",
    "%2e",
    "a//b",
  ];
  const HIDDEN = [".opsbook/auth.json", ".ssh/id_rsa", ".env", "a/.git/config", "%2eenv", ".opsbook"];

  for (const [method, json] of [
    ["GET", undefined],
    ["PUT", { type: "file", format: "text", content: "x" }],
    ["POST", { type: "file" }],
    ["PATCH", { path: "moved.txt" }],
    ["DELETE", undefined],
  ] as const) {
    it(`[T8] ${method} leads nowhere outside, and to nothing hidden`, async () => {
      await mkdir(at("a"), { recursive: true });
      await mkdir(at(".ssh"), { recursive: true });
      await writeFile(at(".ssh", "id_rsa"), "key");
      await writeFile(at(".env"), "A=1");
      for (const path of [...ESCAPES, ...HIDDEN]) {
        const answer = await server.as("editor", api(path), { method, json });
        assert.ok([400, 404].includes(answer.status), `${method} ${path}: ${answer.status} ${answer.body}`);
        assert.doesNotMatch(answer.body, /secret"|root:x|key"/);
      }
      assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), "secret");
      assert.equal(await readFile(at(".env"), "utf8"), "A=1");
    });
  }

  it("[T8] neither a rename nor a copy reaches out or hides", async () => {
    await put("here.txt", { type: "file", format: "text", content: "x" });
    for (const path of ["../out.txt", "/../out.txt", ".hidden", "a/../../out.txt", ".opsbook/x", "a\0b", "", "/"]) {
      const moved = await server.as("editor", api("here.txt"), { method: "PATCH", json: { path } });
      assert.ok([400, 404].includes(moved.status), `${path}: ${moved.status}`);
    }
    for (const from of ["../served-sibling/secret.txt", ".env", "/etc/passwd"]) {
      const copied = await server.as("editor", api(""), { method: "POST", json: { copy_from: from } });
      assert.ok([400, 404].includes(copied.status), `${from}: ${copied.status}`);
    }
  });

  it("[T8] links that lead out are not there, links inside are", async () => {
    await mkdir(at("real"), { recursive: true });
    await writeFile(at("real", "f.txt"), "inside");
    await symlink("/etc", at("etc"));
    await symlink(join(outside, "secret.txt"), at("out.txt"));
    await symlink("/nonexistent/new.txt", at("dangling.txt"));
    await symlink(at(".opsbook"), at("state"));
    await symlink("real", at("inner"));
    for (const path of ["etc/passwd", "etc", "out.txt", "dangling.txt", "state", "state/auth.json"]) {
      assert.equal((await server.as("viewer", api(path))).status, 404, path);
      assert.equal((await put(path, { type: "file", format: "text", content: "x" })).status, 404, path);
      assert.equal((await server.as("viewer", `/files/${path}`)).status, 404, path);
    }
    assert.equal(parse((await server.as("viewer", api("inner/f.txt"))).body).content, "inside");
    const listed = parse((await server.as("viewer", api(""))).body).content as ContentsModel[];
    const names = listed.map(({ name }) => name);
    assert.ok(names.includes("inner"));
    for (const name of ["etc", "out.txt", "dangling.txt", "state", ".opsbook"]) assert.ok(!names.includes(name), name);
    assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), "secret");
    await Promise.all(["etc", "out.txt", "dangling.txt", "state", "inner"].map((name) => unlink(at(name))));
  });

  it("[T8] a folder that is swapped for a link all the time never leads out", async () => {
    await mkdir(at("swap"), { recursive: true });
    await writeFile(at("swap", "secret.txt"), "inside");
    await mkdir(at("parked"), { recursive: true });
    let swapping = true;
    const swapper = (async () => {
      while (swapping) {
        await rename(at("swap"), at("parked", "swap"));
        await symlink(outside, at("swap"));
        await unlink(at("swap"));
        await rename(at("parked", "swap"), at("swap"));
      }
    })();
    for (let i = 0; i < 300; i += 1) {
      const read = await server.as("viewer", api("swap/secret.txt"));
      if (read.status === 200) assert.equal(parse(read.body).content, "inside");
      else assert.equal(read.status, 404);
      const wrote = await put("swap/secret.txt", { type: "file", format: "text", content: "inside" });
      assert.ok([200, 201, 404].includes(wrote.status), wrote.body);
    }
    swapping = false;
    await swapper;
    assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), "secret");
  });

  it("[T8] is decoded once: what is encoded twice is a name with percent signs", async () => {
    assert.equal((await put("%252e%252e%252fx", { type: "file", format: "text", content: "x" })).status, 201);
    assert.equal(await readFile(at("%2e%2e%2fx"), "utf8"), "x");
  });

  it("[T8] a file name is data, whatever is in it", async () => {
    const name = `<img src=x onerror=alert(1)> "q" & ${"é".repeat(20)}.txt`;
    const { status } = await put(encodeURIComponent(name), { type: "file", format: "text", content: "x" });
    assert.equal(status, 201);
    assert.equal(parse((await server.as("viewer", api(encodeURIComponent(name)))).body).name, name);
    assert.equal((await put("x".repeat(256), { type: "directory" })).status, 400);
  });
});

describe("reading", { timeout: 60_000 }, () => {
  it("tells text, base64, notebook and folder apart as Jupyter does", async () => {
    await writeFile(at("t.ts"), "let é = 1;\n");
    await writeFile(at("b.bin"), Buffer.from([0, 255, 1]));
    await writeFile(at("n.ipynb"), '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}');
    const text = parse((await server.as("viewer", `${api("t.ts")}?hash=1`)).body);
    assert.deepEqual(
      [text.type, text.format, text.content, text.size, text.hash_algorithm, text.mimetype],
      ["file", "text", "let é = 1;\n", 12, "sha256", "text/x-typescript"],
    );
    const binary = parse((await server.as("viewer", api("b.bin"))).body);
    assert.deepEqual([binary.type, binary.format, binary.content], ["file", "base64", "AP8B"]);
    const notebook = parse((await server.as("viewer", api("n.ipynb"))).body);
    assert.deepEqual([notebook.type, notebook.format], ["notebook", "json"]);
    assert.deepEqual(notebook.content, { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
    const asFile = parse((await server.as("viewer", `${api("n.ipynb")}?type=file&format=text`)).body);
    assert.deepEqual([asFile.type, typeof asFile.content], ["file", "string"]);
    const bare = parse((await server.as("viewer", `${api("n.ipynb")}?content=0`)).body);
    assert.deepEqual([bare.content, bare.format, bare.hash], [null, null, null]);
    assert.equal((await server.as("viewer", `${api("b.bin")}?format=text`)).status, 400);
    assert.equal((await server.as("viewer", `${api("t.ts")}?type=directory`)).status, 400);
  });

  it("does not hang on a named pipe", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    assert.equal((await server.as("viewer", api("pipe"))).status, 400);
    await unlink(at("pipe"));
  });

  it("says where an unreadable notebook is broken, and still gives its text", async () => {
    await writeFile(at("bad.ipynb"), '{"cells": [');
    const answer = await server.as("viewer", api("bad.ipynb"));
    assert.equal(answer.status, 400);
    assert.match(answer.body, /Unreadable Notebook: bad\.ipynb/);
    const raw = parse((await server.as("viewer", `${api("bad.ipynb")}?type=file&format=text`)).body);
    assert.equal(raw.content, '{"cells": [');
  });
});

describe("changing", { timeout: 60_000 }, () => {
  it("[part of 3.5-files] makes, copies, renames and deletes", async () => {
    const post = (path: string, json: unknown) => server.as("editor", api(path), { method: "POST", json });
    await put("work", { type: "directory" });
    const names = [];
    for (const json of [
      { type: "notebook" },
      { type: "notebook" },
      { type: "file", ext: ".md" },
      { type: "directory" },
    ]) {
      names.push(parse((await post("work", json)).body).path);
    }
    assert.deepEqual(names, [
      "work/Untitled.ipynb",
      "work/Untitled1.ipynb",
      "work/untitled.md",
      "work/Untitled Folder",
    ]);
    assert.equal(
      parse((await post("work", { copy_from: "work/Untitled.ipynb" })).body).path,
      "work/Untitled-Copy.ipynb",
    );
    assert.equal(parse((await post("", { copy_from: "work/untitled.md" })).body).path, "untitled.md");

    const move = (from: string, path: string) => server.as("editor", api(from), { method: "PATCH", json: { path } });
    assert.equal((await move("work/untitled.md", "work/Untitled.ipynb")).status, 409);
    assert.equal((await move("work", "work/inside")).status, 400);
    assert.equal(parse((await move("work/untitled.md", "notes.md")).body).path, "notes.md");
    assert.equal((await move("work/untitled.md", "x.md")).status, 404);

    const remove = (path: string) => server.as("editor", api(path), { method: "DELETE" });
    assert.equal((await remove("work")).status, 400);
    assert.equal((await remove("notes.md")).status, 204);
    assert.equal((await remove("notes.md")).status, 404);
    assert.equal((await remove("work/Untitled%20Folder")).status, 204);
    assert.equal((await remove("")).status, 400);
  });

  it("[P2] a save replaces the file as a whole, mode kept, nothing left beside it", async () => {
    await writeFile(at("m.sh"), "old");
    await chmod(at("m.sh"), 0o640);
    await link(at("m.sh"), at("old.sh"));
    assert.equal((await put("m.sh", { type: "file", format: "base64", content: "bmV3" })).status, 200);
    assert.equal(await readFile(at("m.sh"), "utf8"), "new");
    assert.equal(await readFile(at("old.sh"), "utf8"), "old");
    assert.equal((await stat(at("m.sh"))).mode & 0o777, 0o640);
    assert.deepEqual(
      (await readdir(server.root)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("refuses content that is not what it says", async () => {
    assert.equal((await put("x.bin", { type: "file", format: "base64", content: "not base64!" })).status, 400);
    assert.equal((await put("x.ipynb", { type: "notebook", format: "json", content: "text" })).status, 400);
    assert.equal((await put("no/such/folder/x.txt", { type: "file", format: "text", content: "x" })).status, 404);
    await mkdir(at("dir"), { recursive: true });
    assert.equal((await put("dir", { type: "file", format: "text", content: "x" })).status, 400);
  });

  it("keeps a checkpoint and brings it back", async () => {
    await put("c.txt", { type: "file", format: "text", content: "one" });
    const made = await server.as("editor", api("c.txt/checkpoints"), { method: "POST" });
    assert.equal(made.status, 201);
    const { id } = JSON.parse(made.body) as { id: string };
    await put("c.txt", { type: "file", format: "text", content: "two" });
    const restored = await server.as("editor", api(`c.txt/checkpoints/${id}`), { method: "POST" });
    assert.equal(restored.status, 204, restored.body);
    assert.equal(await readFile(at("c.txt"), "utf8"), "one");
    const all = JSON.parse((await server.as("viewer", api("c.txt/checkpoints"))).body) as { reason: string }[];
    assert.deepEqual(
      all.map(({ reason }) => reason),
      ["api", "restore"],
    );
    assert.equal((await server.as("editor", api(`c.txt/checkpoints/${id}`), { method: "DELETE" })).status, 204);
    assert.equal((await server.as("editor", api(`c.txt/checkpoints/${id}`), { method: "POST" })).status, 404);
  });

  it("[part of 3.5-snapshots] keeps named checkpoints of a notebook, restores one through its session, tells what happened", async () => {
    const made = parse((await server.as("editor", api(""), { method: "POST", json: { type: "notebook" } })).body);
    const checkpoints = api(`${made.path}/checkpoints`);
    const named = await server.as("editor", checkpoints, { method: "POST", json: { name: "good", message: "before" } });
    assert.equal(named.status, 201, named.body);
    const { id } = JSON.parse(named.body) as { id: string };
    assert.equal((await server.as("runner", checkpoints, { method: "POST", json: { name: "mine" } })).status, 403);
    assert.equal((await server.as("runner", checkpoints, { method: "POST", json: { reason: "restart" } })).status, 201);
    assert.equal((await server.as("viewer", checkpoints, { method: "POST" })).status, 403);
    const before = await readFile(at(made.path), "utf8");
    const notebook = JSON.parse(before) as { cells: unknown[] };
    notebook.cells = [{ cell_type: "markdown", id: "other", metadata: {}, source: "other" }];
    await put(made.path, { type: "notebook", format: "json", content: notebook });

    const version = (name: string) => server.as("viewer", `/api/opsbook/versions/${name}/${made.path}`);
    const { id: sessionId } = await server.sessions.openSession(made.path);
    assert.match((await version("now")).body, /"other"/);
    assert.match((await version("saved")).body, /"other"/);
    assert.equal((await version(id)).body, before);
    const ours = `/api/opsbook/checkpoints/${id}/${made.path}`;
    const restored = await server.as("editor", ours, { method: "POST", json: {} });
    assert.equal(restored.status, 200, restored.body);
    assert.equal((await version("now")).body, before);
    assert.equal((await server.as("editor", `${checkpoints}/${id}`, { method: "POST" })).status, 204);
    const way = (JSON.parse(restored.body) as { before: string }).before;
    assert.match((await version(way)).body, /"other"/);

    const renamed = await server.as("editor", `${checkpoints}/${id}`, { method: "PATCH", json: { name: "better" } });
    assert.equal((JSON.parse(renamed.body) as { name: string }).name, "better");
    const timeline = await server.as("viewer", `/api/opsbook/sessions/${sessionId}/timeline`);
    type Told = { kind: string; label?: string; by: { name: string } | null };
    const { events } = JSON.parse(timeline.body) as { events: Told[] };
    assert.deepEqual(
      events.filter(({ kind, label }) => kind === "version" && label === "good").map(({ by }) => by?.name),
      ["editor", "editor"],
    );
    assert.equal((await version("head")).status, 404);
    assert.equal((await version("nonsense")).status, 404);
    await server.as("editor", api(made.path), { method: "DELETE" });
  });

  it("an open notebook goes along with its rename and ends with its file", async () => {
    const made = parse((await server.as("editor", api(""), { method: "POST", json: { type: "notebook" } })).body);
    await server.as("editor", "/api/opsbook/sessions", { method: "POST", json: { path: made.path } });
    assert.ok(server.sessions.byPath(made.path));
    await server.as("editor", api(made.path), { method: "PATCH", json: { path: "renamed.ipynb" } });
    assert.equal(server.sessions.byPath(made.path), undefined);
    assert.ok(server.sessions.byPath("renamed.ipynb"));
    assert.equal((await server.as("editor", api("renamed.ipynb"), { method: "DELETE" })).status, 204);
    assert.equal(server.sessions.byPath("renamed.ipynb"), undefined);
    await assert.rejects(stat(at("renamed.ipynb")));
    await assert.rejects(stat(at(made.path)));
  });
});

describe("downloads", { timeout: 60_000 }, () => {
  it("[T7] whatever a file is, it comes as an attachment without rights", async () => {
    for (const name of ["x.svg", "x.js", "x.html", "x.txt"]) {
      await writeFile(at(name), "<script>alert(1)</script>");
      const { headers, status } = await server.as("viewer", `/files/${name}`);
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/octet-stream");
      assert.match(headers["content-disposition"] ?? "", /^attachment; filename=x\./);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.match(headers["content-security-policy"] ?? "", /^sandbox;/);
    }
    for (const dest of ["script", "style", "worker", "serviceworker", "object", "embed"]) {
      const headers = { "sec-fetch-dest": dest, "sec-fetch-site": "same-origin" };
      assert.equal((await server.as("viewer", "/files/x.js", { headers })).status, 403, dest);
    }
  });

  it("give a range, and say when there is none such", async () => {
    await writeFile(at("r.txt"), "0123456789");
    const get = (range: string) => server.as("viewer", "/files/r.txt", { headers: { range } });
    const part = await get("bytes=2-4");
    assert.deepEqual([part.status, part.body, part.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
    assert.equal((await get("bytes=-3")).body, "789");
    assert.equal((await get("bytes=20-")).status, 416);
    assert.equal((await get("bytes=0-1,3-4")).body, "0123456789");
    await writeFile(at("empty.txt"), "");
    assert.equal((await server.as("viewer", "/files/empty.txt")).status, 200);
    await rm(at("empty.txt"));
  });
});
