// Takes a picture of every page in both themes, both languages and three widths,
// against the fake API, and reports what the content security policy refused and
// what the page complained about. Build first. `npm run shots -- [folder] [filter]`.
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const folder = process.argv[2] ?? join(tmpdir(), "parley-console");
const only = process.argv[3] ?? "";
mkdirSync(folder, { recursive: true });

const server = await preview({
  configFile: "fake/vite.config.ts",
  preview: { port: 0, host: "127.0.0.1" },
  logLevel: "error",
});
const { port } = server.httpServer.address();
const origin = `http://127.0.0.1:${port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const sizes = { desktop: [1360, 900], tablet: [820, 1100], phone: [390, 844] };
const looks = [
  ["desktop", "en", "light"],
  ["desktop", "zh-CN", "dark"],
  ["phone", "zh-CN", "light"],
  ["phone", "en", "dark"],
  ["tablet", "en", "light"],
];
const id = (page, testid) => page.getByTestId(testid);

// Each scene: name, address, scene of the fake API, what to do before the picture.
const scenes = [
  ["login", "/console/login", { signedOut: true }],
  [
    "login-error",
    "/console/login",
    { signedOut: true },
    async (page) => {
      await id(page, "login-username").fill("mei");
      await id(page, "login-password").fill("wrong");
      await id(page, "login-submit").click();
      await page.getByRole("alert").waitFor();
    },
  ],
  [
    "setup",
    "/console/setup?token=abc",
    { signedOut: true, needsSetup: true },
    async (page) => {
      await id(page, "setup-username").fill("mei");
      await id(page, "setup-password").fill("correct horse battery");
    },
  ],
  ["overview", "/console/overview", {}, (page) => page.locator(".recharts-surface").first().waitFor()],
  ["overview-empty", "/console/overview", { empty: true }],
  ["documents", "/console/documents", {}, (page) => id(page, "doc-row").first().waitFor()],
  ["documents-empty", "/console/documents", { empty: true }],
  [
    "documents-drawer",
    "/console/documents",
    {},
    async (page) => {
      await id(page, "doc-open").first().click();
      await id(page, "chunk").first().waitFor();
    },
  ],
  [
    "documents-upload",
    "/console/documents",
    {},
    async (page) => {
      await id(page, "doc-row").first().waitFor();
      const file = (name) => ({ name, mimeType: "text/plain", buffer: Buffer.from("x".repeat(2000)) });
      await id(page, "upload-input").setInputFiles(["new-1.md", "tool.exe", "new-2.md"].map(file));
      await page.locator("[data-name='new-2.md'][data-stage]").waitFor();
    },
  ],
  [
    "search",
    "/console/documents?tab=search",
    {},
    async (page) => {
      await id(page, "search-question").fill("Can I return a gift?");
      await id(page, "search-run").click();
      await id(page, "search-passage").first().waitFor();
    },
  ],
  ["prompts", "/console/prompts", {}, (page) => id(page, "prompt-item").first().waitFor()],
  ["prompt", "/console/prompts/answer-en", {}, (page) => page.locator(".cm-content").waitFor()],
  [
    "prompt-problem",
    "/console/prompts/answer-en",
    {},
    async (page) => {
      await page.locator(".cm-content").click();
      await page.keyboard.press("Control+Home");
      await page.keyboard.type("Dear {{.Reader}}, ");
      await id(page, "prompt-problem").first().waitFor();
    },
  ],
  [
    "prompt-diff",
    "/console/prompts/answer-en?version=4",
    {},
    async (page) => {
      await id(page, "prompt-diff").click();
      await id(page, "prompt-diff-view").locator(".cm-content").first().waitFor();
    },
  ],
  [
    "prompt-try",
    "/console/prompts/answer-en",
    {},
    async (page) => {
      await id(page, "tab-try").click();
      await id(page, "try-question").fill("Can I return a gift without the receipt?");
      await page.waitForTimeout(600);
      await id(page, "try-run").click();
      await id(page, "try-answer").waitFor();
    },
  ],
  ["conversations", "/console/conversations", {}, (page) => id(page, "conversation-row").first().waitFor()],
  [
    "conversation",
    "/console/conversations",
    {},
    async (page) => {
      await id(page, "conversation-row").first().click();
      await id(page, "answer").first().waitFor();
      await page.waitForTimeout(300);
    },
  ],
  [
    "receipt",
    "/console/conversations",
    {},
    async (page) => {
      await id(page, "conversation-row").first().click();
      await id(page, "receipt-open").nth(1).click();
      await id(page, "receipt").waitFor();
      await page.waitForTimeout(400);
    },
  ],
  ["settings", "/console/settings", {}],
  ["settings-users", "/console/settings/users", {}, (page) => id(page, "user-row").first().waitFor()],
  ["settings-user-new", "/console/settings/users", {}, (page) => id(page, "user-new").click()],
  ["settings-keys", "/console/settings/keys", {}, (page) => id(page, "key-row").first().waitFor()],
  ["settings-key-new", "/console/settings/keys", {}, (page) => id(page, "key-new").click()],
  [
    "settings-embedding",
    "/console/settings/embedding",
    {},
    (page) => id(page, "embedding-row").first().waitFor(),
  ],
  [
    "settings-embedding-forget",
    "/console/settings/embedding",
    {},
    (page) => id(page, "embedding-forget").click(),
  ],
  ["settings-system", "/console/settings/system", {}],
  [
    "viewer-documents",
    "/console/documents",
    { role: "viewer" },
    (page) => id(page, "doc-row").first().waitFor(),
  ],
  ["not-found", "/console/nowhere", {}],
  [
    "navigation",
    "/console/overview",
    {},
    async (page) => {
      if (await id(page, "nav-toggle").isVisible()) await id(page, "nav-toggle").click();
      await page.waitForTimeout(300);
    },
  ],
];

let complaints = 0;
for (const [size, language, scheme] of looks) {
  const [width, height] = sizes[size];
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: language,
    reducedMotion: "reduce",
  });
  await context.addInitScript((l) => localStorage.setItem("parley-language", l), language);
  for (const [name, address, scene, act] of scenes) {
    const file = `${name}-${size}-${language}-${scheme}`;
    if (!file.includes(only)) continue;
    await fetch(`${origin}/fake`, { method: "POST", body: JSON.stringify(scene) });
    const page = await context.newPage();
    const complain = (what) => {
      complaints++;
      console.log(`${file}: ${what}`);
    };
    page.on(
      "console",
      (m) =>
        ["error", "warning"].includes(m.type()) && !/status of 4\d\d/.test(m.text()) && complain(m.text()),
    );
    page.on("pageerror", (e) => complain(e.message));
    try {
      await page.goto(origin + address);
      await page.locator("h1, [data-testid=conversation]").first().waitFor({ timeout: 10_000 });
      await act?.(page);
      await page.waitForTimeout(350);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 1) complain(`the page is ${wide}px wider than the window`);
    } catch (e) {
      complain(e.message.split("\n")[0]);
    }
    await page.screenshot({
      path: join(folder, `${file}.png`),
      fullPage: size !== "desktop" ? false : undefined,
    });
    await page.close();
  }
  await context.close();
}
await browser.close();
await server.close();
console.log(`${folder}: ${complaints} complaints`);
process.exit(complaints ? 1 : 0);
