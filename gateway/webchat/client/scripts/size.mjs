// Fails the build when the widget has grown too heavy for other people's pages.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 40 * 1000;
const file = new URL("../dist/widget.js", import.meta.url);
const bytes = gzipSync(readFileSync(file), { level: 9 }).length;
console.log(`widget.js: ${(bytes / 1000).toFixed(1)} kB gzipped (limit ${limit / 1000} kB)`);
if (bytes >= limit) {
  console.error("widget.js is too large");
  process.exit(1);
}
