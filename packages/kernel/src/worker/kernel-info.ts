import { type JsonObject, PROTOCOL_VERSION } from "@opsbook/jupyter/codec";

const VERSION = "0.1.0";

export function kernelInfo(): JsonObject {
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "opsbook",
    implementation_version: VERSION,
    banner: `Opsbook TypeScript kernel ${VERSION}, Node ${process.versions.node}`,
    debugger: false,
    supported_features: [],
    help_links: [{ text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/handbook/intro.html" }],
    language_info: {
      name: "typescript",
      version: process.versions.node,
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      codemirror_mode: { name: "javascript", typescript: true },
      nbconvert_exporter: "script",
    },
  };
}
