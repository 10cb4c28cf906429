import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrange, parseTable, toCsv } from "./table-data.ts";

const table = parseTable({
  schema: {
    fields: [
      { name: "host", type: "string" },
      { name: "cpu", type: "number" },
    ],
  },
  data: [
    { host: "web-10", cpu: 5 },
    { host: "web-2", cpu: null },
    { host: 'db "one", x', cpu: 40 },
  ],
})!;
const hosts = (order: number[]) => order.map((index) => table.rows[index]?.[0]);

describe("[part of 3.5-rich-output] table data", () => {
  it("sorts text as people count and numbers as numbers, what is missing last", () => {
    const sorted = (column: number, descending: boolean) =>
      hosts(arrange(table, { filter: "", sorting: { column, descending } }));
    assert.deepEqual(sorted(0, false), ['db "one", x', "web-2", "web-10"]);
    assert.deepEqual(sorted(1, false), ["web-10", 'db "one", x', "web-2"]);
    assert.deepEqual(sorted(1, true), ['db "one", x', "web-10", "web-2"]);
  });

  it("keeps the rows that have all the words", () => {
    assert.deepEqual(hosts(arrange(table, { filter: "WEB 5", sorting: null })), ["web-10"]);
  });

  it("writes CSV that reads back", () => {
    assert.equal(toCsv(table, [0, 2]), 'host,cpu\r\nweb-10,5\r\n"db ""one"", x",40\r\n');
  });

  it("takes columns from the rows where there is no schema, and refuses what is no table", () => {
    assert.deepEqual(
      parseTable({ data: [{ a: 1 }, { b: 2 }] })?.columns.map(({ key }) => key),
      ["a", "b"],
    );
    assert.equal(parseTable({ rows: [] }), null);
    assert.equal(parseTable("x"), null);
  });
});
