import { execFileSync } from "node:child_process";

/** Runs a script of the system's Python 3 with `input` as its `json` and gives what it prints as JSON. */
export function python<T>(script: string, input: unknown = null): T {
  const program = `import json, sys\ninput = json.load(sys.stdin)\n${script}`;
  const output = execFileSync("python3", ["-c", program], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  return JSON.parse(output) as T;
}
