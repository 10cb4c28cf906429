import { ChevronRight, Copy } from "lucide-react";
import { useState } from "react";
import { cx } from "../../ui/cx.ts";
import { copyText } from "./copy-text.ts";
import type { JsonValue } from "./mime.ts";

/** Children made at once; a list of a million opens as fast as one of ten. */
const PAGE = 100;

/** A JSON value as a tree whose branches are made when they are opened. */
export function JsonTree({ value }: { value: JsonValue }) {
  return (
    <div className="nb-json" role="tree" aria-label="JSON value">
      <Node name={null} value={value} path="$" depth={0} />
    </div>
  );
}

interface NodeProps {
  name: string | null;
  value: JsonValue;
  path: string;
  depth: number;
}

function Node({ name, value, path, depth }: NodeProps) {
  const [open, setOpen] = useState(depth === 0);
  const [shown, setShown] = useState(PAGE);
  const branch = typeof value === "object" && value !== null;
  const indent = { paddingLeft: depth * 14 };
  if (!branch)
    return (
      <div className="nb-json-row" role="treeitem" aria-level={depth + 1} style={indent} tabIndex={-1}>
        <span className="nb-json-twist" />
        {name === null ? null : <span className="nb-json-key">{name}: </span>}
        <span className={`nb-json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
        <CopyPath path={path} />
      </div>
    );
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.slice(0, shown).map((item, index) => [String(index), item])
    : Object.entries(value).slice(0, shown);
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  return (
    <>
      <div
        className="nb-json-row"
        role="treeitem"
        aria-level={depth + 1}
        aria-expanded={open}
        style={indent}
        tabIndex={-1}
      >
        <button
          type="button"
          className="nb-json-twist"
          aria-label={open ? "Close" : "Open"}
          onClick={() => setOpen(!open)}
        >
          <ChevronRight size={12} aria-hidden className={cx(open && "rotate-90")} />
        </button>
        <button type="button" className="nb-json-head" tabIndex={-1} onClick={() => setOpen(!open)}>
          {name === null ? null : <span className="nb-json-key">{name}: </span>}
          <span className="nb-dim">{Array.isArray(value) ? `[${size}]` : open ? "{" : preview(value)}</span>
        </button>
        <CopyPath path={path} />
      </div>
      {open
        ? entries.map(([key, item]) => (
            <Node
              key={key}
              name={key}
              value={item}
              path={childPath(path, key, Array.isArray(value))}
              depth={depth + 1}
            />
          ))
        : null}
      {open && size > shown ? (
        <div className="nb-json-row" style={{ paddingLeft: (depth + 1) * 14 }}>
          <button type="button" className="nb-tool" onClick={() => setShown(shown * 4)}>
            {size - shown} more…
          </button>
        </div>
      ) : null}
    </>
  );
}

function CopyPath({ path }: { path: string }) {
  return (
    <button
      type="button"
      className="nb-json-copy"
      aria-label={`Copy path ${path}`}
      title={path}
      tabIndex={-1}
      onClick={() => void copyText(path)}
    >
      <Copy size={11} aria-hidden />
    </button>
  );
}

function childPath(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function preview(value: { [key: string]: JsonValue }): string {
  const keys = Object.keys(value);
  const names = keys.slice(0, 5).join(", ");
  return `{ ${names}${keys.length > 5 ? ", …" : ""} }`;
}
