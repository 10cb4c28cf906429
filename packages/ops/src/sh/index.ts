export { Command, type EnvironmentChanges } from "./command.ts";
export { Pipeline } from "./pipeline.ts";
export { quotePosix } from "./quote.ts";
export { CommandError, type CommandErrorReason, type CommandResult } from "./result.ts";
export type { StdinSource } from "./run.ts";
export { createSh, type Sh, type ShellOptions, sh } from "./sh.ts";
export type { Argument, TemplateValue } from "./template.ts";
