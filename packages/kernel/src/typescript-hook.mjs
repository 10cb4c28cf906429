import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { transformSync } from "oxc-transform";

/*
 * Node's own type stripping starts a WebAssembly compiler in every thread, which takes longer than the rest of a
 * kernel's start. The transformer that cells use anyway does it in microseconds. Only for the packages of this
 * repository: it prints code anew, and files of the notebook shall keep the lines their author knows. Plain JavaScript,
 * because it has to run before anything else can be read.
 */
/** Where this repository's packages are. */
export const OWN = new URL("../../", import.meta.url).href;

export const OPTIONS = { lang: "ts", sourceType: "module", typescript: { onlyRemoveTypeImports: true } };

/** Told of every module that is loaded, whoever loads it. */
export const loading = { onLoad: () => {} };

registerHooks({
  load(url, context, nextLoad) {
    loading.onLoad();
    if (!url.startsWith(OWN) || !url.endsWith(".ts")) return nextLoad(url, context);
    const { source } = nextLoad(url, { ...context, format: "module" });
    const text = typeof source === "string" ? source : Buffer.from(source).toString();
    const path = fileURLToPath(url);
    const { code, errors } = transformSync(path, text, OPTIONS);
    const error = errors.find(({ severity }) => severity === "Error");
    if (error) throw new SyntaxError(`${path}: ${error.message}\n${error.codeframe ?? ""}`);
    return { format: "module", source: code, shortCircuit: true };
  },
});
