import assert from "node:assert/strict";
import { test } from "node:test";
import { type UserOperation, userOperationSchema } from "./operations.ts";
import { can, OPERATION_ROLES, ROLES, roleIncludes } from "./permissions.ts";

/** Written out a second time on purpose: a change of the table has to be meant. */
const ALLOWED: Record<(typeof ROLES)[number], UserOperation["type"][]> = {
  viewer: [],
  runner: ["run-cells", "cancel-run", "continue-run", "interrupt-kernel", "restart-kernel", "answer-prompt"],
  editor: [
    "insert-cell",
    "delete-cell",
    "restore-cell",
    "move-cell",
    "set-cell-type",
    "edit-source",
    "set-source",
    "set-metadata",
    "clear-outputs",
    "select-kernel",
  ],
  admin: [],
};
const types = userOperationSchema.options.map((option) => option.shape.type.value);

test("[C1] [T13] every role may do what it and those below it are for, and nothing else", () => {
  for (const [at, role] of ROLES.entries()) {
    const allowed = new Set(ROLES.slice(0, at + 1).flatMap((lower) => ALLOWED[lower]));
    for (const type of types)
      assert.equal(can(role, { type } as UserOperation), allowed.has(type), `${role} and ${type}`);
  }
});

test("[C2] each role includes those before it", () => {
  for (const [high, role] of ROLES.entries())
    for (const [low, needed] of ROLES.entries()) assert.equal(roleIncludes(role, needed), high >= low);
});

test("[C3] [T13] every operation a person can submit has its row, and no other has", () => {
  assert.deepEqual(Object.keys(OPERATION_ROLES).sort(), types.toSorted());
});
