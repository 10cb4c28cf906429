export { type Bytes, bytes, HexView } from "./bytes.ts";
export type { FieldValue, Values } from "./format.ts";
