import { SshError } from "./error.ts";

export interface Target {
  readonly user: string | undefined;
  readonly host: string;
}

/**
 * `web1`, `ops@web1`, `ops@[2001:db8::1]`. What begins with `-` or holds other signs is refused: it could be an option
 * or an instruction wherever a name is handed on.
 */
export function parseTarget(text: string): Target {
  const match = /^(?:([^@\s]+)@)?(.+)$/.exec(text);
  const host = (match?.[2] ?? "").replace(/^\[(.*)\]$/, "$1");
  if (!isHostName(host) || (match?.[1] !== undefined && !isUserName(match[1]))) {
    throw new SshError("invalid-target", JSON.stringify(text), {
      message: "this is not a host; write web1 or user@web1",
    });
  }
  return { user: match?.[1], host };
}

export function isHostName(name: string): boolean {
  return /^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/.test(name) && name.length <= 255;
}

export function isUserName(name: string): boolean {
  return /^[A-Za-z0-9_.][A-Za-z0-9_.\\+-]*\$?$/.test(name) && name.length <= 255;
}
