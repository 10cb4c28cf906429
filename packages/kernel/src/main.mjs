#!/usr/bin/env node
import { Worker } from "node:worker_threads";
import { enableCache } from "./compile-cache.mjs";

// The worker first of all: it starts and loads its libraries while this thread loads its own.
const worker = new Worker(new URL("./worker/start.mjs", import.meta.url));
enableCache();
await import("./typescript-hook.mjs");
const { launch } = await import("./launch.ts");
await launch(worker);
