export * from "./apply/index.ts";
export * from "./derive.ts";
export * from "./operations.ts";
export * from "./permissions.ts";
export * from "./source-hash.ts";
export * from "./state.ts";
export * from "./text.ts";
export * from "./wire.ts";
