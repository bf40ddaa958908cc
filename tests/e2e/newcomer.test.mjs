/** A newcomer comes to a notebook without tags; the mouse does all but type code. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openNotebook, results, startBrowser, startLab, violations } from './lab.mjs';

const WAIT_MS = 60_000;
const CELLS = [
  'import math',
  '# Load',
  'prices = list(range(3, 6))',
  '# Fit',
  'total = sum(prices)\nrate = total / len(prices)',
  '# Tell',
  'print("rate", rate)'
];
const FIT = 4;
const TASKS = ['load', 'fit', 'tell'];
let lab;
let browser;

before(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await lab?.stop();
});

test('from a notebook without tags to two runs compared', { timeout: 240_000 }, async () => {
  write('first.ipynb', CELLS);
  const { page, errors } = await openNotebook(browser, lab, 'hello.ipynb');
  page.setDefaultTimeout(WAIT_MS);
  const shot = name => page.screenshot({ path: join(results, `newcomer-${name}.png`) });

  // open
  await page.locator('.jp-DirListing-item', { hasText: 'first.ipynb' }).dblclick();
  const notebook = page.locator('.jp-NotebookPanel:visible', {
    hasText: 'prices = list(range(3, 6))'
  });
  await notebook.waitFor();
  assert.equal(await notebook.locator('.dagflow-chip').count(), 0);
  await notebook.locator('[data-command="dagflow:show-graph"]').click();
  const panel = page.locator('.dagflow-panel');
  await panel.getByRole('button', { name: 'Suggest Tags…' }).click();

  // accept the suggested tags
  const suggested = page.locator('.jp-Dialog', { hasText: 'Suggested Tags' });
  await suggested.getByText('imports, definitions and settings above all work').waitFor();
  assert.deepEqual(await suggested.locator('code').allInnerTexts(), ['setup', ...TASKS.map(name => `task:${name}`)]);
  assert.deepEqual(await violations(page, '.dagflow-suggestions'), []);
  await shot('suggested');
  await suggested.getByRole('button', { name: 'Tag 4 Cells' }).click();
  await notebook.locator('.dagflow-chip').nth(TASKS.length).waitFor();
  assert.deepEqual(await notebook.locator('.dagflow-chip-name').allInnerTexts(), ['setup', ...TASKS]);
  await panel.getByRole('button', { name: 'Suggest Tags…' }).waitFor({ state: 'hidden' });

  // run, and watch
  const toolbar = page.locator('.jp-MainAreaWidget:visible', { has: panel }).locator('.jp-Toolbar');
  const press = command => toolbar.locator(`[data-command="dagflow:${command}"]`).click();
  const run = async (command, word) => {
    await press(command);
    await panel.locator('.dagflow-run', { hasText: word }).waitFor();
  };
  const states = () =>
    panel.locator('.dagflow-node').evaluateAll(nodes => nodes.map(node => node.dataset.state).sort());
  await run('run', 'success');
  assert.deepEqual(await states(), ['success', 'success', 'success']);
  await notebook.locator('.dagflow-chip[data-state="success"]', { hasText: 'fit' }).waitFor();
  await shot('success');

  // break a cell
  await retype(page, notebook, 'total = sum(prices)\nrate = total / (len(prices) - 3)');
  await run('run', 'failed');
  assert.deepEqual(await states(), ['failed', 'success', 'upstream_failed']);
  const failure = panel.locator('.dagflow-failure');
  await failure.getByText('division by zero').first().waitFor();
  await shot('failed');

  // debug the task that failed
  await failure.getByRole('button', { name: 'Debug' }).click();
  await page.waitForFunction(() => {
    const { context, content } = window.jupyterapp.shell.currentWidget;
    const above = content?.widgets?.slice(0, content.activeCellIndex).filter(({ model }) => model.type === 'code');
    return (
      context?.path.startsWith('dagflow:') &&
      content.activeCell.model.sharedModel.source.includes('len(prices)') &&
      above.every(({ model }) => model.executionCount !== null && model.executionState !== 'running')
    );
  });
  const debugged = page.locator('.jp-NotebookPanel:visible', { hasText: 'Run again by hand' });
  await debugged.locator('.jp-Toolbar [data-jp-item-name="run"] jp-button').click();
  // the three code cells above it have been run before it
  await debugged.locator('.jp-CodeCell', { hasText: 'len(prices)' }).getByText('[4]:').waitFor();
  await debugged.locator('.jp-OutputArea-output', { hasText: 'division by zero' }).waitFor();
  await shot('debugged');

  // fix it, where it failed
  await page.locator('.lm-TabBar-tab', { hasText: 'Pipeline: first.ipynb' }).click();
  await failure.getByRole('button', { name: 'Go to cell 4, line 2' }).click();
  await retype(page, notebook, 'total = sum(prices)\nrate = total / max(1, len(prices))');
  await run('resume-run', 'success');
  await failure.waitFor({ state: 'hidden' });
  await shot('resumed');

  // compare
  await toolbar.locator('[data-jp-item-name="runs"] jp-button').click();
  const runs = page.locator('.dagflow-pipeline-runs');
  await runs.getByLabel('Compare this run with').selectOption({ index: 1 });
  await runs
    .locator('[data-line="added"]', {
      hasText: '+rate = total / max(1, len(prices))'
    })
    .waitFor();
  await runs
    .locator('[data-line="removed"]', {
      hasText: '-rate = total / len(prices)'
    })
    .waitFor();
  await shot('compared');
  assert.deepEqual(errors, []);
  await page.close();
});

/** Put the cursor into the cell with the mouse, and type its code anew. */
async function retype(page, notebook, source) {
  const editor = notebook.locator('.jp-Cell').nth(FIT).locator('.cm-content');
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(source);
  assert.equal(await editor.innerText(), source);
}

/** A notebook of cells without tags; what begins with # is markdown. */
function write(path, sources) {
  const cells = sources.map((source, index) => {
    const isText = source.startsWith('#');
    const rest = isText ? {} : { execution_count: null, outputs: [] };
    return {
      id: `c${index}`,
      cell_type: isText ? 'markdown' : 'code',
      source,
      metadata: {},
      ...rest
    };
  });
  const kernelspec = {
    name: 'python3',
    display_name: 'Python 3',
    language: 'python'
  };
  writeFileSync(
    join(lab.notebooks, path),
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec },
      cells
    })
  );
}
