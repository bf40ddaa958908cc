/** Telling what did not work, in a dialog: what a server refused, unless the title says otherwise. */
import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { RequestError } from './refusal';

export async function tell(
  error: unknown,
  trans: TranslationBundle,
  title = trans.__('The server refused')
): Promise<void> {
  const said = error instanceof Error ? error.message : String(error);
  const hint = error instanceof RequestError ? error.hint : '';
  await showErrorMessage(title, [said, hint].filter(Boolean).join('\n\n'));
}
