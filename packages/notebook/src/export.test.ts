import assert from "node:assert/strict";
import { test } from "node:test";
import type { Output } from "./model.ts";
import { newCell, newNotebook } from "./new-notebook.ts";
import { toMarkdown } from "./to-markdown.ts";
import { toTypeScript } from "./to-typescript.ts";

function sample(outputs: Output[]) {
  const notebook = newNotebook();
  notebook.cells = [
    newCell("markdown", "# Disk full\n"),
    { ...newCell("code", "const a = 1;\na"), outputs },
    newCell("raw", "raw"),
  ];
  return notebook;
}

test("Markdown: prose, code with its language, output without escapes", () => {
  const outputs: Output[] = [
    { output_type: "stream", name: "stdout", text: "10%\r50%\rdone \x1b[31mred\x1b[0m\n" },
    {
      output_type: "execute_result",
      execution_count: 1,
      data: { "text/plain": "1", "text/html": "<b>1</b>" },
      metadata: {},
    },
    { output_type: "display_data", data: { "image/png": "AAAA\n", "text/plain": "<image>" }, metadata: {} },
    { output_type: "error", ename: "Error", evalue: "no", traceback: [] },
  ];
  const expected = [
    "# Disk full",
    "```typescript\nconst a = 1;\na\n```",
    "```text\ndone red\n```",
    "```text\n1\n```",
    "![output](data:image/png;base64,AAAA)",
    "```text\nError: no\n```",
  ];
  assert.equal(toMarkdown(sample(outputs)), `${expected.join("\n\n")}\n`);
});

test("Markdown: text with fences cannot leave its own", () => {
  const markdown = toMarkdown(sample([{ output_type: "stream", name: "stdout", text: "````\n# not a title" }]));
  assert.ok(markdown.includes("`````text\n````\n# not a title\n`````"));
});

test("TypeScript: code stands, everything else is a comment", () => {
  const notebook = sample([]);
  notebook.cells.push(newCell("code", "%env info\nlet b = a\n!df -h\nif (!b) b"), newCell("code", "%%bash\nls\n\nid"));
  assert.equal(
    toTypeScript(notebook),
    [
      "// %% [markdown]\n// # Disk full",
      "// %%\nconst a = 1;\na",
      "// %% [raw]\n// raw",
      "// %%\n// %env info\nlet b = a\n// !df -h\nif (!b) b",
      "// %%\n// %%bash\n// ls\n//\n// id\n",
    ].join("\n\n"),
  );
});

test("TypeScript: another language's code is kept as comments", () => {
  const notebook = newNotebook({ name: "python3", display_name: "Python 3", language: "python" });
  notebook.cells = [newCell("code", "import os")];
  assert.equal(toTypeScript(notebook), "// %%\n// import os\n");
  assert.equal(toMarkdown(notebook), "```python\nimport os\n```\n");
});
