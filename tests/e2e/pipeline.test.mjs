/** A person makes a pipeline of a notebook in JupyterLab: tags its cells, and sees the graph follow. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { changeTheme, openNotebook, results, startBrowser, startLab, violations } from './lab.mjs';

const MANY = 150;
const WAIT_MS = 60_000;
const PLAIN = [
  ['load', '# Load'],
  ['a', 'x = 1'],
  ['b', 'y = x + 1'],
  ['fit', '# Fit'],
  ['c', 'z = y * 2'],
  ['d', 'print(z)']
];
let lab;
let browser;

before(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await lab?.stop();
});

test('cells become tasks by keys and menus, and undo takes that back', { timeout: 120_000 }, async () => {
  write('plain.ipynb', PLAIN);
  const { page, errors } = await openNotebook(browser, lab, 'plain.ipynb');
  const prompt = id =>
    page
      .locator('.jp-Notebook .jp-Cell')
      .nth(PLAIN.findIndex(([name]) => name === id))
      .locator('.jp-InputPrompt');
  const chips = () => page.locator('.dagflow-chip').allInnerTexts();
  assert.deepEqual(await chips(), []);

  await prompt('a').click();
  await prompt('b').click({ modifiers: ['Shift'] });
  await page.keyboard.press('t');
  await page.keyboard.press('t');
  const name = page.locator('.jp-Dialog input');
  assert.equal(await name.inputValue(), 'load');
  await name.fill('two words');
  await name.press('Enter');
  await page.locator('.jp-Dialog', { hasText: "A task's name is a name" }).waitFor();
  await page.locator('.jp-Dialog input').fill('load');
  await page.locator('.jp-Dialog input').press('Enter');
  await waitForChips(page, ['load', '↳ load', '↳ load', '↳ load']);

  await page.locator('.dagflow-chip').nth(2).click();
  await page.locator('.lm-Menu-item', { hasText: 'Begin a Task Here' }).click();
  await page.locator('.jp-Dialog input').press('Enter');
  await waitForChips(page, ['load', '↳ load', 'fit', '↳ fit']);
  await page.evaluate(() => {
    const { sharedModel } = window.jupyterapp.shell.currentWidget.content.model;
    sharedModel.cells[4].setMetadata('tags', [...sharedModel.cells[4].getMetadata('tags'), 'after:load', 'mine']);
  });
  await page.screenshot({ path: join(results, 'chips-light.png') });

  await prompt('b').click();
  await page.keyboard.press('t');
  await page.keyboard.press('r');
  await page.locator('.jp-Dialog input').fill('read');
  await page.locator('.jp-Dialog input').press('Enter');
  await waitForChips(page, ['read', '↳ read', 'fit', '↳ fit']);
  assert.deepEqual(await tags(page, 4), ['task:fit', 'after:read', 'mine']);
  await prompt('d').click();
  await page.keyboard.press('t');
  await page.keyboard.press('l');
  await waitForChips(page, ['read', '↳ read', 'fit', 'left out']);
  await page.keyboard.press('z');
  await waitForChips(page, ['read', '↳ read', 'fit', '↳ fit']);
  await page.keyboard.press('z');
  await waitForChips(page, ['load', '↳ load', 'fit', '↳ fit']);
  assert.deepEqual(await tags(page, 4), ['task:fit', 'after:load', 'mine']);
  assert.deepEqual(await violations(page, '.dagflow-chips'), []);

  await page.evaluate(() => window.jupyterapp.shell.currentWidget.context.save());
  const saved = JSON.parse(readFileSync(join(lab.notebooks, 'plain.ipynb'), 'utf8'));
  assert.deepEqual(
    saved.cells.map(({ metadata }) => metadata.tags),
    [undefined, ['task:load'], undefined, undefined, ['task:fit', 'after:load', 'mine'], undefined]
  );
  assert.deepEqual(errors, []);
  await page.close();
});

test('the panel shows what is on screen, and both show what is selected', { timeout: 120_000 }, async () => {
  const { page, errors } = await openNotebook(browser, lab, 'hello.ipynb');
  await page.locator('.jp-Toolbar [data-command="dagflow:show-graph"]').first().click();
  const nodes = page.locator('.dagflow-panel .dagflow-node');
  await nodes.first().waitFor();
  const before = await nodes.count();
  await page.evaluate(() => {
    const notebook = [...window.jupyterapp.shell.widgets('main')].find(
      ({ context }) => context?.path === 'hello.ipynb'
    );
    window.notebook = notebook.content;
    const cell = {
      cell_type: 'code',
      source: 'one_more = 1',
      metadata: { tags: ['task:one_more'] }
    };
    window.notebook.model.sharedModel.addCell(cell);
  });
  const added = page.locator('.dagflow-panel .dagflow-node[data-task="one_more"]');
  await added.waitFor();
  assert.equal(await nodes.count(), before + 1);
  assert.ok(!readFileSync(join(lab.notebooks, 'hello.ipynb'), 'utf8').includes('one_more'));

  await added.click();
  await page.waitForFunction(() => window.notebook.activeCellIndex === window.notebook.widgets.length - 1);
  await page.keyboard.press('Escape');
  const first = await page.evaluate(() => {
    const index = window.notebook.widgets.findIndex(({ model }) => model.getMetadata('tags')?.includes('task:greet'));
    window.notebook.activeCellIndex = index;
    return index;
  });
  assert.ok(first > 0);
  await page.waitForSelector('.dagflow-marked[data-task="greet"]');
  const search = page.getByLabel('Find a task');
  await search.fill('one');
  assert.equal(await page.locator('.dagflow-unfound').count(), before);
  await search.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.task), 'one_more');
  await search.press('Escape');
  assert.equal(await page.locator('.dagflow-unfound').count(), 0);
  await page.screenshot({ path: join(results, 'panel-light.png') });

  await page.evaluate(() => window.notebook.widgets.at(-1).model.sharedModel.setSource('fine = 1\n(not fine'));
  await page.locator('.dagflow-finding-place').first().click();
  await page.waitForFunction(() => {
    const { activeCell, mode } = window.notebook;
    return mode === 'edit' && activeCell.editor?.hasFocus() && activeCell.editor.getCursorPosition().line > 0;
  });
  assert.deepEqual(await violations(page, '.dagflow-panel'), []);
  await changeTheme(page, 'JupyterLab Dark');
  assert.deepEqual(await violations(page, '.dagflow-panel'), []);
  await page.screenshot({ path: join(results, 'panel-dark.png') });
  await changeTheme(page, 'JupyterLab Light');

  await page.evaluate(() => window.notebook.parent.context.rename('renamed.ipynb'));
  await page.getByRole('tab', { name: 'Pipeline: renamed.ipynb' }).waitFor();
  assert.equal(await page.locator('.dagflow-panel').count(), 1);
  assert.deepEqual(errors, []);
  await page.close();
});

test('the property inspector asks for options, and mends what is found', { timeout: 120_000 }, async () => {
  write('options.ipynb', [
    ['d', 'def double(n):\n    return 2 * n'],
    ['a', 'x = 1', ['task:load', 'kep:x']],
    ['b', 'y = x', ['task:fit', 'retries:1']]
  ]);
  const { page, errors } = await openNotebook(browser, lab, 'options.ipynb');
  await waitForChips(page, ['setup', 'load', 'fit']);
  await page.evaluate(() => (window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1));
  await page.evaluate(() => window.jupyterapp.shell.activateById('jp-property-inspector'));
  await page.locator('.jp-Collapse-header', { hasText: 'Pipeline' }).click();
  const inspector = page.locator('.dagflow-properties');
  await inspector.getByRole('button', { name: 'Change to keep:x' }).click();
  await inspector.getByRole('button', { name: 'Remove x' }).waitFor();
  assert.deepEqual(await tags(page, 1), ['task:load', 'keep:x']);

  await page.evaluate(() => (window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2));
  const retries = inspector.getByLabel('Retries');
  await page.waitForFunction(() => document.querySelector('.dagflow-properties-role').textContent.includes('fit'));
  assert.equal(await retries.inputValue(), '1');
  await retries.fill('many');
  await retries.press('Enter');
  await inspector.getByText('It takes a whole number.').waitFor();
  await page.screenshot({ path: join(results, 'properties-light.png') });
  await retries.fill('3');
  await retries.press('Enter');
  const after = inspector.getByLabel('After', { exact: true });
  await after.fill('load');
  await after.press('Enter');
  await inspector.getByRole('button', { name: 'Remove load' }).waitFor();
  const [options, left] = await page.evaluate(() => {
    const { model } = window.jupyterapp.shell.currentWidget.content.widgets[2];
    return [model.getMetadata('dagflow'), model.getMetadata('tags')];
  });
  assert.deepEqual([options, left], [{ retries: 3, after: ['load'] }, ['task:fit']]);
  assert.deepEqual(await violations(page, '.dagflow-properties'), []);
  await changeTheme(page, 'JupyterLab Dark');
  assert.deepEqual(await violations(page, '.dagflow-properties'), []);
  await page.screenshot({ path: join(results, 'properties-dark.png') });
  await changeTheme(page, 'JupyterLab Light');
  assert.deepEqual(errors, []);
  await page.close();
});

test('a run from the panel goes on without the page, and leads to its error', { timeout: 120_000 }, async () => {
  write('runs.ipynb', [
    ['a', 'x = 1', ['task:load']],
    ['b', "import time\nprint('looking at', x)\nwhile not open('go').read():\n    time.sleep(0.05)", ['task:fit']],
    ['c', 'y = 2\nprint("near the end")\nx / 0', ['task:end', 'after:fit']]
  ]);
  writeFileSync(join(lab.notebooks, 'go'), '');
  const first = await openNotebook(browser, lab, 'runs.ipynb');
  await first.page.evaluate(() => {
    const { commands, shell } = window.jupyterapp;
    shell.currentWidget.content.model.sharedModel.cells[0].setSource('x = 40');
    return commands.execute('dagflow:show-graph');
  });
  await first.page.locator('.dagflow-panel .dagflow-node').first().waitFor();
  await first.page.locator('.jp-Toolbar [data-command="dagflow:run"]').click();
  await state(first.page, 'load', 'success');
  await state(first.page, 'fit', 'running');
  assert.ok(readFileSync(join(lab.notebooks, 'runs.ipynb'), 'utf8').includes('x = 40'));
  await first.page.screenshot({ path: join(results, 'running-light.png') });
  assert.deepEqual(first.errors, []);
  await first.page.close();

  const { page, errors } = await openNotebook(browser, lab, 'runs.ipynb');
  await page.evaluate(() => window.jupyterapp.commands.execute('dagflow:show-graph'));
  await state(page, 'fit', 'running');
  writeFileSync(join(lab.notebooks, 'go'), 'on');
  await state(page, 'end', 'failed');
  const failure = page.locator('.dagflow-failure');
  await failure.getByText('near the end').waitFor();
  assert.deepEqual(await violations(page, '.dagflow-panel'), []);
  await page.screenshot({ path: join(results, 'failed-light.png') });
  await failure.getByRole('button', { name: 'Go to cell 2, line 3' }).click();
  await page.waitForFunction(() => {
    const panel = [...window.jupyterapp.shell.widgets('main')].find(({ context }) => context?.path === 'runs.ipynb');
    const { activeCell, activeCellIndex } = panel.content;
    return activeCellIndex === 2 && activeCell.editor?.hasFocus() && activeCell.editor.getCursorPosition().line === 2;
  });
  await changeTheme(page, 'JupyterLab Dark');
  assert.deepEqual(await violations(page, '.dagflow-panel'), []);
  await page.screenshot({ path: join(results, 'failed-dark.png') });
  await changeTheme(page, 'JupyterLab Light');

  writeFileSync(join(lab.notebooks, 'go'), '');
  await page.locator('.dagflow-panel .dagflow-node[data-task="fit"]').click({ button: 'right' });
  await page.locator('.lm-Menu-item', { hasText: 'Run until fit' }).click();
  await state(page, 'fit', 'running');
  await page.locator('.jp-Toolbar [data-command="dagflow:cancel-run"]').click();
  await state(page, 'fit', 'cancelled');
  await failure.waitFor({ state: 'hidden' });
  writeFileSync(join(lab.notebooks, 'go'), 'on');
  await page.locator('.jp-Toolbar [data-command="dagflow:resume-run"]').click();
  await state(page, 'fit', 'success');
  await page.locator('.dagflow-panel .dagflow-run', { hasText: 'success' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('recorded runs are found, looked at, compared and opened', { timeout: 120_000 }, async () => {
  write('compared.ipynb', [
    ['a', 'x = 1', ['task:load']],
    ['b', "print('got', x)", ['task:fit']]
  ]);
  const { page, errors } = await openNotebook(browser, lab, 'compared.ipynb');
  await waitForChips(page, ['load', 'fit']);
  const run = source =>
    page.evaluate(text => {
      const { commands, shell } = window.jupyterapp;
      shell.currentWidget.content.model.sharedModel.cells[0].setSource(text);
      return commands.execute('dagflow:run');
    }, source);
  await run('x = 1');
  await page.locator('.dagflow-chip[data-state="success"]').nth(1).waitFor({ timeout: WAIT_MS });
  await page.evaluate(() => window.jupyterapp.commands.execute('dagflow:show-runs'));
  const sidebar = page.locator('.dagflow-runs-sidebar');
  await sidebar.getByLabel('Find runs').fill('compared');
  await page.locator('.jp-Notebook .jp-InputPrompt').first().click();
  await run('x = 2');
  const found = sidebar.locator('li', { hasText: 'success' });
  await found.nth(1).waitFor({ timeout: WAIT_MS });

  await found.first().click();
  const runs = page.locator('.dagflow-pipeline-runs');
  await runs.getByRole('button', { name: /^fit, success/ }).nth(1).click();
  await runs.locator('.dagflow-outputs', { hasText: 'got 2' }).waitFor();
  const accessible = async () => {
    assert.deepEqual(await violations(page, '.dagflow-pipeline-runs'), []);
    assert.deepEqual(await violations(page, '.dagflow-runs-sidebar'), []);
  };
  await accessible();
  await page.screenshot({ path: join(results, 'runs-light.png') });
  await changeTheme(page, 'JupyterLab Dark');
  await runs.getByLabel('Compare this run with').selectOption({ index: 1 });
  await runs.locator('[data-line="added"]', { hasText: '+x = 2' }).waitFor();
  await accessible();
  await page.screenshot({ path: join(results, 'comparison-dark.png') });
  await changeTheme(page, 'JupyterLab Light');

  await runs.getByLabel('Compare this run with').selectOption('');
  await runs.getByRole('button', { name: 'Open executed notebook' }).click();
  await page.waitForFunction(() => {
    const { currentWidget } = window.jupyterapp.shell;
    return currentWidget?.context?.path.startsWith('dagflow:') && currentWidget.content.widgets.length > 0;
  });
  await page.locator('.jp-NotebookPanel:visible .jp-OutputArea-output', { hasText: 'got 2' }).waitFor();
  await page.locator('.jp-NotebookPanel:visible').getByText('notebook is read-only').waitFor();
  await page.screenshot({ path: join(results, 'executed-light.png') });
  assert.deepEqual(errors, []);
  await page.close();
});

test(
  'a failed task is debugged with what it had, and what it had comes into a notebook',
  { timeout: 120_000 },
  async () => {
    write('broken.ipynb', [
      ['a', 'x = 40', ['task:load']],
      ['b', 'y = x + 1', ['task:fit']],
      ['c', 'z = 0\ny / z']
    ]);
    const { page, errors } = await openNotebook(browser, lab, 'broken.ipynb');
    const printed = code =>
      page.evaluate(async text => {
        const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
        const future = kernel.requestExecute({
          code: text,
          store_history: false
        });
        let told = '';
        future.onIOPub = ({ content }) => (told += content.text ?? content.evalue ?? '');
        await future.done;
        return told.trim();
      }, code);
    await page.evaluate(() => window.jupyterapp.commands.execute('dagflow:show-graph'));
    await page.locator('.dagflow-panel .dagflow-node').first().waitFor();
    await page.locator('.jp-Toolbar [data-command="dagflow:run"]').click();
    await state(page, 'fit', 'failed');
    await page.locator('.dagflow-failure').getByRole('button', { name: 'Debug' }).click();
    await page.waitForFunction(
      () => {
        const { context, content } = window.jupyterapp.shell.currentWidget;
        const at = content?.activeCellIndex;
        const above = content?.widgets?.slice(0, at).filter(({ model }) => model.type === 'code');
        return (
          context?.path.startsWith('dagflow:') &&
          content.activeCell.model.id === 'c' &&
          above.every(({ model }) => model.executionCount !== null && model.executionState !== 'running')
        );
      },
      null,
      { timeout: WAIT_MS }
    );
    assert.equal(await printed('print(x, y, "z" in globals())'), '40 41 False');
    await page.screenshot({ path: join(results, 'debugged-light.png') });

    await page.evaluate(() =>
      window.jupyterapp.commands.execute('dagflow:open-runs', {
        pipeline: 'broken'
      })
    );
    const runs = page.locator('.dagflow-pipeline-runs');
    await runs.getByRole('button', { name: /^fit, failed/ }).click();
    await runs.getByRole('button', { name: 'Go to cell 2, line 2' }).click();
    await page.waitForFunction(() => {
      const { context, content } = window.jupyterapp.shell.currentWidget;
      return (
        context?.path === 'broken.ipynb' &&
        content.activeCellIndex === 2 &&
        content.activeCell.editor?.hasFocus() &&
        content.activeCell.editor.getCursorPosition().line === 1
      );
    });
    assert.match(await printed('print(x)'), /not defined/);
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('dagflow:open-runs', {
        pipeline: 'broken'
      })
    );
    const bring = runs.getByRole('button', { name: 'Load x' });
    await bring.scrollIntoViewIfNeeded();
    assert.deepEqual(await violations(page, '.dagflow-pipeline-runs'), []);
    await page.screenshot({ path: join(results, 'values-light.png') });
    await bring.click();
    await page
      .getByRole('alert')
      .filter({ hasText: 'x is in the kernel of broken.ipynb.' })
      .waitFor({ timeout: WAIT_MS });
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('docmanager:open', {
        path: 'broken.ipynb'
      })
    );
    assert.equal(await printed('print(x)'), '40');
    assert.deepEqual(errors, []);
    await page.close();
  }
);

test('a run is asked for by a form, and watched from elsewhere', { timeout: 120_000 }, async () => {
  write('asked.ipynb', [
    ['p', 'n: int = 1', ['parameters']],
    ['a', "import time\nwhile not open('asked').read():\n    time.sleep(0.05)\nprint('got', n)", ['task:fit']]
  ]);
  writeFileSync(join(lab.notebooks, 'asked'), '');
  const { page, errors } = await openNotebook(browser, lab, 'asked.ipynb');
  await waitForChips(page, ['parameters', 'fit']);
  await page.evaluate(() => void window.jupyterapp.commands.execute('dagflow:run-with'));
  const form = page.locator('.dagflow-run-form');
  await form.getByLabel('n', { exact: true }).fill('many');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await form.getByRole('alert').getByText("Parameter 'n' is of type int").waitFor();
  assert.deepEqual(await violations(page, '.dagflow-run-form'), []);
  await page.screenshot({ path: join(results, 'form-light.png') });
  await form.getByLabel('n', { exact: true }).fill('7');
  await page.getByRole('button', { name: 'Run', exact: true }).click();

  const status = page.locator('.dagflow-status-item');
  await status.getByText('1 run').waitFor();
  assert.deepEqual(await violations(page, '.dagflow-status-item'), []);
  await page.evaluate(() => void window.jupyterapp.commands.execute('launcher:create'));
  await page.locator('.jp-LauncherCard', { hasText: 'Pipeline Runs' }).waitFor();
  writeFileSync(join(lab.notebooks, 'asked'), 'on');
  const notice = page.getByRole('alert').filter({ hasText: 'Pipeline asked: success' });
  await notice.waitFor({ timeout: WAIT_MS });
  await status.waitFor({ state: 'hidden' });
  await page.screenshot({ path: join(results, 'notice-light.png') });
  await notice.getByRole('button', { name: 'Show' }).click();
  const runs = page.locator('.dagflow-pipeline-runs');
  await runs.getByRole('button', { name: /^fit, success/ }).click();
  await runs.locator('.dagflow-outputs', { hasText: 'got 7' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('of many cells only those on screen cost anything', { timeout: 120_000 }, async () => {
  write(
    'many.ipynb',
    Array.from({ length: MANY }, (_, index) => [
      `c${index}`,
      `v${index} = ${index ? `v${index - 1}` : 0}`,
      [`task:t${index}`]
    ])
  );
  const { page, errors } = await openNotebook(browser, lab, 'many.ipynb');
  await page.locator('.dagflow-chip').first().waitFor();
  // JupyterLab puts cells into the page little by little
  const [shown, chips] = await page.evaluate(() => [
    window.jupyterapp.shell.currentWidget.content.widgets.filter(({ isAttached }) => isAttached).length,
    document.querySelectorAll('.dagflow-chip').length
  ]);
  assert.ok(chips > 0 && chips <= shown, `${chips} chips in ${shown} cells`);
  await page.evaluate(last => {
    window.jupyterapp.shell.currentWidget.content.activeCellIndex = last;
    return window.jupyterapp.commands.execute('dagflow:show-graph');
  }, MANY - 1);
  await page.locator(`.dagflow-marked[data-task="t${MANY - 1}"]`).waitFor({ timeout: WAIT_MS });
  assert.equal(await page.locator('.dagflow-panel .dagflow-node').count(), MANY);
  await page.screenshot({ path: join(results, 'many-light.png') });
  assert.deepEqual(errors, []);
  await page.close();
});

/** A notebook of cells `[id, source, tags]`; what begins with # is markdown. */
function write(path, cells) {
  const code = { execution_count: null, outputs: [] };
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: {
        name: 'python3',
        display_name: 'Python 3',
        language: 'python'
      }
    },
    cells: cells.map(([id, source, tags]) => ({
      id,
      source,
      cell_type: source.startsWith('#') ? 'markdown' : 'code',
      metadata: tags ? { tags } : {},
      ...(source.startsWith('#') ? {} : code)
    }))
  };
  writeFileSync(join(lab.notebooks, path), JSON.stringify(notebook));
}

function tags(page, index) {
  return page.evaluate(
    at => window.jupyterapp.shell.currentWidget.content.widgets[at].model.getMetadata('tags'),
    index
  );
}

/** Wait until the graph shows a task in a state. */
async function state(page, task, wanted) {
  await page
    .locator(`.dagflow-panel .dagflow-node[data-task="${task}"][data-state="${wanted}"]`)
    .waitFor({ timeout: WAIT_MS });
}

/** Wait until the chips of the notebook, from the top, are these. */
async function waitForChips(page, expected) {
  await page.waitForFunction(
    wanted =>
      [...document.querySelectorAll('.dagflow-chip-name')].map(node => node.textContent).join() === wanted.join(),
    expected
  );
}
