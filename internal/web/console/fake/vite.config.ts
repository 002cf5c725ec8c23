import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig } from "vite";
import plain from "../vite.config.ts";
import { fakeServer } from "./plugin.ts";

// The console with the fake API beside it: npm run dev:fake, npm run preview:fake.
export default mergeConfig(
  { ...plain, server: { ...plain.server, proxy: undefined } },
  defineConfig({ root: fileURLToPath(new URL("..", import.meta.url)), plugins: [fakeServer()] }),
);
