/** A JupyterLab of its own, and a browser to look at it with; nothing of the user's is read or written. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { chromium } = createRequire(join(project, 'labextension/'))('playwright-core');
const TOKEN = 'end-to-end';
const START_MS = 60_000;
const STOP_MS = 20_000;

export const results = join(project, 'tests/e2e/results');

/** Start JupyterLab on a copy of the examples. Python is `$PYTHON`, with the package installed. */
export async function startLab() {
  const home = mkdtempSync(join(tmpdir(), 'dagflow-e2e-'));
  const notebooks = join(home, 'notebooks');
  cpSync(join(project, 'notebooks'), notebooks, { recursive: true });
  const port = await freePort();
  const env = {
    ...process.env,
    HOME: home,
    DAGFLOW_HOME: join(home, 'dagflow'),
    DAGFLOW_JOBS: '2'
  };
  for (const name of ['JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR', 'JUPYTER_RUNTIME_DIR', 'IPYTHONDIR', 'MPLCONFIGDIR']) {
    env[name] = join(home, name.toLowerCase());
  }
  const options = [
    '--no-browser',
    '--allow-root',
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.port=${port}`,
    '--ServerApp.port_retries=0'
  ];
  options.push(
    `--IdentityProvider.token=${TOKEN}`,
    `--ServerApp.root_dir=${notebooks}`,
    '--LabApp.expose_app_in_browser=True'
  );
  const settings = join(env.JUPYTER_CONFIG_DIR, 'lab/user-settings/@jupyterlab/apputils-extension');
  mkdirSync(settings, { recursive: true });
  writeFileSync(join(settings, 'notification.jupyterlab-settings'), '{"fetchNews": "false", "checkForUpdates": false}');
  const server = spawn(process.env.PYTHON ?? 'python3', ['-m', 'jupyterlab', ...options], {
    cwd: notebooks,
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  });
  let log = '';
  server.stdout.on('data', data => (log += data));
  server.stderr.on('data', data => (log += data));
  const url = `http://127.0.0.1:${port}/`;
  const until = Date.now() + START_MS;
  while (!(await answers(url))) {
    if (server.exitCode !== null || Date.now() > until) {
      server.kill('SIGKILL');
      throw new Error(`JupyterLab did not start:\n${log}`);
    }
    await pause(200);
  }
  const stop = async () => {
    const ended = once(server, 'exit');
    await fetch(`${url}api/shutdown`, {
      method: 'POST',
      headers: { Authorization: `token ${TOKEN}` }
    });
    const late = setTimeout(() => server.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { url, notebooks, stop, log: () => log };
}

/** A page with a notebook open in it; `errors` fills with what goes wrong in the page. */
export async function openNotebook(browser, lab, path) {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 }
  });
  const errors = [];
  page.on('pageerror', error => errors.push(error.stack ?? String(error)));
  // what a listener of ours throws is caught by who calls it, and only told
  page.on('console', message => {
    if (message.type() === 'error' && message.text().includes('jupyter-dagflow')) {
      errors.push(message.text());
    }
  });
  await page.goto(`${lab.url}lab/tree/${path}?reset&token=${TOKEN}`);
  await page.waitForFunction(() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.sessionContext?.isReady && panel.content.widgets.length > 0;
  });
  await page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info);
  return { page, errors };
}

/** Have JupyterLab look otherwise. */
export async function changeTheme(page, theme) {
  await page.evaluate(
    name =>
      window.jupyterapp.commands.execute('apputils:change-theme', {
        theme: name
      }),
    theme
  );
  await page.waitForFunction(name => document.body.dataset.jpThemeName === name, theme);
  await page.waitForTimeout(500); // colours fade over
}

/** Serious violations that axe finds in what matches a selector, in words. */
export async function violations(page, selector) {
  await page.addScriptTag({
    path: createRequire(join(project, 'labextension/')).resolve('axe-core/axe.min.js')
  });
  return page.evaluate(async within => {
    const { violations: found } = await window.axe.run(within, {
      resultTypes: ['violations']
    });
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, selector);
}

/** Debian's Chromium, or the one that `$CHROMIUM` names. */
export async function startBrowser() {
  const executablePath = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome'
  ].find(path => path && existsSync(path));
  if (!executablePath) {
    throw new Error('No Chromium found. Install it (apt-get install chromium) or set CHROMIUM to its path.');
  }
  mkdirSync(results, { recursive: true });
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  });
}

async function answers(url) {
  try {
    return (
      await fetch(`${url}api/status`, {
        headers: { Authorization: `token ${TOKEN}` }
      })
    ).ok;
  } catch {
    return false;
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
