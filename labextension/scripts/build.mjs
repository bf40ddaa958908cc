/**
 * Builds both faces of the front end:
 *
 * - `lib/` and from it, by JupyterLab's own builder, the prebuilt extension in `../jupyter_dagflow/labextension`;
 * - the widget in `../jupyter_dagflow/surfaces/widget/static`, one module and one style sheet.
 *
 * Types are not checked here (`npm run check` does that), so that installing the package is quick.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning'
};

/** The layout engine as the text of a module, so that it can be started as a worker from any host. */
async function engineSource() {
  const result = await build({ ...common, entryPoints: [at('src/graph/engine.ts')], write: false });
  return result.outputFiles[0].text;
}

async function buildWidget(define) {
  const out = at('../jupyter_dagflow/surfaces/widget/static');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({ ...common, define, entryPoints: [at('src/widget.ts')], outfile: join(out, 'widget.js') });
  copyFileSync(at('style/graph.css'), join(out, 'widget.css'));
}

async function buildLabextension(define) {
  rmSync(at('lib'), { recursive: true, force: true });
  await build({
    ...common,
    define,
    minify: false,
    splitting: true,
    packages: 'external',
    entryPoints: [at('src/plugin.ts'), at('src/mime.ts')],
    outdir: at('lib')
  });
  const builder = join(dirname(require.resolve('@jupyter/builder')), 'build-labextension.js');
  const core = join(dirname(require.resolve('@jupyterlab/core-meta/package.json')), 'core.package.json');
  execFileSync(process.execPath, [builder, '--core-package-file', core, root], { cwd: root, stdio: 'inherit' });
}

const define = { ENGINE_SOURCE: JSON.stringify(await engineSource()) };
await buildWidget(define);
await buildLabextension(define);
