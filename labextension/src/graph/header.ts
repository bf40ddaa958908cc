/** The strip above a graph: the pipeline, how its run stands, and the zoom. */
import type { Clock } from '../clock';
import { LOOKS } from '../looks';
import type { LiveRun } from '../reduce';
import { remaining, type Expected } from '../remaining';
import * as words from '../words';
import { html, setText, svg } from './dom';
import { showState, stateIcon } from './icon';

/** What the buttons do. */
export interface Zooming {
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
}

/** The strip; `update` for each change of the run, `tick` for the passing of time. */
export class Header {
  readonly node: HTMLElement;
  private readonly title = html('span', { class: 'dagflow-title' });
  private readonly icon = html('span', { class: 'dagflow-run-icon' });
  private readonly word = html('span', { class: 'dagflow-run-word' });
  private readonly badge = html('span', { class: 'dagflow-run', hidden: true }, this.icon, this.word);
  private readonly count = html('span', { class: 'dagflow-count' });
  private readonly elapsed = html('span', { class: 'dagflow-elapsed' });
  private readonly bar = html('span', { class: 'dagflow-overall-bar' });
  private readonly track = html(
    'span',
    { class: 'dagflow-overall', role: 'progressbar', 'aria-label': 'Tasks ended', hidden: true },
    this.bar
  );
  private readonly said = html('span', { class: 'dagflow-said', role: 'status' });
  readonly tools: HTMLElement;

  /** `expected` is what is known of how long tasks take. */
  constructor(
    zooming: Zooming,
    private readonly expected: () => Expected = () => ({})
  ) {
    this.tools = html(
      'span',
      { class: 'dagflow-tools', role: 'group', 'aria-label': 'Zoom' },
      button('Zoom out', 'M4 8H12', () => zooming.zoomOut()),
      button('Zoom in', 'M8 4V12M4 8H12', () => zooming.zoomIn()),
      button('Fit to view', 'M3 6V3H6M10 3H13V6M13 10V13H10M6 13H3V10', () => zooming.fit())
    );
    this.node = html(
      'div',
      { class: 'dagflow-header' },
      this.title,
      this.badge,
      this.count,
      this.elapsed,
      html('span', { class: 'dagflow-header-right' }, this.tools),
      this.track,
      this.said
    );
  }

  /** Put something of the host's before the zoom. */
  addTool(tool: HTMLElement): void {
    this.tools.before(tool);
  }

  /** Show a pipeline of so many tasks, and its run if it has one. */
  update(pipeline: string, tasks: number, run: LiveRun | null, clock: Clock): void {
    setText(this.title, pipeline);
    this.title.title = pipeline;
    this.badge.hidden = this.track.hidden = run === null;
    if (run === null) {
      setText(this.count, words.count(tasks, 'task'));
      setText(this.elapsed, '');
      return;
    }
    const ended = run.tasks.filter(task => LOOKS[task.state].final).length;
    const failed = run.tasks.filter(task => task.state === 'failed').length;
    if (this.badge.dataset['state'] !== run.state) {
      showState(this.badge, run.state);
      showState(this.track, run.state);
      this.icon.replaceChildren(stateIcon(run.state));
      setText(this.word, LOOKS[run.state].word);
      setText(this.said, `Pipeline ${pipeline}: ${LOOKS[run.state].word}`);
    }
    const all = words.count(run.tasks.length || tasks, 'task');
    setText(this.count, `${ended}/${all}${failed ? `, ${failed} failed` : ''}`);
    this.bar.style.width = `${(100 * ended) / Math.max(1, run.tasks.length)}%`;
    this.track.setAttribute('aria-valuemax', String(run.tasks.length));
    this.track.setAttribute('aria-valuenow', String(ended));
    this.tick(run, clock);
  }

  tick(run: LiveRun, clock: Clock): void {
    const seconds = clock.elapsed(run);
    const text = seconds === null ? '' : run.state === 'running' ? words.ticking(seconds) : words.duration(seconds);
    const left = remaining(run, this.expected(), clock);
    setText(this.elapsed, left === null ? text : `${text} · about ${words.ticking(left)} left`);
  }
}

function button(label: string, path: string, press: () => void): HTMLButtonElement {
  const icon = svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: path }));
  const node = html('button', { type: 'button', class: 'dagflow-button', title: label, 'aria-label': label }, icon);
  node.addEventListener('click', press);
  return node;
}
