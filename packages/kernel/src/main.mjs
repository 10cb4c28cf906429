#!/usr/bin/env node
import "./typescript-hook.mjs";

await import("./launch.ts");
