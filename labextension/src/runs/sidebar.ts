/** All pipelines that have run, and their runs, found by state and text: the left sidebar. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { html, setText } from '../graph/dom';
import { showState, stateIcon } from '../graph/icon';
import { LOOKS } from '../looks';
import type { PipelineDocument, PipelinesDocument, RunsDocument, RunState, RunSummaryDocument } from '../schema';
import type { RunStream } from '../stream';
import type { IDagflowClient } from '../tokens';
import * as words from '../words';
import { place, stopSomewhere, useArrows } from './keys';
import { LiveView } from './liveView';
import { Pages } from './pages';
import { button, stateLine } from './parts';
import { moment, took } from './when';

const SHOWN = 50;
const STATES: readonly RunState[] = ['queued', 'running', 'success', 'failed', 'cancelled'];

/** Shows the runs of a pipeline, beginning with one of them or the newest. */
export type OpenRuns = (pipeline: string, run: string | null) => void;

export class RunsSidebar extends LiveView {
  private readonly search: HTMLInputElement;
  private readonly state: HTMLSelectElement;
  private readonly problem = html('p', { class: 'dagflow-runs-problem', role: 'alert', hidden: true });
  private readonly pipelines: Section<PipelinesDocument>;
  private readonly runs: Section<RunsDocument>;

  constructor(
    client: IDagflowClient,
    stream: RunStream,
    private readonly openRuns: OpenRuns,
    private readonly trans: TranslationBundle
  ) {
    super(stream, true);
    this.addClass('dagflow-runs-sidebar');
    const find = trans.__('Find runs');
    this.search = html('input', { type: 'search', placeholder: find, 'aria-label': find });
    this.state = html(
      'select',
      { 'aria-label': trans.__('In this state') },
      html('option', { value: '' }, trans.__('any state')),
      ...STATES.map(state => html('option', { value: state }, LOOKS[state].word))
    );
    const turning = { above: trans.__('Back'), below: trans.__('More') };
    this.pipelines = new Section(
      trans.__('Pipelines'),
      after => client.pipelines(after),
      ({ pipelines }) => pipelines.map(each => this.pipelineRow(each)),
      () => this.drawn(),
      { ...turning, none: trans.__('No pipeline has run yet.') }
    );
    this.runs = new Section(
      trans.__('Runs'),
      before =>
        client.runs({
          search: this.search.value.trim(),
          state: this.state.value as RunState | '',
          before,
          limit: SHOWN
        }),
      ({ runs }) => runs.map(run => this.runRow(run)),
      () => this.drawn(),
      { ...turning, none: trans.__('No such run.') }
    );
    this.search.addEventListener('input', () => this.begin());
    this.state.addEventListener('change', () => this.begin());
    const filter = html('div', { class: 'dagflow-runs-filter' }, this.search, this.state);
    this.node.append(filter, this.problem, this.pipelines.node, this.runs.node);
  }

  protected override onActivateRequest(_: Message): void {
    this.search.focus();
  }

  protected override concerns(): boolean {
    return true;
  }

  protected override refresh(): void {
    void this.pipelines.pages.refresh();
    void this.runs.pages.refresh();
  }

  /** What is looked for is another. */
  private begin(): void {
    this.pipelines.node.hidden = this.search.value.trim() !== '' || this.state.value !== '';
    void this.runs.pages.begin();
  }

  private drawn(): void {
    const error = this.runs.pages.error ?? this.pipelines.pages.error;
    this.problem.hidden = error === null;
    setText(this.problem, error instanceof Error ? error.message : '');
  }

  private pipelineRow({ pipeline, notebook, last_runs }: PipelineDocument): HTMLButtonElement {
    const states = [...last_runs].reverse().map(({ state }) => {
      const icon = html('span', { class: 'dagflow-state' }, stateIcon(state));
      showState(icon, state);
      return icon;
    });
    const [last] = last_runs;
    const told = last ? this.trans.__('last run %1', LOOKS[last.state].word) : '';
    const row = html(
      'button',
      { type: 'button', title: notebook, 'aria-label': [pipeline, told].filter(Boolean).join(', ') },
      html('span', { class: 'dagflow-row-head' }, html('span', { class: 'dagflow-row-name' }, pipeline)),
      html('span', { class: 'dagflow-row-states', 'aria-hidden': 'true' }, ...states)
    );
    row.addEventListener('click', () => this.openRuns(pipeline, null));
    return row;
  }

  private runRow(run: RunSummaryDocument): HTMLButtonElement {
    const seconds = took(run);
    const row = html(
      'button',
      { type: 'button', title: run.run_id },
      html(
        'span',
        { class: 'dagflow-row-head' },
        html('span', { class: 'dagflow-row-name' }, run.pipeline),
        html('span', { class: 'dagflow-soft' }, seconds === null ? '' : words.duration(seconds))
      ),
      stateLine(run.state, moment(run.started_at))
    );
    row.addEventListener('click', () => this.openRuns(run.pipeline, run.run_id));
    return row;
  }
}

/** What a section says by itself. */
interface SectionWords {
  readonly above: string;
  readonly below: string;
  readonly none: string;
}

/** A heading and a list of buttons below it, page by page. */
class Section<P extends PipelinesDocument | RunsDocument> {
  readonly node: HTMLElement;
  readonly pages: Pages<P>;
  private readonly list = html('ul');
  private readonly turning: HTMLElement;
  private readonly above: HTMLButtonElement;
  private readonly below: HTMLButtonElement;

  constructor(
    heading: string,
    ask: (place: string) => Promise<P>,
    private readonly rows: (page: P) => HTMLButtonElement[],
    private readonly drawn: () => void,
    private readonly labels: SectionWords
  ) {
    this.pages = new Pages(ask, () => this.draw());
    this.above = button(labels.above, () => void this.pages.above());
    this.below = button(labels.below, () => void this.pages.below());
    this.turning = html('div', { class: 'dagflow-actions', hidden: true }, this.above, this.below);
    this.node = html('section', {}, html('h2', {}, heading), this.list, this.turning);
    this.list.setAttribute('aria-label', heading);
    useArrows(this.list);
  }

  private draw(): void {
    const { pages } = this;
    if (pages.shown !== null) {
      const at = document.activeElement;
      const focused = at instanceof HTMLElement && this.list.contains(at) ? at.dataset['row'] : undefined;
      const rows = this.rows(pages.shown);
      rows.forEach((row, index) => place(row, index));
      const items = rows.map(row => html('li', {}, row));
      const empty = html('li', { class: 'dagflow-soft' }, this.labels.none);
      this.list.replaceChildren(...(items.length > 0 ? items : [empty]));
      const wanted = focused === undefined ? null : (rows[Number(focused)] ?? null);
      stopSomewhere(this.list, wanted);
      wanted?.focus();
    }
    this.above.disabled = !pages.hasAbove;
    this.below.disabled = !pages.hasBelow;
    this.turning.hidden = !pages.hasAbove && !pages.hasBelow;
    this.drawn();
  }
}
