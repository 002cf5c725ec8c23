import { writeFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vitest/config";

// The Go package embeds dist/, so the folder must exist in a fresh checkout:
// emptying it before a build would take .gitkeep away.
function keepDist(): Plugin {
  return {
    name: "keep-dist",
    apply: "build",
    closeBundle: () => writeFileSync(new URL("./dist/.gitkeep", import.meta.url), ""),
  };
}

const server = process.env.PARLEY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/console/",
  plugins: [react(), keepDist()],
  server: { proxy: { "/api": server, "/sources": server, "/chat": server } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // data: addresses would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./src/test/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    // Pages are loaded when they are opened, which takes its time on a busy machine.
    testTimeout: 60_000,
    // One browser for all files: making one takes longer than most tests.
    isolate: false,
    maxWorkers: 2,
  },
});
