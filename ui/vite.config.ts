import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Files that shrink; fonts are compressed as they are. */
const SHRINKS = /\.(?:js|css|html|svg|json)$/;

/** Writes .br and .gz beside each asset, so that the server hands out what is already compressed. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [fileName, output] of Object.entries(bundle)) {
          if (!SHRINKS.test(fileName)) continue;
          const content = Buffer.from(output.type === "chunk" ? output.code : output.source);
          const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
          this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: brotliCompressSync(content, quality) });
          this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(content, { level: 9 }) });
        }
      },
    },
  };
}

const server = process.env["ORCHESTRATOR_SERVER"] ?? "http://127.0.0.1:8080";
// The server checks that a request comes from its own page: the dev server speaks in its name.
const proxied = { target: server, changeOrigin: true, ws: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react(), tailwindcss(), compressed()],
  build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: false, modulePreload: { polyfill: false }, rolldownOptions: { checks: { bundlerTimings: false } } },
  server: { port: 5173, proxy: { "/api": proxied, "/metrics": proxied, "/readyz": proxied, "/healthz": proxied } },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
} as Parameters<typeof defineConfig>[0]);
