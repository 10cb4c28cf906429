/** A TCP port of the loopback address that was free a moment ago. */
export declare function freePort(): Promise<number>;
/** Waits until something accepts connections. `alive` throws when there is no more hope. */
export declare function untilListening(port: number, alive: () => void): Promise<void>;
