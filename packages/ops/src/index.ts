export * from "./core/index.ts";
export * from "./files/index.ts";
export * from "./http/index.ts";
export { local } from "./local.ts";
export * from "./sh/index.ts";
export * from "./ssh/index.ts";
