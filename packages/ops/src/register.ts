/** `node --import @opsbook/ops/register program.ts`: the names of a cell, for a program of its own. */
import { install } from "./globals.ts";

install(globalThis);
