import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type ResolvedConfig } from "vite";

const COMPRESSIBLE = /\.(js|css|html|svg|json|ttf|map)$/;
/** Below this many bytes a compressed copy saves nothing that matters. */
const MIN_BYTES = 1024;

/** Leaves a `.br` and a `.gz` beside each text file, so that the server never compresses the app itself. */
function precompress(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "opsbook:precompress",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    async closeBundle() {
      const folder = config.build.outDir.startsWith("/") ? config.build.outDir : join(config.root, config.build.outDir);
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      await Promise.all(
        files
          // The server puts a nonce into index.html for each request: a compressed copy would be of no use.
          .filter((file) => file.isFile() && COMPRESSIBLE.test(file.name) && file.name !== "index.html")
          .map(async (file) => {
            const path = join(file.parentPath, file.name);
            const bytes = await readFile(path);
            if (bytes.length < MIN_BYTES) return;
            const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
            const [br, gz] = await Promise.all([
              promisify(brotliCompress)(bytes, { params }),
              promisify(gzip)(bytes, { level: 9 }),
            ]);
            await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
          }),
      );
    },
  };
}

/** Packages that must stay out of the first bundle, each in a chunk of its own. */
const LAZY: Record<string, RegExp> = {
  monaco: /node_modules\/monaco-editor\//,
  xterm: /node_modules\/@xterm\/(xterm|addon-fit)\//,
  markdown: /node_modules\/(markdown-it|dompurify|linkify-it|mdurl|uc\.micro|entities|punycode)/,
  highlight: /node_modules\/highlight\.js\//,
  vega: /node_modules\/(vega|vega-[a-z]+|d3-[a-z]+|topojson-client|internmap|delaunator|robust-predicates)\//,
  katex: /node_modules\/katex\//,
};

/** Fails the build when the entry imports one of them statically after all. */
function keepLate(): Plugin {
  return {
    name: "opsbook:keep-late",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = new Map(Object.values(bundle).map((file) => [file.fileName, file]));
      const seen = new Set<string>();
      const visit = (name: string): void => {
        const chunk = chunks.get(name);
        if (seen.has(name) || chunk?.type !== "chunk") return;
        seen.add(name);
        if (chunk.name in LAZY) this.error(`The first bundle must not import the chunk "${chunk.name}".`);
        for (const next of chunk.imports) visit(next);
      };
      for (const file of chunks.values()) if (file.type === "chunk" && file.isEntry) visit(file.fileName);
    },
  };
}

const server = process.env.OPSBOOK_SERVER ?? "http://127.0.0.1:8888";
// The server compares Origin with Host: both are rewritten to its own.
const toServer = { target: server, changeOrigin: true, headers: { origin: server }, ws: true };

export default defineConfig({
  root: join(import.meta.dirname, "apps/web"),
  // Relative addresses: the app works under any `--base-url` prefix.
  base: "./",
  // The server puts a fresh nonce in place of this word at each request.
  html: { cspNonce: "__CSP_NONCE__" },
  plugins: [react(), tailwindcss(), keepLate(), precompress()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4000,
    manifest: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What entry and late chunks share must not end up in a late one: the entry would then load it at once.
            { name: "preload", test: /vite\/preload-helper/, priority: 10 },
            ...Object.entries(LAZY).map(([name, test]) => ({ name, test })),
          ],
        },
      },
    },
  },
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": toServer, "/terminals": toServer, "/login": toServer } },
  preview: { host: "127.0.0.1", proxy: { "/api": toServer, "/login": toServer } },
});
