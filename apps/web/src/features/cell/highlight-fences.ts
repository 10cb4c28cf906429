import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = { bash, javascript, json, python, sql, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) highlighter.registerLanguage(name, language);

export function highlightFences(fences: readonly HTMLElement[]): void {
  for (const fence of fences) {
    const language = fence.className.replace("language-", "");
    if (highlighter.getLanguage(language))
      fence.innerHTML = highlighter.highlight(fence.textContent ?? "", { language }).value;
  }
}
