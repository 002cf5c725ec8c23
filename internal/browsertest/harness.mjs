// Starts the real binary and a real browser for the tests of this folder.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const root = join(import.meta.dirname, '..', '..');
export const binary = join(root, 'bin', process.platform === 'win32' ? 'parley.exe' : 'parley');
export const sample = join(root, 'docs', 'sample', 'help-centre');
export const images = join(root, 'docs', 'images');

/** Pictures for the README are only made when asked for, so that a test run leaves the tree clean. */
export const takePictures = process.env.PARLEY_PICTURES === '1';

export function temporary() {
  const dir = mkdtempSync(join(tmpdir(), 'parley-browser-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Runs a command of the binary to its end and returns what it printed. */
export function parley(...args) {
  const r = spawnSync(binary, args, { encoding: 'utf8', timeout: 180_000 });
  if (r.status !== 0) throw new Error(`parley ${args.join(' ')}: status ${r.status}\n${r.stdout}\n${r.stderr}`);
  return r.stdout;
}

/** Waits for a line of a child's standard output that matches, and returns the match. */
function waitForLine(child, pattern, what) {
  return new Promise((resolve, reject) => {
    let text = '';
    let errors = '';
    const timer = setTimeout(() => reject(new Error(`${what} did not say ${pattern} in time:\n${text}\n${errors}`)), 60_000);
    child.stdout.on('data', (d) => {
      text += d;
      const m = text.match(pattern);
      if (m) {
        clearTimeout(timer);
        resolve(m);
      }
    });
    child.stderr.on('data', (d) => { errors += d; });
    child.on('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${what} ended with ${code}:\n${text}\n${errors}`));
    });
  });
}

async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A scripted stand-in for a model server. */
export async function standin(...args) {
  const child = spawn(binary, ['standin', '--listen', '127.0.0.1:0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [, url] = await waitForLine(child, /(http:\/\/\S+)/, 'the stand-in');
  return { url, stop: () => end(child, 'SIGKILL') };
}

/** Starts Prosody, Parley and the page of `make demo-xmpp`. */
export async function demo(...args) {
  const child = spawn(join(root, 'bin', 'demo-xmpp'), ['--listen', '127.0.0.1:0', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [, url] = await waitForLine(child, /Chat +(http:\/\/\S+)\//, 'the demo');
  return { url, stop: () => end(child) };
}

/** Imports the sample help centre. */
export function importSample(data) {
  const files = readdirSync(sample).map((f) => join(sample, f));
  return parley('import', '--data', data, '--collection', 'help', '--json', ...files)
    .trim().split('\n').map((line) => JSON.parse(line));
}

/** Starts the server. config is the text of a config.yaml. */
export async function serve({ data, config = '', listen = '127.0.0.1:0' }) {
  const file = join(data, 'config.yaml');
  writeFileSync(file, config);
  const child = spawn(binary, ['serve', '--config', file, '--data', data, '--listen', listen], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let said = '';
  child.stderr.on('data', (d) => { log += d; });
  child.stdout.on('data', (d) => { said += d; });
  const [, url] = await waitForLine(child, /(http:\/\/\S+)\/console\/\n/, 'the server');
  return {
    url,
    child,
    log: () => log,
    /** The one-time link for the first admin, or undefined when there is one already. */
    setupLink: () => said.match(/http:\S+setup\?token=\S+/)?.[0],
    stop: () => end(child),
    kill: () => end(child, 'SIGKILL'),
  };
}

export function chromiumPath() {
  const candidates = [process.env.PARLEY_TEST_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const found = candidates.find((p) => p && existsSync(p));
  if (!found) throw new Error('no Chromium: run .ci/tools, or name one in PARLEY_TEST_CHROMIUM');
  return found;
}

export async function launch() {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A page that fails the test when it reaches for another host, breaks its own CSP or throws. */
export async function open(browser, { url, locale = 'en-US', colorScheme = 'light', viewport = { width: 1280, height: 860 } }) {
  const context = await browser.newContext({ locale, colorScheme, viewport });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (e) => faults.push(`script: ${e.message}`));
  page.on('console', (m) => {
    if (/Content Security Policy/i.test(m.text())) faults.push(`csp: ${m.text()}`);
  });
  await context.route('**/*', (route) => {
    if (route.request().url().startsWith(url) || route.request().url().startsWith('data:') || route.request().url().startsWith('blob:')) return route.continue();
    faults.push(`foreign request: ${route.request().url()}`);
    return route.abort();
  });
  return { page, context, faults };
}
