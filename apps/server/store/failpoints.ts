/**
 * Named places where a test ends the process as SIGKILL does. `OPSBOOK_FAILPOINTS=log:synced=3,save:noted` dies at the
 * third passing of the first or the first of the second. Heeded only below node:test; nothing is looked up otherwise.
 */
export const FAILPOINTS = [
  "log:before-write",
  "log:written",
  "log:synced",
  "operation:stored",
  "operation:broadcast",
  "operation:accepted",
  "save:before-note",
  "save:noted",
  "save:done",
  "atomic-write:written",
  "atomic-write:synced",
  "atomic-write:renamed",
  "compact:log-opened",
  "compact:snapshot-written",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

const armed = process.env.NODE_TEST_CONTEXT === undefined ? undefined : process.env.OPSBOOK_FAILPOINTS;

export const failpoint: (name: Failpoint) => void = armed ? countDown(armed) : () => {};

function countDown(spec: string): (name: Failpoint) => void {
  const left = new Map(
    spec.split(",").map((part) => {
      const [name = "", passings = "1"] = part.split("=");
      return [name, Number(passings)];
    }),
  );
  return (name) => {
    const passings = left.get(name);
    if (passings === undefined) return;
    left.set(name, passings - 1);
    if (passings === 1) process.kill(process.pid, "SIGKILL");
  };
}
