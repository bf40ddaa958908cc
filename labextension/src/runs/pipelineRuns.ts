/** The runs of one pipeline in the main area: the grid, and beside it one run, or two of them compared. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { html, setText } from '../graph/dom';
import type { GridDocument, RunDiffDocument, RunNewsDocument, RunRecordDocument } from '../schema';
import type { RunStream } from '../stream';
import type { IDagflowClient } from '../tokens';
import { RunActions } from './actions';
import { comparison } from './comparison';
import type { RunsHost } from './host';
import { LiveView } from './liveView';
import { Pages } from './pages';
import { button } from './parts';
import { RunDetails } from './runDetails';
import { RunsGrid } from './runsGrid';
import { moment } from './when';

const SHOWN = 25;

export class PipelineRuns extends LiveView {
  private readonly pages: Pages<GridDocument>;
  private readonly grid: RunsGrid;
  private readonly details: RunDetails;
  private readonly problem = html('p', { class: 'dagflow-runs-problem', role: 'alert', hidden: true });
  private readonly empty = html('p', { class: 'dagflow-soft', hidden: true });
  private readonly turning = html('div', { class: 'dagflow-actions', hidden: true });
  private readonly older: HTMLButtonElement;
  private readonly newer: HTMLButtonElement;
  private readonly against: HTMLSelectElement;
  private readonly right = html('div', { class: 'dagflow-runs-right', hidden: true });
  private readonly beside = html('div', { class: 'dagflow-beside' });
  private run: string | null = null;
  private task: string | null = null;
  private other = '';
  private asked = 0;

  constructor(
    readonly pipeline: string,
    private readonly client: IDagflowClient,
    stream: RunStream,
    private readonly trans: TranslationBundle,
    host: RunsHost
  ) {
    super(stream, false);
    this.addClass('dagflow-pipeline-runs');
    this.pages = new Pages(
      before => client.grid({ pipeline, before, limit: SHOWN }),
      () => this.draw()
    );
    this.grid = new RunsGrid(trans, (run, task) => void this.open(run, task));
    const actions = new RunActions(client, trans, host, run => void this.after(run));
    this.details = new RunDetails(client, host, actions, trans, task => void this.open(this.run, task));
    this.older = button(trans.__('← Older'), () => void this.pages.below());
    this.newer = button(trans.__('Newer →'), () => void this.pages.above());
    this.against = html('select', { 'aria-label': trans.__('Compare this run with') });
    this.against.addEventListener('change', () => {
      this.other = this.against.value;
      void this.showBeside();
    });
    setText(this.empty, trans.__('%1 has no recorded runs.', pipeline));
    this.turning.append(this.older, this.newer);
    const left = html('div', { class: 'dagflow-runs-left' }, this.turning, this.problem, this.empty, this.grid.node);
    const compare = html('label', { class: 'dagflow-against' }, trans.__('Compare with'), this.against);
    this.right.append(compare, this.beside);
    this.node.append(html('div', { class: 'dagflow-runs-columns' }, left, this.right));
    void this.pages.begin().then(() => this.openNewest());
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.asked += 1;
      this.details.dispose();
      super.dispose();
    }
  }

  /** Look at a run, and at a task of it. */
  async open(run: string | null, task: string | null): Promise<void> {
    if (run !== this.run) {
      this.other = '';
    }
    this.run = run;
    this.task = task;
    this.draw();
    await this.showBeside();
  }

  protected override concerns(news: RunNewsDocument): boolean {
    return news.pipeline === this.pipeline;
  }

  protected override refresh(): void {
    void this.pages.refresh();
    if (this.other === '') {
      void this.showBeside();
    }
  }

  private async openNewest(): Promise<void> {
    const newest = this.pages.shown?.runs[0];
    if (newest && this.run === null) {
      await this.open(newest.run.run_id, null);
    }
  }

  /** A run has been changed, begun or deleted from here. */
  private async after(run: string | null): Promise<void> {
    this.run = null;
    await this.pages.begin();
    await (run === null ? this.openNewest() : this.open(run, null));
  }

  private draw(): void {
    if (this.isDisposed) {
      return;
    }
    const { shown, error } = this.pages;
    this.problem.hidden = error === null;
    setText(this.problem, error instanceof Error ? error.message : '');
    this.older.disabled = !this.pages.hasBelow;
    this.newer.disabled = !this.pages.hasAbove;
    this.turning.hidden = !this.pages.hasBelow && !this.pages.hasAbove;
    this.right.hidden = this.run === null;
    if (shown !== null) {
      this.empty.hidden = shown.runs.length > 0;
      this.grid.show(shown, { run: this.run, task: this.task });
      this.offer(shown);
    }
  }

  private offer(grid: GridDocument): void {
    const others = grid.runs.filter(({ run }) => run.run_id !== this.run);
    const option = (value: string, label: string) => html('option', { value, selected: value === this.other }, label);
    this.against.replaceChildren(
      option('', this.trans.__('no other run')),
      ...others.map(({ run }) => option(run.run_id, `${run.run_id} · ${moment(run.started_at)} · ${run.state}`))
    );
    this.against.disabled = this.run === null || others.length === 0;
  }

  private async showBeside(): Promise<void> {
    const { run, other } = this;
    const turn = ++this.asked;
    if (run === null) {
      this.beside.replaceChildren();
      return;
    }
    let found: RunRecordDocument | RunDiffDocument;
    try {
      found = await (other === '' ? this.client.run(run) : this.client.comparison(other, run));
    } catch (error) {
      if (turn === this.asked) {
        this.beside.replaceChildren(html('p', { role: 'alert' }, error instanceof Error ? error.message : ''));
      }
      return;
    }
    if (turn !== this.asked) {
      return;
    }
    if ('summary' in found) {
      this.beside.replaceChildren(comparison(found, this.trans));
    } else {
      this.details.show(found, this.task);
      this.beside.replaceChildren(this.details.node);
    }
  }
}
