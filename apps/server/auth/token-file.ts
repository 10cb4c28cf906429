import { open } from "node:fs/promises";
import { AuthError } from "./errors.ts";

const SHORTEST_TOKEN = 16;
const LARGEST_FILE = 4096;

/** Reads `--token-file`: one token, in a file that nobody but its owner may read. */
export async function readTokenFile(file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new AuthError("token-file-refused", `Token file ${file}: ${why}`, cause === undefined ? undefined : { cause });
  let text: string;
  try {
    await using handle = await open(file, "r");
    const stat = await handle.stat();
    if (!stat.isFile()) throw refuse("it is not a regular file.");
    if ((stat.mode & 0o077) !== 0) throw refuse(`others may read it. Run: chmod 600 ${file}`);
    if (stat.size > LARGEST_FILE) throw refuse("it is too large; it holds one token and nothing else.");
    text = (await handle.readFile("utf8")).trim();
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw refuse(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`, error);
  }
  if (text.length < SHORTEST_TOKEN || /\s/.test(text)) {
    throw refuse(`it must hold one token of at least ${SHORTEST_TOKEN} characters without spaces.`);
  }
  return text;
}
