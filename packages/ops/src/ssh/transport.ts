import { randomBytes } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { messageOf } from "../core/errors.ts";
import { untilAborted } from "../core/options.ts";
import { quotePosix } from "../sh/quote.ts";
import {
  type ExitStatus,
  type RunningProcess,
  type SpawnSpec,
  StartFailure,
  type StartFailureReason,
  type Transport,
} from "../sh/transport.ts";

const REPORTS: Readonly<Record<string, readonly [StartFailureReason, (spec: SpawnSpec) => string]>> = {
  "not-found": [
    "not-found",
    (spec) => `there is no program ${spec.argv[0]} on that host; is it installed and in PATH?`,
  ],
  "not-executable": ["not-executable", (spec) => `${spec.argv[0]} may not be executed on that host; look at its mode`],
  "no-such-folder": ["no-such-folder", (spec) => `the working folder ${spec.cwd} does not exist on that host`],
};

/**
 * Programs on another machine, over one connection.
 *
 * sshd hands the command to the user's shell as one text. That text first reports the shell's process id and then
 * becomes the program by `exec`: so the exit status and the signal are the program's own, and a second channel can
 * end it by that id. (A channel that closes leaves the program running, and sshd ignores signal requests for root.)
 */
export function createSshTransport(client: Client): Transport {
  const open = new Set<ClientChannel>();
  let waiting: (() => void)[] = [];

  let starting = 0;

  const exec = (command: string) =>
    new Promise<Started>((resolve, reject) => {
      client.exec(command, (error, channel) => {
        // Here and not a microtask later: a short command's whole life may be in the packet that is being read.
        if (error === undefined) resolve({ channel, exited: exitOf(channel) });
        else reject(error);
      });
    });

  const wakeAll = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  const tryOpen = async (command: string): Promise<Started> => {
    starting += 1;
    try {
      const started = await exec(command);
      open.add(started.channel);
      started.exited.closed.then(() => {
        open.delete(started.channel);
        wakeAll();
      });
      return started;
    } finally {
      starting -= 1;
    }
  };

  /** A server allows so many sessions on a connection (MaxSessions); beyond that a command waits for another's end. */
  const openChannel = async (command: string, signal: AbortSignal): Promise<Started> => {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await tryOpen(command);
      } catch (error) {
        if (!/channel open failure/i.test(messageOf(error)) || open.size + starting === 0) {
          wakeAll();
          throw new StartFailure("transport", `the host starts no command: ${messageOf(error)}`, error);
        }
        await new Promise<void>((wake) => {
          waiting.push(wake);
          signal.addEventListener("abort", () => wake(), { once: true });
        });
      }
    }
  };

  return {
    remote: true,
    spawn: async (spec, signal) => {
      const marker = `opsbook-${randomBytes(9).toString("hex")}`;
      const { channel, exited } = await openChannel(commandLine(spec, marker), signal);
      if (!spec.feedsStdin) channel.end();
      const killer = (pid: string) => (name: "TERM" | "KILL") => {
        exec(`kill -s ${name} -- -${pid} 2>/dev/null || kill -s ${name} ${pid}`).then(
          (killing) => killing.channel.resume(),
          () => channel.close(),
        );
      };
      const reported = readReport(channel, marker, spec);
      try {
        return runningProcess(channel, exited.status, killer(await untilAborted(reported, signal)));
      } catch (error) {
        // Given up on while it was starting: it must not live on unseen.
        reported.then((pid) => killer(pid)("KILL")).catch(() => {});
        channel.resume();
        throw error;
      }
    },
  };
}

function runningProcess(
  channel: ClientChannel,
  exited: Promise<ExitStatus>,
  kill: (name: "TERM" | "KILL") => void,
): RunningProcess {
  let ended = false;
  exited.then(() => {
    ended = true;
  });
  return {
    stdin: channel,
    stdout: readableOf(channel),
    stderr: channel.stderr,
    exited,
    kill: (signal) => {
      if (!ended) kill(signal === "SIGTERM" ? "TERM" : "KILL");
    },
  };
}

/**
 * The output as a stream that can be left: a channel of ssh2 ends only when it has been read to its end, and its
 * `destroy` is not the one of Node's streams.
 */
function readableOf(channel: ClientChannel): Readable {
  const output = new PassThrough({ highWaterMark: 256 * 1024 });
  channel.pipe(output);
  channel.once("close", () => output.end());
  output.once("close", () => {
    channel.unpipe(output);
    channel.resume();
  });
  return output;
}

/** Only POSIX, and nothing in it but quoted values. */
function commandLine(spec: SpawnSpec, marker: string): string {
  const report = (word: string) => `printf '${marker} %s\\n' ${word}`;
  const program = quotePosix(spec.argv[0]);
  const steps: string[] = [];
  if (spec.cwd !== undefined)
    steps.push(`cd ${quotePosix(spec.cwd.replace(/^-/, "./-"))} || { ${report("no-such-folder")}; exit 126; }`);
  for (const [name, value] of spec.env) {
    steps.push(value === undefined ? `unset ${name}` : `export ${name}=${quotePosix(value)}`);
  }
  steps.push(
    `command -v ${program} >/dev/null 2>&1 || { if [ -e ${program} ]; then ${report("not-executable")}; else ${report("not-found")}; fi; exit 127; }`,
    report('"$$"'),
  );
  const argv = spec.argv.map(quotePosix).join(" ");
  return `${steps.join("; ")}; exec ${argv}${spec.feedsStdin ? "" : " </dev/null"}`;
}

interface Ending {
  readonly status: Promise<ExitStatus>;
  readonly closed: Promise<void>;
}

interface Started {
  readonly channel: ClientChannel;
  readonly exited: Ending;
}

function exitOf(channel: ClientChannel): Ending {
  const closed = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  const status = new Promise<ExitStatus>((resolve) => {
    channel.once("exit", (code: number | null, signal?: string) => {
      resolve({ code, signal: signal === undefined ? null : `SIG${signal.replace(/^SIG/, "")}` });
    });
    closed.then(() => resolve({ code: null, signal: null }));
  });
  return { status, closed };
}

/** Reads up to the marker's line and leaves the rest for the reader. What a start-up file prints is dropped. */
function readReport(channel: ClientChannel, marker: string, spec: SpawnSpec): Promise<string> {
  let seen = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const done = () => {
      channel.removeListener("readable", onReadable);
      channel.removeListener("end", onEnd);
      channel.removeListener("close", onEnd);
    };
    const onReadable = () => {
      for (let chunk: unknown = channel.read(); chunk !== null; chunk = channel.read()) {
        if (!Buffer.isBuffer(chunk)) continue;
        seen = Buffer.concat([seen, chunk]);
        const start = seen.indexOf(`${marker} `);
        const end = start === -1 ? -1 : seen.indexOf("\n", start);
        if (end === -1) continue;
        done();
        const rest = seen.subarray(end + 1);
        if (rest.length > 0) channel.unshift(rest);
        const word = seen.toString("utf8", start + marker.length + 1, end);
        const failure = REPORTS[word];
        if (failure === undefined) return resolve(word);
        channel.resume();
        return reject(new StartFailure(failure[0], failure[1](spec)));
      }
    };
    const onEnd = () => {
      done();
      const said = Buffer.concat([seen, toBuffer(channel.stderr.read())])
        .toString("utf8")
        .trim()
        .slice(0, 500);
      reject(
        new StartFailure(
          "transport",
          `the user's shell on that host did not start it${said === "" ? "" : `: ${said}`}`,
        ),
      );
    };
    channel.on("readable", onReadable);
    channel.once("end", onEnd);
    channel.once("close", onEnd);
  });
}

function toBuffer(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
