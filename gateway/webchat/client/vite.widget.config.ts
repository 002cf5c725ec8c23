import { defineConfig } from "vite";

// The widget: one file that a foreign page loads with one script tag. Its styles
// are inside and live in a shadow root.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: false, // the pages are there already
    target: "es2022",
    lib: { entry: "src/widget.ts", formats: ["iife"], name: "ParleyWidget", fileName: () => "widget.js" },
  },
});
