import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "./errors.ts";

/** In a file, or as a text behind `--set`. */
const flag = z.union([z.boolean(), z.enum(["true", "false"])], { error: "takes true or false" });

const schema = z.strictObject({
  "log.level": z.enum(["debug", "info", "warn", "error"]).default("info"),
  /** Days a login lasts. */
  "login.days": z.coerce.number().int().min(1).max(365).default(14),
  /** What happens to kernels and terminals when the server stops. */
  "kernels.onStop": z.enum(["keep", "end"]).default("keep"),
  /** Options of the TypeScript kernel, which reads the files itself and is given the flags. */
  "kernel.autoDisplay": flag.optional(),
  "kernel.timing": flag.optional(),
  /** Minutes of change after which a notebook's checkpoint is made by itself; 0 for never. */
  "checkpoints.minutes": z.coerce.number().int().min(0).max(1440).default(10),
  /** Of those that nobody named: days within which one an hour is kept, and then one a day. */
  "checkpoints.hourlyDays": z.coerce.number().int().min(0).max(365).default(2),
  "checkpoints.dailyDays": z.coerce.number().int().min(1).max(3650).default(30),
  /** MiB of full-length text of one notebook's outputs, and of all outputs of the folder. */
  "outputs.notebookMiB": z.coerce.number().int().min(16).default(2048),
  "outputs.folderMiB": z.coerce.number().int().min(64).default(10_240),
  /** Days that outputs no notebook refers to are kept. */
  "outputs.keepDays": z.coerce.number().int().min(0).max(3650).default(30),
});
export type Settings = z.infer<typeof schema>;

/** The user's file, then the folder's, then `--set`: the later wins. */
export function readSettings(stateDir: string, sets: readonly string[]): Settings {
  const home = process.env.XDG_CONFIG_HOME || join(homedir(), ".config");
  const merged = { ...readFile(join(home, "opsbook", "config.json")), ...readFile(join(stateDir, "config.json")) };
  for (const set of sets) {
    const equals = set.indexOf("=");
    if (equals < 1) throw new UsageError(`--set wants key=value, not ${set}.`);
    merged[set.slice(0, equals)] = set.slice(equals + 1);
  }
  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const known = Object.keys(schema.shape).join(", ");
  const what = issue?.code === "unrecognized_keys" ? `there is no setting ${issue.keys.join(", ")}` : undefined;
  throw new UsageError(`${what ?? `setting ${issue?.path.join(".")}: ${issue?.message}`}. The settings are: ${known}.`);
}

function readFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`${file} is not a JSON object of settings.`, { cause });
  }
}
