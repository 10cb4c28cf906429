export type { Kernelspec, TerminalInfo } from "../keeper/protocol.ts";
export type { KernelEvent } from "../keeper/records.ts";
export { RuntimeError, type RuntimeErrorCode } from "./error.ts";
export type { ExecuteRequest, Kernel } from "./kernel.ts";
export { Runtime, type RuntimeOptions } from "./runtime.ts";
export type { TerminalHandle, TerminalListeners, Terminals } from "./terminals.ts";
