/** The real graphviz, in a process of its own: Jest's modules cannot load it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PROGRAM = `
import { Graphviz } from '@hpcc-js/wasm-graphviz';
const graphviz = await Graphviz.load();
try {
  process.stdout.write(graphviz.layout(process.argv[1], 'json', 'dot'));
} catch (error) {
  process.stderr.write(error.message);
  process.exit(1);
}
`;

export async function layoutDot(dot: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM, dot], {
      cwd: __dirname
    });
    return stdout;
  } catch (error) {
    throw new Error((error as { stderr: string }).stderr);
  }
}
