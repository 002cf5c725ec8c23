// A customer in the chat page and in the widget.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { images, importSample, launch, open, serve, standin, takePictures, temporary } from './harness.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const id = (page, name) => page.getByTestId(name);

/** Asks and waits until the answer is whole; returns the answer's element. */
async function ask(page, question) {
  const earlier = await id(page, 'message-bot').count();
  await id(page, 'chat-input').fill(question);
  await id(page, 'chat-send').click();
  const answer = id(page, 'message-bot').nth(earlier);
  await answer.and(page.locator('[data-final="true"]')).waitFor({ timeout: 30_000 });
  return answer;
}

describe('without a model', () => {
  const place = temporary();
  let server;
  before(async () => {
    const files = importSample(place.dir);
    for (const f of files) assert.equal(f.status, 'ready', `${f.file}: ${f.error}`);
    assert.ok(files.length >= 12, `${files.length} sample files`);
    // what `make run` starts with
    server = await serve({ data: place.dir, config: readFileSync(join(import.meta.dirname, '..', '..', 'config.yaml'), 'utf8') });
  });
  after(async () => { await server?.stop(); place.remove(); });

  test('a question in Chinese gets a cited answer in Chinese', async () => {
    const { page, context, faults } = await open(browser, { url: server.url, locale: 'zh-CN' });
    await page.goto(`${server.url}/chat`);
    const answer = await ask(page, '退货的运费由谁承担？');
    assert.match(await answer.innerText(), /运费/);
    assert.ok(await answer.getByTestId('source').count() >= 1, 'no source under the answer');
    if (takePictures) await page.screenshot({ path: join(images, 'chat.png'), animations: 'disabled' });
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('a question in English gets a cited answer in English, and its source opens', async () => {
    const { page, context, faults } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/chat`);
    const answer = await ask(page, 'Who pays for return shipping?');
    const text = await answer.innerText();
    assert.match(text, /return|shipping|refund/i);
    assert.doesNotMatch(text.split('\n')[0], /[\u4e00-\u9fff]/, 'the first line is not English');
    const source = answer.getByTestId('source').first();
    const href = await source.evaluate((e) => (e.matches('a') ? e : e.querySelector('a'))?.getAttribute('href'));
    assert.ok(href, 'the source is no link');
    const opened = await page.request.get(new URL(href, server.url).href);
    assert.equal(opened.status(), 200);
    assert.match(await opened.text(), /return|shipping|refund/i);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('what is not in the documents is said not to be known', async () => {
    const { page, context } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/chat`);
    const answer = await ask(page, 'What is the capital of France?');
    assert.equal(await answer.getByTestId('source').count(), 0);
    assert.doesNotMatch(await answer.innerText(), /Paris/);
    await context.close();
  });

  test('a reload shows what was said, and a thumb is kept', async () => {
    const { page, context } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/chat`);
    const answer = await ask(page, 'How long is the warranty on lamps?');
    const before = await answer.innerText();
    await answer.getByTestId('thumb-up').click();
    await page.reload();
    const again = id(page, 'message-bot').last();
    await again.waitFor();
    assert.equal((await again.innerText()).slice(0, 60), before.slice(0, 60));
    assert.equal(await id(page, 'message-user').count(), 1);
    await context.close();
  });

  test('the widget answers on a page that shows it in use', async () => {
    const { page, context, faults } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/widget`);
    await id(page, 'widget-open').click();
    await id(page, 'widget-panel').waitFor();
    const answer = await ask(page, 'When will my parcel arrive after I order?');
    assert.ok((await answer.innerText()).length > 20);
    if (takePictures) await page.screenshot({ path: join(images, 'widget.png'), animations: 'disabled' });
    assert.deepEqual(faults, []);
    await context.close();
  });
});

describe('with a model', () => {
  const place = temporary();
  let model, server;
  before(async () => {
    importSample(place.dir);
    model = await standin('--first', '300ms', '--pace', '15');
    server = await serve({ data: place.dir, config: `models: [{name: standin, base_url: "${model.url}", api_key: none, model: standin}]\n` });
  });
  after(async () => { await server?.stop(); await model?.stop(); place.remove(); });

  test('the answer grows in place, is cited, and can be stopped', async () => {
    const { page, context, faults } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/chat`);
    await id(page, 'chat-input').fill('Who pays for return shipping?');
    await id(page, 'chat-send').click();
    const answer = id(page, 'message-bot').first();
    await answer.waitFor({ timeout: 5_000 });
    const lengths = new Set();
    for (;;) {
      lengths.add((await answer.innerText()).length);
      if (await answer.getAttribute('data-final') === 'true') break;
      await page.waitForTimeout(50);
    }
    assert.ok(lengths.size >= 3, `the text was seen at ${lengths.size} lengths only`);
    assert.ok(await answer.getByTestId('source').count() >= 1, 'no source under the answer');

    await id(page, 'chat-input').fill('And how long does a refund take?');
    await id(page, 'chat-send').click();
    const second = id(page, 'message-bot').nth(1);
    await second.waitFor({ timeout: 10_000 });
    await id(page, 'chat-stop').click();
    await second.and(page.locator('[data-final="true"]')).waitFor({ timeout: 5_000 });
    assert.deepEqual(faults, []);
    await context.close();
  });

  test('an answer in progress goes on after a reload', async () => {
    const { page, context } = await open(browser, { url: server.url });
    await page.goto(`${server.url}/chat`);
    await id(page, 'chat-input').fill('Who pays for return shipping?');
    await id(page, 'chat-send').click();
    await id(page, 'message-bot').first().waitFor({ timeout: 5_000 });
    await page.reload();
    const answer = id(page, 'message-bot').first();
    await answer.and(page.locator('[data-final="true"]')).waitFor({ timeout: 30_000 });
    assert.equal(await id(page, 'message-bot').count(), 1);
    await context.close();
  });
});
