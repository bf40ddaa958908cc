import { YNotebook } from '@jupyter/ydoc';
import { Signal } from '@lumino/signaling';
import { NotebookTags } from '../src/notebookTags';
import { makeTask, renameTask } from '../src/tags';

/** A notebook as JupyterLab keeps it, with JupyterLab's own shared model. */
function open(cells: { source?: string; type?: string; tags?: string[] }[]) {
  const sharedModel = YNotebook.create() as YNotebook;
  sharedModel.insertCells(
    0,
    cells.map(({ source = '', type = 'code', tags }, index) => ({
      id: `c${index}`,
      cell_type: type,
      source,
      metadata: tags ? { tags } : {}
    }))
  );
  sharedModel.clearUndoHistory();
  const owner = {};
  const contentChanged = new Signal<object, void>(owner);
  const observed = () => contentChanged.emit();
  sharedModel.changed.connect(observed);
  sharedModel.cells.forEach(cell => cell.changed.connect(observed));
  return { sharedModel, tags: new NotebookTags({ sharedModel, contentChanged }) };
}

// Yjs warns of how the shared model makes its cells
beforeAll(() => jest.spyOn(console, 'warn').mockImplementation(() => undefined));

const rest = () => new Promise<void>(done => setTimeout(done));

test('a change is one step, and is undone as any other', async () => {
  const { sharedModel, tags } = open([{ tags: ['mine'] }, {}, { tags: ['task:fit', 'after:load'] }]);
  let told = 0;
  tags.changed.connect(() => (told += 1));
  tags.apply(makeTask(tags.cells, ['c0', 'c1'], 'load'));
  tags.apply(renameTask(tags.cells, 'load', 'read'));
  expect(sharedModel.cells.map(cell => cell.getMetadata('tags'))).toEqual([
    ['task:read', 'mine'],
    undefined,
    ['task:fit', 'after:read']
  ]);
  expect(tags.roleOf('c1')).toEqual({ role: 'task', task: 'read', begins: false });
  expect(told).toBe(2);
  sharedModel.undo();
  await rest();
  expect(tags.cells.map(cell => cell.tags)).toEqual([['task:load', 'mine'], [], ['task:fit', 'after:load']]);
  sharedModel.undo();
  await rest();
  expect(tags.cells.map(cell => cell.tags)).toEqual([['mine'], [], ['task:fit', 'after:load']]);
  sharedModel.redo();
  await rest();
  expect(tags.roleOf('c0')?.task).toBe('load');
});

test('it follows cells and their metadata, and says nothing of what does not matter', async () => {
  const { sharedModel, tags } = open([{ source: 'x = 1' }]);
  let told = 0;
  tags.changed.connect(() => (told += 1));
  expect(tags.inUse).toBe(false);
  sharedModel.cells[0]!.setSource('x = 2');
  await rest();
  expect(told).toBe(0);
  sharedModel.cells[0]!.setMetadata('tags', ['task:load']);
  sharedModel.cells[0]!.setMetadata('dagflow', { retries: 3 });
  await rest();
  expect([told, tags.inUse, tags.cell('c0')?.options]).toEqual([1, true, { retries: 3 }]);
  tags.dispose();
  sharedModel.cells[0]!.setMetadata('tags', []);
  await rest();
  expect(told).toBe(1);
});

test('damaged metadata is no tag', () => {
  const { sharedModel, tags } = open([{}]);
  sharedModel.cells[0]!.setMetadata('tags', 'task:load');
  sharedModel.cells[0]!.setMetadata('dagflow', [1]);
  tags.apply([]);
  expect(new NotebookTags({ sharedModel, contentChanged: new Signal({}) }).cells[0]).toMatchObject({
    tags: [],
    options: {}
  });
});

test('what is compiled is on screen: sources and tags, and no outputs', () => {
  const { tags } = open([
    { source: '# Load', type: 'markdown' },
    { source: 'x = 1', tags: ['task:load'] }
  ]);
  expect(tags.content()).toMatchObject({
    nbformat: 4,
    cells: [
      { id: 'c0', cell_type: 'markdown', source: '# Load', metadata: {} },
      { id: 'c1', cell_type: 'code', source: 'x = 1', metadata: { tags: ['task:load'] } }
    ]
  });
  expect(Object.keys(tags.content().cells[1]!)).toEqual(['id', 'cell_type', 'source', 'metadata']);
});
