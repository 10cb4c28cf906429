"""
Measures Jupyter kernels over their own protocol, all in the same way, sharing no code with any of them.

Reads a JSON plan on stdin:
    {"rounds": n, "deep": n, "trips": n, "lines": n, "completions": n, "kernels": [
        {"name", "argv", "env", "interrupt": "signal" | "message",
         "cells": {"one", "lines", "loop", "wait", "complete"}}]}
and writes on stdout, by kernel, the single measurements in milliseconds; progress goes to stderr. Rounds go
through all kernels in turn, so that a busy minute of the machine hits each of them.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zmq
from jupyter_client.session import DELIM, Session

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
START_LIMIT = 30.0
ASK_AGAIN = 0.03
CELL_LIMIT = 60.0
LINES_LIMIT = 30.0
INTERRUPT_LIMIT = 6.0
RESULTS = ("execute_result", "display_data", "stream")


class Unmeasurable(Exception):
    """The kernel did not do what is to be measured; the message says what it did instead."""


class Exchange:
    """One request and everything a kernel says about it."""

    def __init__(self, request_id):
        self.request_id = request_id
        self.reply = None
        self.idle = False
        self.busy = False
        self.shown = False
        self.lines = 0
        self.messages = 0

    @property
    def done(self):
        return self.reply is not None and self.idle


class KernelRun:
    """A kernel process with sockets of its own; `close` ends it and everything it started."""

    def __init__(self, plan):
        self.plan = plan
        self.context = zmq.Context()
        self.session = Session(key=secrets.token_hex(16).encode())
        ports = free_ports(len(CHANNELS))
        connection = {
            "transport": "tcp",
            "ip": "127.0.0.1",
            "key": self.session.key.decode(),
            "signature_scheme": "hmac-sha256",
            **{f"{channel}_port": port for channel, port in zip(CHANNELS, ports)},
        }
        self.folder = tempfile.TemporaryDirectory(prefix="kernel-bench-")
        connection_file = os.path.join(self.folder.name, "connection.json")
        with open(connection_file, "w") as file:
            json.dump(connection, file)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [part.replace("{connection_file}", connection_file) for part in plan["argv"]],
            env={**os.environ, **plan["env"]},
            cwd=self.folder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.sockets = {
            "shell": self._connect(zmq.DEALER, ports[0]),
            "iopub": self._connect(zmq.SUB, ports[1]),
            "control": self._connect(zmq.DEALER, ports[3]),
        }
        self.joined = [
            self.sockets[channel].get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) for channel in ("shell", "iopub")
        ]
        self.poller = zmq.Poller()
        for each in self.sockets.values():
            self.poller.register(each, zmq.POLLIN)

    def _connect(self, kind, port):
        made = self.context.socket(kind)
        made.linger = 0
        # Without limits nothing is dropped; a short pause between attempts keeps the client out of the start time.
        made.rcvhwm = made.sndhwm = 0
        made.reconnect_ivl = 2
        if kind == zmq.SUB:
            made.subscribe(b"")
        else:
            made.identity = self.session.bsession
        made.connect(f"tcp://127.0.0.1:{port}")
        return made

    def join(self):
        """Waits until the kernel has taken the connections."""
        for monitor in self.joined:
            while not monitor.poll(20):
                self.expect_alive()
                if since(self.started) > START_LIMIT * 1000:
                    raise Unmeasurable("it does not listen")

    def expect_alive(self):
        if self.process.poll() is not None:
            raise Unmeasurable(f"the kernel ended with status {self.process.returncode}")

    def send(self, kind, content, channel="shell"):
        message = self.session.msg(kind, content)
        self.session.send(self.sockets[channel], message)
        return Exchange(message["header"]["msg_id"])

    def execute(self, code):
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return self.send("execute_request", content)

    def follow(self, exchange, until, limit):
        """Reads until `until()` or `limit` seconds have passed; says which."""
        end = time.perf_counter() + limit
        while not until():
            left = end - time.perf_counter()
            if left <= 0:
                return False
            self.expect_alive()
            for ready, _ in self.poller.poll(min(left, 0.2) * 1000):
                # One message of each socket at a time would let a flood on one hide the others.
                for _ in range(500):
                    try:
                        frames = ready.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    self._note(exchange, frames)
        return True

    def _note(self, exchange, frames):
        """Looks into the frames only as far as needed: what the client costs must not count for the kernel."""
        at = frames.index(DELIM)
        header, parent, content = frames[at + 2], frames[at + 3], frames[at + 5]
        if exchange.request_id.encode() not in parent:
            return
        kind = json.loads(header)["msg_type"]
        if kind in RESULTS:
            exchange.shown = True
        if kind == "stream":
            exchange.messages += 1
            # A line's end as JSON writes it.
            exchange.lines += content.count(b"\\n")
        elif kind == "status":
            state = json.loads(content)["execution_state"]
            exchange.busy = exchange.busy or state == "busy"
            exchange.idle = exchange.idle or state == "idle"
        elif kind.endswith("_reply"):
            exchange.reply = json.loads(content)

    def close(self):
        for pid in reversed(tree(self.process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.context.destroy(linger=0)
        self.folder.cleanup()


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def tree(pid):
    """The process and all below it."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in file.read().split():
                    found += tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def memory(pid):
    """Megabytes that the processes hold, with shared pages split among their holders (PSS)."""
    kilobytes = 0
    for each in tree(pid):
        try:
            with open(f"/proc/{each}/smaps_rollup") as file:
                kilobytes += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return kilobytes / 1024


def since(moment):
    return (time.perf_counter() - moment) * 1000


def first_result(run):
    """From the start of the process to the first result, subscription of the output channel included."""
    run.join()
    pause = ASK_AGAIN
    while True:
        asked = run.send("kernel_info_request", {})
        # Status messages prove the subscription; without them the result could be lost.
        if run.follow(asked, lambda: asked.done, pause):
            break
        # Some kernels lose what comes in their first moments; a slow one shall not find a queue of questions.
        pause *= 2
        if since(run.started) > START_LIMIT * 1000:
            raise Unmeasurable("no answer after its start")
    cell = run.execute(run.plan["cells"]["one"])
    if not run.follow(cell, lambda: cell.shown, CELL_LIMIT):
        raise Unmeasurable("no result of the first cell")
    took = since(run.started)
    run.follow(cell, lambda: cell.done, CELL_LIMIT)
    return took


def round_trip(run):
    """From the request until result, reply and idle have come."""
    begun = time.perf_counter()
    cell = run.execute(run.plan["cells"]["one"])
    if not run.follow(cell, lambda: cell.done and cell.shown, CELL_LIMIT):
        raise Unmeasurable("a cell without an end")
    return since(begun)


def print_lines(run, count):
    """Until every line, the reply and idle have come."""
    begun = time.perf_counter()
    cell = run.execute(run.plan["cells"]["lines"].replace("{n}", str(count)))
    whole = run.follow(cell, lambda: cell.done and cell.lines >= count, LINES_LIMIT)
    if not whole:
        raise Unmeasurable(f"{cell.lines:,} of {count:,} lines after {LINES_LIMIT:.0f} s")
    return since(begun)


def complete(run):
    code = run.plan["cells"]["complete"]
    begun = time.perf_counter()
    asked = run.send("complete_request", {"code": code, "cursor_pos": len(code)})
    if not run.follow(asked, lambda: asked.reply is not None, CELL_LIMIT):
        raise Unmeasurable("no completions")
    took = since(begun)
    if not asked.reply.get("matches"):
        raise Unmeasurable("an empty list of completions")
    return took


def interrupt(run, cell_name):
    """From the interrupt to the reply of the cell; the kernel must compute afterwards."""
    cell = run.execute(run.plan["cells"][cell_name])
    run.follow(cell, lambda: cell.busy, CELL_LIMIT)
    # Busy is said before the code runs.
    time.sleep(0.3)
    begun = time.perf_counter()
    if run.plan["interrupt"] == "message":
        run.send("interrupt_request", {}, channel="control")
    else:
        os.kill(run.process.pid, signal.SIGINT)
    if not run.follow(cell, lambda: cell.reply is not None, INTERRUPT_LIMIT):
        raise Unmeasurable(f"went on for {INTERRUPT_LIMIT:.0f} s")
    took = since(begun)
    run.follow(cell, lambda: cell.done, 1)
    round_trip(run)
    return took


def measure(plan, kernel, deep, into):
    """One process of one kernel. What cannot be measured is noted, and tried again in the next round."""

    def keep(name, take, times=1):
        try:
            for _ in range(times):
                sample = take()
                into.setdefault(name, []).append(sample)
        except Unmeasurable as problem:
            into.setdefault("problems", {})[name] = str(problem)
            return False
        return True

    run = KernelRun(kernel)
    try:
        if not keep("start", lambda: first_result(run)):
            return
        # Lazy loading after the start counts for the memory.
        time.sleep(1)
        into.setdefault("memory", []).append(memory(run.process.pid))
        if not deep:
            return
        for _ in range(20):
            round_trip(run)
        usable = keep("trip", lambda: round_trip(run), plan["trips"])
        usable = usable and keep("complete", lambda: complete(run), plan["completions"])
        usable = usable and keep("loop", lambda: interrupt(run, "loop"))
    except Unmeasurable as problem:
        into.setdefault("problems", {})["trip"] = str(problem)
        usable = False
    finally:
        run.close()
    for name, take in (
        ("wait", lambda fresh: interrupt(fresh, "wait")),
        ("lines", lambda fresh: print_lines(fresh, plan["lines"])),
    ):
        # A process of its own: whatever went wrong before must not count here.
        fresh = KernelRun(kernel)
        try:
            first_result(fresh)
            keep(name, lambda: take(fresh))
        except Unmeasurable as problem:
            into.setdefault("problems", {})[name] = str(problem)
        finally:
            fresh.close()


def main():
    plan = json.load(sys.stdin)
    found = {kernel["name"]: {} for kernel in plan["kernels"]}
    for number in range(plan["rounds"]):
        for kernel in plan["kernels"]:
            print(f"round {number + 1} of {plan['rounds']}: {kernel['name']}", file=sys.stderr, flush=True)
            measure(plan, kernel, deep=number < plan["deep"], into=found[kernel["name"]])
    json.dump(found, sys.stdout)


main()
