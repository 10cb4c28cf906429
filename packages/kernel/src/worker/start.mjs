import "../typescript-hook.mjs";

await import("./main.ts");
