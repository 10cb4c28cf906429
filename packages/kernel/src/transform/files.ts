import { parse } from "acorn";
import { lowerFile } from "./decorators.ts";
import { RUNTIME } from "./rewrite.ts";
import { CellSyntaxError, type Mappings, stripTypes } from "./strip.ts";

/**
 * A TypeScript file as JavaScript when it holds decorators; null when it holds none or does not read, which Node tells
 * by itself. Throws `CellSyntaxError`, with the place in the message, for decorators that cannot be.
 */
export function compileDecorated(
  source: string,
  { isExperimental }: { isExperimental: () => boolean },
): { code: string; map: Mappings } | null {
  try {
    const stripped = stripTypes(source);
    if (parsesAsJavaScript(stripped.code)) return null;
    if (!isExperimental()) return lowerFile(stripped);
    const { code, map } = stripTypes(source, { experimental: true });
    return {
      code: `const babelHelpers = globalThis.${RUNTIME.decorators};\n${code}`,
      map: { names: map.names, mappings: `;${map.mappings}` },
    };
  } catch (error) {
    if (error instanceof CellSyntaxError && error.position) {
      throw new CellSyntaxError(`${error.message} (line ${error.position.line})`, null);
    }
    throw error;
  }
}

function parsesAsJavaScript(code: string): boolean {
  try {
    parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true, allowReturnOutsideFunction: true });
    return true;
  } catch {
    return false;
  }
}
