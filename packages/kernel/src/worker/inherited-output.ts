import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { InheritOrder } from "../link.ts";

/** Reads what a child process writes, which the main thread waits for, until nobody can write any more. */
export function readInherited(order: InheritOrder, onText: (text: string) => void): void {
  const closed = (): void => {
    Atomics.add(order.closed, 0, 1);
    Atomics.notify(order.closed, 0);
  };
  const decoder = new StringDecoder("utf8");
  const fd = openSync(order.path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on("data", (bytes) => onText(decoder.write(bytes)));
  pipe.on("error", closed);
  pipe.on("end", closed);
}
