/** Child processes of the scripts: captured ones, and those that stand in for the script itself. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

/** Bytes of output kept for an error message. */
const KEPT = 64 * 1024;

/** Runs to the end with its output kept: `{ code, output }`, `code` 127 where the program is missing. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    // Colours would be for a terminal, and this output goes into a message.
    const env = { ...(options.env ?? process.env), NO_COLOR: "1", FORCE_COLOR: "0" };
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options, env });
    let output = "";
    const keep = (bytes) => {
      output = (output + bytes).slice(-KEPT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => resolve({ code: 127, output: output + error.message }));
    child.once("close", (code, signal) => resolve({ code: exitStatus(code, signal), output }));
  });
}

/** Milliseconds between looks at whether npm is still there. */
const PARENT_LOOK = 500;

/**
 * Calls back when the npm that started this script is gone: npm passes SIGTERM to the shell between
 * them, which dies of it and tells nobody. Answers with a function that ends the watch.
 */
export function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, PARENT_LOOK);
  return () => clearInterval(timer);
}

/** Runs a program in this one's place: same terminal, signals passed on, ended with npm. Resolves with its exit status. */
export function standIn(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const pass = (signal) => child.kill(signal);
    // A terminal sends Ctrl-C to the child as well: passing it on would count as a second one.
    const passInterrupt = () => process.stdin.isTTY || child.kill("SIGINT");
    process.on("SIGINT", passInterrupt).on("SIGTERM", pass).on("SIGHUP", pass);
    const endWatch = watchNpm(() => child.kill("SIGTERM"));
    const settle = () => {
      endWatch();
      process.off("SIGINT", passInterrupt).off("SIGTERM", pass).off("SIGHUP", pass);
    };
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("close", (code, signal) => {
      settle();
      resolve(exitStatus(code, signal));
    });
  });
}

/** The shell's convention: 128 + number for a process that a signal ended. */
export function exitStatus(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/**
 * Processes that carry this variable in their environment, wherever they have moved since: a test run's
 * children that left its process group are still its own. Linux only; elsewhere none are found.
 */
export function processesWith(variable) {
  const found = [];
  for (const name of entries("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable)) continue;
      found.push({ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() });
    } catch {
      // It ended meanwhile, or is another user's.
    }
  }
  return found;
}

function entries(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
