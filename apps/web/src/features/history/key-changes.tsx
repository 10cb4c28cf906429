import type { KeyChange } from "@opsbook/notebook/diff";
import { displayName } from "../../core/paths.ts";

/** Metadata is rarely what somebody looks for, so it is folded. */
export function KeyChanges({ title, changes }: { title: string; changes: readonly KeyChange[] }) {
  return (
    <details className="nbdiff-keys">
      <summary>
        {title}: {changes.length === 1 ? "1 change" : `${changes.length} changes`}
      </summary>
      <dl>
        {changes.map(({ key, before, after }) => (
          <div key={key}>
            <dt>{displayName(key)}</dt>
            <dd>
              <del>{shown(before)}</del> <ins>{shown(after)}</ins>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const LONGEST = 2000;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value, null, 1);
  return displayName(json.length > LONGEST ? `${json.slice(0, LONGEST)}…` : json);
}
