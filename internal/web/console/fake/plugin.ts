import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import type { Role } from "../src/api/types.ts";
import { answer } from "./api.ts";
import { newWorld } from "./world.ts";

type Next = () => void;

/**
 * Serves the fake API beside the console: `npm run dev:fake` or `preview:fake`.
 * The preview has the content security policy of the real server, so that what it
 * forbids shows up. POST /fake sets the scene: {empty, role, signedOut, needsSetup}.
 */
export function fakeServer(): Plugin {
  let world = newWorld();
  const api = async (req: IncomingMessage, res: ServerResponse, next: Next) => {
    const url = new URL(req.url ?? "/", "http://fake");
    if (url.pathname === "/fake") {
      const scene = JSON.parse((await read(req)).toString() || "{}") as Record<string, unknown>;
      world = newWorld(scene.empty === true);
      if (scene.role) world.role = scene.role as Role;
      if (scene.signedOut) world.user = null;
      if (scene.needsSetup) world.needsSetup = true;
      res.end("{}");
      return;
    }
    if (!url.pathname.startsWith("/api/v1/")) return next();
    const raw = await read(req);
    const form = req.headers["content-type"]?.startsWith("multipart/");
    const name = form ? /filename="([^"]*)"/.exec(raw.toString())?.[1] : undefined;
    const a = answer(world, {
      method: req.method ?? "GET",
      path: url.pathname.slice("/api/v1".length),
      query: url.searchParams,
      body: form || raw.length === 0 ? {} : JSON.parse(raw.toString()),
      file: name === undefined ? undefined : { name: Buffer.from(name, "utf8").toString(), size: raw.length },
    });
    res.statusCode = a.status;
    res.setHeader("Content-Type", a.status < 400 ? "application/json" : "application/problem+json");
    res.end(a.body === undefined ? "" : JSON.stringify(a.body));
  };
  const page = (req: IncomingMessage, res: ServerResponse, next: Next) => {
    const wantsPage = req.headers.accept?.includes("text/html") && req.url?.startsWith("/console/");
    if (!wantsPage) return next();
    const nonce = randomBytes(16).toString("base64");
    const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    res.setHeader(
      "Content-Security-Policy",
      `default-src 'self'; style-src 'self' 'nonce-${nonce}'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'`,
    );
    res.end(html.replaceAll("__CSP_NONCE__", nonce));
  };
  return {
    name: "fake-api",
    configureServer: (server) => void server.middlewares.use(api),
    configurePreviewServer: (server) => {
      server.middlewares.use(api);
      server.middlewares.use(page);
    },
  };
}

async function read(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
