import { TOKEN_PATTERN } from "./tokens.ts";

const MASK = "[token]";
/** `token=…` in URLs and forms, `Authorization: …` in header dumps (JSON or plain). */
const QUERY_TOKEN = /(\btoken(?:=|%3D))[^\s&"'\\#;]+/gi;
const AUTHORIZATION = /(\bauthorization"?\s*:\s*"?)(?:(?:token|bearer|basic)\s+)?[^\s"'\\,}]+/gi;
/** Shorter texts would mask half of every log line. */
const SHORTEST_SECRET = 8;

/** The one filter between the program and its logs. */
export class Scrubber {
  readonly #secrets = new Set<string>();

  /** A secret that we did not make and whose shape is therefore unknown. */
  add(secret: string): void {
    if (secret.length >= SHORTEST_SECRET) this.#secrets.add(secret);
  }

  scrub(text: string): string {
    let clean = text.replace(TOKEN_PATTERN, MASK);
    for (const secret of this.#secrets) {
      clean = clean.replaceAll(secret, MASK).replaceAll(encodeURIComponent(secret), MASK);
    }
    return clean.replace(QUERY_TOKEN, `$1${MASK}`).replace(AUTHORIZATION, `$1${MASK}`);
  }
}
