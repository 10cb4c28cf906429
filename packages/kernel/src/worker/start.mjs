import { enableCache } from "../compile-cache.mjs";

enableCache();
await import("../typescript-hook.mjs");
await import("./main.ts");
