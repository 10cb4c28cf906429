/**
 * The types of the names that `install` defines. A cell's program includes this file (or the `.d.ts` that tsc makes
 * of it), and the language service knows them as a running cell does.
 */
import type * as bytesModule from "./bytes/index.ts";
import type * as core from "./core/index.ts";
import type * as filesModule from "./files/index.ts";
import type * as httpModule from "./http/index.ts";
import type { local as localMachine } from "./local.ts";
import type * as netModule from "./net/index.ts";
import type * as pathModule from "./path/index.ts";
import type * as procModule from "./proc/index.ts";
import type * as shModule from "./sh/index.ts";
import type * as sshModule from "./ssh/index.ts";
import type * as usersModule from "./users/index.ts";

declare global {
  /** Runs programs on this machine, without a shell. */
  var sh: typeof shModule.sh;
  /** Files of this machine. */
  var files: typeof filesModule.files;
  /** HTTP requests and clients. */
  var http: typeof httpModule.http;
  /** Other machines over SSH. */
  var ssh: typeof sshModule.ssh;
  /** This machine as a {@link Machine}. */
  var local: typeof localMachine;
  /** Processes of this machine. */
  var proc: typeof procModule.proc;
  /** Raw connections from this machine. */
  var net: typeof netModule.net;
  /** Accounts of this machine. */
  var users: typeof usersModule.users;
  /** Bytes with a layout, and as a hex view. */
  var bytes: typeof bytesModule.bytes;
  /** Paths taken apart. */
  var path: typeof pathModule.path;
  /** Bounded parallel work. */
  var all: typeof core.all;
  /** Refuses an action unless a reason is given. */
  var guard: typeof core.guard;
  /** Replaces known secrets in a text. */
  var redact: typeof core.redact;
  var Secret: typeof core.Secret;
  type Secret = core.Secret;
  var GuardError: typeof core.GuardError;
  type GuardError = core.GuardError;
  var Plan: typeof core.Plan;
  type Plan<Applied> = core.Plan<Applied>;
  var PlanError: typeof core.PlanError;
  type PlanError = core.PlanError;
  var CommandError: typeof shModule.CommandError;
  type CommandError = shModule.CommandError;
  var FilesError: typeof filesModule.FilesError;
  type FilesError = filesModule.FilesError;
  var HttpError: typeof httpModule.HttpError;
  type HttpError = httpModule.HttpError;
  var NetError: typeof netModule.NetError;
  type NetError = netModule.NetError;
  var ProcError: typeof procModule.ProcError;
  type ProcError = procModule.ProcError;
  var UsersError: typeof usersModule.UsersError;
  type UsersError = usersModule.UsersError;
  var SshError: typeof sshModule.SshError;
  type SshError = sshModule.SshError;
  type Machine = core.Machine;
}
