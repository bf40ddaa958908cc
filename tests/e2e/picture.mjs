/** Takes the pictures of the documentation from the real thing: churn.ipynb while two of its models are trained. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openNotebook, startBrowser, startLab } from './lab.mjs';

const images = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'docs', 'images');
mkdirSync(images, { recursive: true });
const [lab, browser] = await Promise.all([startLab(), startBrowser()]);
try {
  const { page } = await openNotebook(browser, lab, 'churn.ipynb');
  await page.evaluate(() => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.length - 1;
    void window.jupyterapp.commands.execute('notebook:run-cell');
  });
  await page.waitForFunction(
    () => document.querySelectorAll('.jp-Notebook .dagflow-node[data-state="running"]').length === 2,
    null,
    { timeout: 180_000 }
  );
  const graph = page.locator('.jp-Notebook section.dagflow').first();
  await graph.scrollIntoViewIfNeeded();
  await graph.screenshot({ path: join(images, 'live-graph.png') });
} finally {
  await browser.close();
  await lab.stop();
}
