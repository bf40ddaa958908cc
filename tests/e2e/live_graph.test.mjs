/** A person opens notebooks in JupyterLab, runs them as pipelines, and watches. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { changeTheme, openNotebook, results, startBrowser, startLab, violations } from './lab.mjs';

const TASKS = ['boosting', 'evaluate', 'features', 'forest', 'load', 'logistic', 'report'];
const MODELS = ['boosting', 'forest', 'logistic'];
const RUN_MS = 240_000;
const FAILING = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {
    kernelspec: {
      name: 'python3',
      display_name: 'Python 3',
      language: 'python'
    }
  },
  cells: [
    codeCell('good', 'number = 1', 'task:good'),
    codeCell('bad', 'result = number\nraise ValueError(f"no luck with {number}")', 'task:bad'),
    codeCell('after', 'print(result)', 'task:after'),
    codeCell('run', '%load_ext jupyter_dagflow\n%dagflow run', 'skip')
  ]
};
const STEP = {
  ...FAILING,
  cells: [
    codeCell('first', 'first = 1', 'task:first'),
    codeCell('waits', 'import os, time\nwhile not os.path.exists("go"): time.sleep(0.01)', 'task:waits')
  ]
};
const WITH_STEP = {
  ...FAILING,
  cells: [
    codeCell('step', '%dagflow notebook step.ipynb -o first', 'task:step'),
    codeCell('run', '%load_ext jupyter_dagflow\n%dagflow run', 'skip')
  ]
};
let lab;
let browser;

before(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await lab?.stop();
});

test('nodes change colour while the pipeline runs, and the picture stays', { timeout: RUN_MS + 60_000 }, async () => {
  const { page, errors } = await openNotebook(browser, lab, 'churn.ipynb');
  await page.evaluate(watchStates, MODELS);
  await page.evaluate(runLastCell);

  await outcome(page, () => document.querySelector('.dagflow-node[data-state="running"]') !== null);
  await page.screenshot({ path: join(results, 'running-light.png') });
  await changeTheme(page, 'JupyterLab Dark');
  await page.screenshot({ path: join(results, 'running-dark.png') });
  await changeTheme(page, 'JupyterLab Light');

  await outcome(page, () => window.dagflowEnded());
  const seen = await page.evaluate(() => window.dagflowSeen);
  assert.deepEqual(Object.keys(seen).sort(), TASKS);
  for (const [task, states] of Object.entries(seen)) {
    // The first task may have begun before there is a graph to see it in; between running and success comes nothing.
    const begun = states.filter(state => state !== 'queued').join(' ');
    assert.match(begun, task === 'load' ? /^(none )?running success$/ : /^none running success$/, task);
  }
  assert.ok((await page.evaluate(() => window.dagflowMostAtOnce)) >= 2, 'models are trained side by side');
  await outcome(page, cellHasEnded);
  await page.waitForSelector('.dagflow-chip[data-state="success"] >> text=/^load/');
  await page.screenshot({ path: join(results, 'ended-light.png') });
  await changeTheme(page, 'JupyterLab Dark');
  await page.screenshot({ path: join(results, 'ended-dark.png') });
  await changeTheme(page, 'JupyterLab Light');

  await page.evaluate(saveAndEndKernel);
  await page.close();
  const again = await openNotebook(browser, lab, 'churn.ipynb');
  await again.page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.length - 1;
    return content.scrollToItem(content.activeCellIndex);
  });
  await again.page.waitForSelector('.dagflow-node[data-state="success"]');
  assert.equal(await again.page.locator('.jp-Notebook .dagflow-node[data-state="success"]').count(), TASKS.length);
  await again.page.screenshot({
    path: join(results, 'opened-again-light.png')
  });
  assert.deepEqual([...errors, ...again.errors], []);
  await again.page.close();
});

test('a task that fails says why on its node', { timeout: RUN_MS + 60_000 }, async () => {
  writeFileSync(join(lab.notebooks, 'failing.ipynb'), JSON.stringify(FAILING));
  const { page, errors } = await openNotebook(browser, lab, 'failing.ipynb');
  await page.evaluate(runLastCell);

  const node = name => page.locator(`.jp-Notebook .dagflow-node[data-task="${name}"]`);
  await page.waitForSelector('.dagflow-node[data-task="bad"][data-state="failed"]', { timeout: RUN_MS });
  await page.waitForSelector('.dagflow-node[data-task="after"][data-state="upstream_failed"]', { timeout: RUN_MS });
  await page.waitForFunction(cellHasEnded, null, { timeout: RUN_MS });
  assert.equal(await node('good').getAttribute('data-state'), 'success');
  await node('bad').click();
  const message = page.locator('.jp-Notebook .dagflow-popover .dagflow-error-message');
  assert.match(await message.textContent(), /ValueError.*no luck with 1/);
  await page.screenshot({ path: join(results, 'failed-light.png') });
  await page.keyboard.press('Escape');
  await message.waitFor({ state: 'hidden' });
  await node('bad').press('Enter');
  await message.waitFor({ state: 'visible' });
  assert.deepEqual(errors, []);
  await page.close();
});

test('a step opens and closes by the keyboard, and shows how its notebook stands', { timeout: RUN_MS }, async () => {
  writeFileSync(join(lab.notebooks, 'step.ipynb'), JSON.stringify(STEP));
  writeFileSync(join(lab.notebooks, 'with_step.ipynb'), JSON.stringify(WITH_STEP));
  const { page, errors } = await openNotebook(browser, lab, 'with_step.ipynb');
  await page.evaluate(runLastCell);

  const graph = '.jp-Notebook .dagflow';
  const task = (name, state) => page.waitForSelector(`${graph}-node[data-task="${name}"][data-state="${state}"]`);
  await task('step.first', 'success');
  await task('step.waits', 'running');
  await page.screenshot({ path: join(results, 'step-running-light.png') });
  for (const [key, expanded, cards] of [
    ['Enter', 'false', 1],
    ['Space', 'true', 3]
  ]) {
    await page.locator(`${graph}-toggle`).press(key);
    await page.waitForSelector(`${graph}-toggle[aria-expanded="${expanded}"]:focus`);
    assert.equal(await page.locator(`${graph}-node`).count(), cards);
  }
  await task('step.waits', 'running');
  assert.deepEqual(await violations(page, `${graph}`), []);
  writeFileSync(join(lab.notebooks, 'go'), '');
  await task('step.waits', 'success');
  await page.waitForFunction(cellHasEnded, null, { timeout: RUN_MS });
  await task('step.waits', 'success');
  assert.deepEqual(errors, []);
  await page.close();
});

test('a run is cancelled from its picture while the kernel waits for it', { timeout: RUN_MS }, async () => {
  const cells = [STEP.cells[1], WITH_STEP.cells[1]];
  writeFileSync(
    join(lab.notebooks, 'cancelled.ipynb'),
    JSON.stringify({ ...STEP, cells }).replace('\\"go\\"', '\\"never\\"')
  );
  const { page, errors } = await openNotebook(browser, lab, 'cancelled.ipynb');
  await page.evaluate(runLastCell);

  const graph = page.locator('.jp-Notebook .dagflow');
  await graph.locator('.dagflow-node[data-task="waits"][data-state="running"]').waitFor({ timeout: RUN_MS });
  await page.screenshot({ path: join(results, 'cancel-light.png') });
  await graph.getByRole('button', { name: 'Cancel', exact: true }).click();
  await graph.locator('.dagflow-node[data-task="waits"][data-state="cancelled"]').waitFor({ timeout: RUN_MS });
  await page.waitForFunction(cellHasEnded, null, { timeout: RUN_MS });
  await page.locator('.jp-OutputArea-output', { hasText: 'cancelled: cancelled, run' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

function codeCell(id, source, tag) {
  return {
    cell_type: 'code',
    id,
    source,
    metadata: { tags: [tag] },
    execution_count: null,
    outputs: []
  };
}

/** In the page: note every state that every node is seen in, in order, and how many of some ran at the same time. */
function watchStates(parallel) {
  window.dagflowSeen = {};
  window.dagflowMostAtOnce = 0;
  const note = node => {
    const { task, state } = node.dataset;
    const states = (window.dagflowSeen[task] ??= []);
    if (state && states[states.length - 1] !== state) {
      states.push(state);
    }
  };
  const look = () => {
    document.querySelectorAll('.jp-Notebook .dagflow-node').forEach(note);
    const running = document.querySelectorAll('.jp-Notebook .dagflow-node[data-state="running"]');
    const atOnce = [...running].filter(({ dataset }) => parallel.includes(dataset.task)).length;
    window.dagflowMostAtOnce = Math.max(window.dagflowMostAtOnce, atOnce);
  };
  new MutationObserver(changes => {
    changes.forEach(({ target, type }) => type === 'attributes' && target.matches('.dagflow-node') && note(target));
    look();
  }).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['data-state']
  });
  window.dagflowEnded = () => {
    const states = Object.values(window.dagflowSeen);
    return states.length > 0 && states.every(seen => seen[seen.length - 1] === 'success');
  };
}

/** In the page: go to the last cell, which runs the notebook as a pipeline, and run it. */
function runLastCell() {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = content.widgets.length - 1;
  void window.jupyterapp.commands.execute('notebook:run-cell');
}

/** In the page: whether the cell that was run has come to its end, well or not. */
function cellHasEnded() {
  return window.jupyterapp.shell.currentWidget.content.activeCell.model.executionCount !== null;
}

/** In the page: leave nothing of the run but the file. */
async function saveAndEndKernel() {
  const { context, sessionContext } = window.jupyterapp.shell.currentWidget;
  await context.save();
  await sessionContext.shutdown();
}

/** Wait until something is so in the page; a cell that fails meanwhile fails the test with its traceback. */
async function outcome(page, isSo) {
  const result = await page.waitForFunction(
    source => {
      const outputs = window.jupyterapp.shell.currentWidget.content.activeCell.model.outputs.toJSON();
      const error = outputs.find(({ output_type }) => output_type === 'error');
      return error ? error.traceback.join('\n') : new Function(`return (${source})()`)();
    },
    isSo.toString(),
    { timeout: RUN_MS }
  );
  assert.equal(await result.jsonValue(), true);
}
