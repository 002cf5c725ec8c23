import { defineConfig } from "vitest/config";

// The chat page and the page that shows the widget. The server mounts both files'
// assets below /chat/ and fills in the channel's settings.
export default defineConfig({
  base: "/chat/",
  build: {
    outDir: "dist",
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["index.html", "demo.html"] },
  },
  test: { environment: "jsdom", include: ["test/**/*.test.ts"] },
});
