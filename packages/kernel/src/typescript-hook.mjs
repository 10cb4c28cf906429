import { readFileSync } from "node:fs";
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

/*
 * A relative import of ours names its file exactly: to look for it, for its package and for its format takes Node longer
 * than to load it.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const { parentURL } = context;
    const plain = specifier.startsWith(".") && specifier.endsWith(".ts") && parentURL?.startsWith(OWN);
    if (!plain || context.conditions.includes("require")) return nextResolve(specifier, context);
    return { url: new URL(specifier, parentURL).href, format: "module", shortCircuit: true };
  },
  load(url, context, nextLoad) {
    loading.onLoad();
    if (!url.startsWith(OWN) || !url.endsWith(".ts")) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const { code, errors } = transformSync(path, readFileSync(path, "utf8"), OPTIONS);
    const error = errors.find(({ severity }) => severity === "Error");
    if (error) throw new SyntaxError(`${path}: ${error.message}\n${error.codeframe ?? ""}`);
    return { format: "module", source: code, shortCircuit: true };
  },
});
