export { type Choices, chooseCells, type Side, withMyIds } from "./choose.ts";
export { diffLines, type LineRun, type Mark, markWords } from "./lines.ts";
export { type CellPair, type Matchable, matchCells } from "./match.ts";
export { type CellChange, type CellPlace, diffNotebooks, type KeptCell, type NotebookDiff } from "./notebooks.ts";
export { diffOutputs, type OutputChange, outputText } from "./outputs.ts";
export { diffKeys, type KeyChange, sameJson } from "./same-json.ts";
