export type { Kernelspec } from "../keeper/protocol.ts";
export type { KernelEvent } from "../keeper/records.ts";
export { RuntimeError, type RuntimeErrorCode } from "./error.ts";
export type { Kernel } from "./kernel.ts";
export { Runtime, type RuntimeOptions } from "./runtime.ts";
export type { TerminalHandle, Terminals } from "./terminals.ts";
