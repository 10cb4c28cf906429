#!/usr/bin/env node
import "./typescript-hook.mjs";

// Only this file goes through Node's own type stripping; main.mjs is the same start without it.
await import("./launch.ts");
