// Staff and admins in the console.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { images, importSample, launch, open, sample, serve, standin, takePictures, temporary } from './harness.mjs';

const place = temporary();
let browser, model, server, page, context, faults;
before(async () => {
  importSample(place.dir);
  browser = await launch();
  model = await standin('--first', '50ms', '--pace', '200');
  server = await serve({ data: place.dir, config: `models: [{name: standin, base_url: "${model.url}", api_key: none, model: standin}]\n` });
  ({ page, context, faults } = await open(browser, { url: server.url, viewport: { width: 1400, height: 900 } }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await model?.stop();
  place.remove();
});

const id = (name) => page.getByTestId(name);
const picture = async (name) => { if (takePictures) await page.screenshot({ path: join(images, `${name}.png`), animations: 'disabled' }); };

test('the one-time link makes the first admin, and works once', async () => {
  const link = server.setupLink();
  assert.ok(link, 'serve printed no set-up link');
  await page.goto(link);
  await id('setup-username').fill('ada');
  await id('setup-name').fill('Ada');
  await id('setup-password').fill('a long pass phrase');
  await id('setup-submit').click();
  await id('nav-overview').waitFor();
  const again = await page.request.post(`${server.url}/api/v1/setup`, {
    data: { token: new URL(link).searchParams.get('token'), username: 'eve', name: 'Eve', password: 'another long phrase' },
  });
  assert.ok(again.status() >= 400, `the link worked twice: ${again.status()}`);
});

test('a PDF is uploaded, read and found; a broken file says why', async () => {
  const pdf = readdirSync(sample).find((f) => f.endsWith('.pdf'));
  const good = join(place.dir, 'Upload test.pdf');
  copyFileSync(join(sample, pdf), good);
  const bad = join(place.dir, 'broken.pdf');
  writeFileSync(bad, Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(4000, 7)]));
  await id('nav-documents').click();
  await id('upload-input').setInputFiles([good, bad]);
  await page.locator('[data-testid="doc-row"][data-name="Upload test.pdf"][data-stage="ready"]').waitFor({ timeout: 60_000 });
  const broken = page.locator('[data-testid="doc-row"][data-name="broken.pdf"][data-stage="failed"]');
  await broken.waitFor({ timeout: 60_000 });
  assert.ok((await broken.getByTestId('doc-reason').innerText()).length > 10, 'no reason for the failure');
  await broken.getByTestId('doc-retry').waitFor();
  await picture('documents');

  await page.locator('[data-testid="doc-row"][data-name="Upload test.pdf"]').getByTestId('doc-open').click();
  await id('chunk').first().waitFor();
  await page.keyboard.press('Escape');
});

test('the search test shows ranked passages', async () => {
  await id('nav-documents').click();
  await id('tab-search').click();
  await id('search-question').fill('Who pays for return shipping?');
  await id('search-run').click();
  await id('search-passage').first().waitFor();
  assert.ok(await id('search-passage').count() >= 2);
});

test('a published prompt changes the next answer, and rolling back changes it again', async () => {
  const customer = await open(browser, { url: server.url });
  let earlier = 0; // answers in the chat, which a new page shows a moment after it has loaded
  const asked = async () => {
    const chat = customer.page;
    await chat.goto(`${server.url}/chat`);
    if (earlier > 0) await chat.getByTestId('message-bot').nth(earlier - 1).waitFor();
    await chat.getByTestId('chat-input').fill('Who pays for return shipping?');
    await chat.getByTestId('chat-send').click();
    const answer = chat.getByTestId('message-bot').nth(earlier);
    await answer.and(chat.locator('[data-final="true"]')).waitFor({ timeout: 30_000 });
    earlier++;
    return answer.innerText();
  };
  assert.doesNotMatch(await asked(), /AHOY/);

  await id('nav-prompts').click();
  await page.locator('[data-testid="prompt-item"][data-name="answer-en"]').click();
  await id('prompt-editor').waitFor();
  const editor = page.locator('[data-testid="prompt-editor"] .cm-content');
  await editor.click();
  await page.keyboard.press('Control+Home');
  // the stand-in repeats what follows SAY: in its instructions
  await page.keyboard.type('SAY: AHOY\n');
  await id('prompt-note').fill('greet like a sailor');
  await id('prompt-publish').click();
  await page.locator('[data-testid="prompt-version"][data-version="1"][data-active="true"]').waitFor();
  await picture('prompts');
  assert.match(await asked(), /AHOY/);

  await page.locator('[data-testid="prompt-version"][data-version="0"]').getByTestId('prompt-rollback').click();
  await id('confirm').click();
  await page.locator('[data-testid="prompt-version"][data-version="0"][data-active="true"]').waitFor();
  assert.doesNotMatch(await asked(), /AHOY/);
  await customer.context.close();
});

test('a conversation shows the receipt of an answer', async () => {
  await id('nav-conversations').click();
  await id('conversation-row').first().click();
  await id('receipt-open').first().click();
  const receipt = id('receipt');
  await receipt.waitFor();
  const text = await receipt.innerText();
  assert.match(text, /answer-en/);
  assert.match(text, /standin/);
  await picture('receipt');
  await page.keyboard.press('Escape');
});

test('the overview counts, in both languages, light and dark', async () => {
  await id('nav-overview').click();
  await page.getByText(/chat/).first().waitFor();
  await picture('overview');
  await id('theme-switch').click();
  await id('lang-switch').click();
  const chinese = page.getByRole('menuitem', { name: /中文/ });
  if (await chinese.count()) await chinese.click();
  await page.getByText('概览').first().waitFor();
  await picture('overview-zh');
});

test('an administrator sees the database and the embedding models, in both languages', async () => {
  await id('nav-overview').click();
  await page.locator('[data-testid="system-database"][data-kind="sqlite"]').waitFor();
  assert.match(await id('system-database').innerText(), /SQLite[\s\S]*\d (kB|MB)/);
  assert.equal(await id('system-redis').getAttribute('data-state'), 'none');
  for (const [language, title] of [['zh-CN', '还没有嵌入模型'], ['en', 'No embedding model yet']]) {
    await page.evaluate((l) => localStorage.setItem('parley-language', l), language);
    await page.goto(`${server.url}/console/settings/embedding`);
    await page.getByText(title).waitFor({ timeout: 10_000 });
  }
});

test('no page broke its own rules', () => {
  assert.deepEqual(faults, []);
});
