import { readFileSync } from "node:fs";
import type { AnyAuthMethod } from "ssh2";
import { messageOf } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { SshError } from "./error.ts";
import type { ResolvedTarget } from "./options.ts";

export type Ssh2 = typeof import("ssh2");

/** What is offered to the host, in order: the agent, keys, and a password only if one was given. */
export function authenticationMethods(ssh2: Ssh2, target: ResolvedTarget): AnyAuthMethod[] {
  const username = target.user;
  const methods: AnyAuthMethod[] = [];
  if (target.agent !== undefined) methods.push({ type: "agent", username, agent: target.agent });
  const passphrase = target.passphrase?.reveal();
  const offer = (key: string) =>
    methods.push({ type: "publickey", username, key, ...(passphrase === undefined ? {} : { passphrase }) });
  if (target.key !== undefined) offer(open(ssh2, target, { text: target.key.reveal(), name: "the key given" }));
  for (const file of target.identityFiles) offer(open(ssh2, target, { text: read(file, target), name: file }));
  for (const file of target.usualIdentityFiles) {
    try {
      offer(open(ssh2, target, { text: read(file, target), name: file }));
    } catch {
      // A key that only lies there, perhaps encrypted, is no reason to give up.
    }
  }
  if (target.password !== undefined) methods.push({ type: "password", username, password: target.password.reveal() });
  if (methods.length === 0) {
    throw new SshError("auth", target.label, {
      message: "there is no key to offer: no agent, none in ~/.ssh; pass { identityFile } or { key: secret }",
    });
  }
  return methods;
}

function read(file: string, target: ResolvedTarget): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SshError("auth", target.label, { message: `the key ${file} cannot be read: ${messageOf(cause)}`, cause });
  }
}

/** The text of a key that can be used as it is or with the passphrase. */
function open(ssh2: Ssh2, target: ResolvedTarget, key: { text: string; name: string }): string {
  const passphrase: Secret | undefined = target.passphrase;
  const parsed = ssh2.utils.parseKey(key.text, passphrase?.reveal());
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first instanceof Error || first === undefined) {
    const encrypted = first instanceof Error && /encrypt|passphrase/i.test(first.message);
    const advice = encrypted
      ? "it is encrypted: pass { passphrase: secret }, or load it into an agent"
      : messageOf(first);
    throw new SshError("auth", target.label, { message: `${key.name} is of no use: ${advice}` });
  }
  return key.text;
}
