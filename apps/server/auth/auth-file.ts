import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

const roleSchema = z.enum(["viewer", "runner", "editor", "admin"]);
const accountSchema = z.strictObject({ id: z.string(), name: z.string(), role: roleSchema });
const loginSchema = z.strictObject({
  /** SHA-256 of the cookie's value. */
  hash: z.string(),
  userId: z.string(),
  createdAt: z.number(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
});
export const authStateSchema = z.strictObject({
  version: z.literal(1),
  users: z.array(accountSchema),
  sessions: z.array(loginSchema),
});
export type AuthState = z.infer<typeof authStateSchema>;
export type Account = z.infer<typeof accountSchema>;
export type Login = z.infer<typeof loginSchema>;

/** `unreadable`: the file was set aside under the name given; people log in again by a fresh URL. */
export async function loadAuthState(file: string): Promise<{ state: AuthState; unreadable?: string }> {
  const empty: AuthState = { version: 1, users: [], sessions: [] };
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: empty };
    throw error;
  }
  try {
    return { state: authStateSchema.parse(JSON.parse(text)) };
  } catch {
    const aside = `${file}.unreadable`;
    await rename(file, aside);
    return { state: empty, unreadable: aside };
  }
}

export async function saveAuthState(file: string, state: AuthState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    {
      await using handle = await open(temporary, "wx", 0o600);
      await handle.writeFile(`${JSON.stringify(state, null, 1)}\n`);
      await handle.sync();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
