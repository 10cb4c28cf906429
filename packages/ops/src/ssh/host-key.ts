import { hostChannel } from "../core/host-channel.ts";
import { SshError } from "./error.ts";
import { addKnownHost, fingerprint, judgeKey, type KnownHost, keyType } from "./known-hosts.ts";
import type { ResolvedTarget } from "./options.ts";

/** Returns when the key may be trusted. @throws SshError `host-key-…` otherwise, before anything secret is sent. */
export async function checkHostKey(target: ResolvedTarget, known: readonly KnownHost[], key: Buffer): Promise<void> {
  const shown = { host: target.keyName, port: target.port, key };
  const verdict = judgeKey(known, shown);
  const print = `${keyType(key)} ${fingerprint(key)}`;
  const refuse = (code: SshError["code"], message: string): never => {
    throw new SshError(code, target.label, { message });
  };
  switch (verdict.status) {
    case "trusted":
      return;
    case "revoked":
      return refuse(
        "host-key-revoked",
        `it shows the key ${print}, which ${place(verdict.entry)} marks as revoked. Do not connect.`,
      );
    case "authority":
      return refuse(
        "host-certificate",
        `${place(verdict.entry)} trusts an authority for it, and certificates of hosts are not understood here. ` +
          `Add its key itself (${print}) to ${target.knownHosts[0]} after comparing it.`,
      );
    case "changed":
      return refuse(
        "host-key-changed",
        `it shows another key than before: somebody may be listening in between, or it was set up anew.\n` +
          `  shown: ${print}\n` +
          verdict.entries
            .map((entry) => `  known: ${entry.type} ${fingerprint(entry.key)} (${place(entry)})\n`)
            .join("") +
          `Ask who runs it. If the new key is right, remove those lines and add the new key.`,
      );
    case "unknown":
      return await decideUnknown(target, { key, print });
    default:
      return verdict satisfies never;
  }
}

async function decideUnknown(target: ResolvedTarget, shown: { key: Buffer; print: string }): Promise<void> {
  const { policy } = target;
  const place = { host: target.keyName, port: target.port };
  if (typeof policy === "function") {
    const decision = await policy({
      ...place,
      type: keyType(shown.key),
      fingerprint: fingerprint(shown.key),
      key: new Uint8Array(shown.key),
    });
    if (decision === true) return;
  } else if (policy === "ask") {
    const answer = await hostChannel()?.input(
      `${target.label} (${target.host} port ${target.port}) is not known. It shows the key\n  ${shown.print}\nIs that its key? Type yes to trust it from now on: `,
    );
    if (answer?.trim().toLowerCase() === "yes") {
      await addKnownHost(target.knownHosts[0], { ...place, key: shown.key });
      return;
    }
  }
  throw new SshError("host-key-unknown", target.label, {
    message:
      `nobody has vouched for its key yet: ${shown.print}. Compare that with what its console or its administrator ` +
      `says, then add it to ${target.knownHosts[0]}, or connect with { hostKey: "ask" }.`,
  });
}

function place(entry: KnownHost): string {
  return `${entry.file}:${entry.line}`;
}
