export { Connection, type ReadLimit } from "./connection.ts";
export { NetError, type NetErrorCode } from "./error.ts";
export { createNet, type Net, type NetConnectOptions, net } from "./net.ts";
export { type Wire, WireProxy } from "./proxy.ts";
export type { Address, Dial, NetTarget } from "./target.ts";
