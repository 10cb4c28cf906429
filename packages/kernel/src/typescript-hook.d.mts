import type { TransformOptions } from "oxc-transform";

export declare const OWN: string;
export declare const OPTIONS: TransformOptions;
