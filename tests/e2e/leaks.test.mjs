/** A long notebook is edited beside its pipeline: what was drawn before is let go. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openNotebook, startBrowser, startLab } from './lab.mjs';

const CELLS = 300;
const WARM_UP = 6;
const EDITS = 12;
const WAIT_MS = 60_000;
// a drawing that is kept has some thousands of nodes; what JupyterLab keeps of an edit, to undo it, has none
const MOST_NODES = 500;
const MOST_LISTENERS = 100;
const MOST_BYTES = 6_000_000;
let lab;
let browser;

before(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await lab?.stop();
});

test('edits of a notebook of 300 cells leave nothing behind', { timeout: 600_000 }, async t => {
  write('long.ipynb');
  const { page, errors } = await openNotebook(browser, lab, 'long.ipynb');
  page.setDefaultTimeout(WAIT_MS);
  await page.evaluate(() => {
    window.notebook = window.jupyterapp.shell.currentWidget.content;
    return window.jupyterapp.commands.execute('dagflow:show-graph');
  });
  await page
    .locator('.dagflow-panel .dagflow-node')
    .nth(CELLS - 1)
    .waitFor();
  // JupyterLab puts cells into the page little by little; those that come meanwhile are no leak
  await page.waitForFunction(() => window.notebook.widgets.every(({ isAttached }) => isAttached), null, {
    timeout: 300_000
  });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  const measure = async () => {
    for (let n = 0; n < 3; n++) {
      await cdp.send('HeapProfiler.collectGarbage'); // what one leaves may be let go by the next
    }
    const { metrics } = await cdp.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const edit = async times => {
    for (let n = 0; n < times; n++) {
      const name = n % 2 ? 'odd' : 'even';
      await page.evaluate(
        ([at, name]) => {
          const { cells } = window.notebook.model.sharedModel;
          cells[at].setSource(`v${at} = ${at} # ${name}`);
          cells.at(-1).setMetadata('tags', [`task:${name}`]);
        },
        [n % 20, name] // the cell that is active stays so: JupyterLab keeps the toolbar of each that was
      );
      await page.locator(`.dagflow-panel .dagflow-node[data-task="${name}"]`).waitFor();
    }
    return measure();
  };
  await edit(WARM_UP);
  const first = await edit(EDITS);
  const second = await edit(EDITS);
  const more = name => second[name] - first[name];
  const grown = [more('Nodes'), more('JSEventListeners'), more('JSHeapUsedSize')];
  t.diagnostic(`${EDITS} edits left ${grown[0]} nodes, ${grown[1]} listeners, ${grown[2]} bytes more`);
  assert.ok(grown[0] < MOST_NODES && grown[1] < MOST_LISTENERS && grown[2] < MOST_BYTES, `${grown}`);
  assert.deepEqual(errors, []);
  await page.close();
});

function write(path) {
  const cells = Array.from({ length: CELLS }, (_, n) => ({
    id: `c${n}`,
    cell_type: 'code',
    source: `v${n} = ${n % 10 ? `v${n - 1}` : n}`,
    metadata: { tags: [`task:t${n}`] },
    execution_count: null,
    outputs: []
  }));
  const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
  writeFileSync(
    join(lab.notebooks, path),
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells })
  );
}
