import type { TransformOptions } from "oxc-transform";

export declare const OWN: string;
export declare const loading: { onLoad: () => void };
export declare const OPTIONS: TransformOptions;
