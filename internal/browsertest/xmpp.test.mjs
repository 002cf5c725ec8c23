// A person with an XMPP client (Converse.js) on a real Prosody, as `make demo-xmpp` shows it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { demo, images, launch, open, standin, takePictures } from './harness.mjs';

let browser, model, place;
before(async () => {
  browser = await launch();
  model = await standin('--first', '200ms', '--pace', '15');
  place = await demo('--models', `[{name: first, base_url: "${model.url}", api_key: none, model: standin}]`);
});
after(async () => {
  await browser?.close();
  await place?.stop();
  await model?.stop();
});

/** Says something in the chat that is shown. */
async function say(page, text) {
  const box = page.locator('.chat-textarea').first();
  await box.waitFor({ timeout: 60_000 });
  await box.fill(text);
  await box.press('Enter');
}

/** The last message of the bot, once it is whole; growing tells what was seen of it before. */
async function answer(page, growing) {
  const last = page.locator('converse-chat-message').filter({ hasText: 'That is all.' }).last();
  const deadline = Date.now() + 60_000;
  const all = page.locator('converse-chat-message');
  while (!(await last.count())) {
    assert.ok(Date.now() < deadline, `no answer; the page shows:\n${await page.locator('body').innerText()}`);
    const n = await all.count();
    if (n > 1) growing.add(await all.nth(n - 1).innerText());
    await page.waitForTimeout(100);
  }
  return last;
}

/** As `make demo-xmpp` shows it: without a model, answers quote the documents. */
if (takePictures) test('the picture', async () => {
  const plain = await demo();
  const { page, context } = await open(browser, { url: plain.url, locale: 'zh-CN', viewport: { width: 1280, height: 900 } });
  await page.goto(`${plain.url}/?with=room`);
  await say(page, '@小助手 退货的运费由谁承担？');
  await page.locator('converse-chat-message').filter({ hasText: '来源' }).waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1000);
  await page.screenshot({ path: join(images, 'xmpp.png'), animations: 'disabled' });
  await context.close();
  await plain.stop();
});

describe('XMPP', () => {
  for (const [name, query, question] of [
    ['in private', '', '退货的运费由谁承担？'],
    ['in a room, by mention', '?with=room', '@小助手 退货的运费由谁承担？'],
  ]) {
    test(`a question in Chinese ${name} gets an answer that grows, with its sources`, async () => {
      const { page, context, faults } = await open(browser, { url: place.url, locale: 'zh-CN' });
      await page.goto(`${place.url}/${query}`);
      const growing = new Set();
      await say(page, question);
      const text = await (await answer(page, growing)).innerText();
      assert.match(text, /运费/);
      assert.match(text, /\[1\]/, 'no citation');
      assert.match(text, /来源|资料|参考/, `no list of sources: ${text}`);
      assert.ok(growing.size >= 2, `the answer did not grow: ${[...growing].join(' | ')}`);
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
});
