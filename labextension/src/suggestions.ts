/** Tags that the server suggests for a notebook: shown with the reason of each, and written if they are accepted. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { html } from './graph/dom';
import type { NotebookPipeline } from './notebookPipeline';
import { table } from './runs/parts';
import type { SuggestionDocument } from './schema';
import { addSuggested } from './tags';

/** Ask for suggestions for what is on screen, and whether to tag the cells so: one step for undo. */
export async function suggestTags(pipeline: NotebookPipeline, trans: TranslationBundle): Promise<void> {
  const { client, model, tags } = pipeline;
  const { suggestions } = await client.suggestions(model.path, tags.content());
  const changes = addSuggested(tags.cells, suggestions);
  const accept = trans._n('Tag %1 Cell', 'Tag %1 Cells', changes.length);
  const { button } = await showDialog({
    title: trans.__('Suggested Tags'),
    body: new SuggestionList(suggestions, trans),
    buttons: [Dialog.cancelButton(), ...(changes.length > 0 ? [Dialog.okButton({ label: accept })] : [])]
  });
  if (button.accept) {
    tags.apply(changes);
  }
}

/** The code cells, each with the tags it would have and why. */
class SuggestionList extends Widget {
  constructor(suggestions: readonly SuggestionDocument[], trans: TranslationBundle) {
    super();
    this.addClass('dagflow-suggestions');
    const caption = trans.__(
      'A beginning for you to improve. Cells without a tag of their own belong to the task above them.'
    );
    const rows = suggestions.map(({ cell_index, tags, why }) => [
      String(cell_index),
      html('span', { class: 'dagflow-suggested' }, ...tags.map(tag => html('code', {}, tag))),
      why
    ]);
    this.node.append(...table(caption, [trans.__('Cell'), trans.__('Tags to add'), trans.__('Why')], rows));
  }
}
