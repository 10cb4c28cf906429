import type { LanguageRequest } from "../language/index.ts";
import type { UserOperation } from "./operations.ts";
import type { Role } from "./state.ts";

/** What a person may do, from least to most. Each includes those before it. */
export const ROLES = ["viewer", "runner", "editor", "admin"] as const satisfies readonly Role[];

/** Exhaustive by type: an operation without a row does not compile. */
export const OPERATION_ROLES: Record<UserOperation["type"], Role> = {
  "insert-cell": "editor",
  "delete-cell": "editor",
  "restore-cell": "editor",
  "move-cell": "editor",
  "set-cell-type": "editor",
  "edit-source": "editor",
  "set-source": "editor",
  "set-metadata": "editor",
  "clear-outputs": "editor",
  "run-cells": "runner",
  "cancel-run": "runner",
  "continue-run": "runner",
  "interrupt-kernel": "runner",
  "restart-kernel": "runner",
  "select-kernel": "editor",
  "answer-prompt": "runner",
};

/** What may be asked on the language socket. Who only looks or runs can read about code, not get help with writing it. */
export const LANGUAGE_ROLES: Record<LanguageRequest["type"], Role> = {
  hover: "viewer",
  definition: "viewer",
  cancel: "viewer",
  complete: "editor",
  resolve: "editor",
  signature: "editor",
  rename: "editor",
};

export function roleIncludes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function can(role: Role, op: UserOperation): boolean {
  return roleIncludes(role, OPERATION_ROLES[op.type]);
}

/** For the person who was refused: what to ask for. */
export function whyForbidden(op: UserOperation): string {
  return OPERATION_ROLES[op.type] === "runner"
    ? "You may look at this notebook but not run it. Ask its owner for the runner role."
    : "You may not change this notebook. Ask its owner for the editor role.";
}
