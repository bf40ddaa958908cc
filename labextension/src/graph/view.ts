/**
 * The graph of a pipeline, live: header, cards, edges, details.
 *
 * The law: `setGraph` lays out, `setRun` only restyles what changed. The view holds no truth of its own beyond what
 * is under the pointer: drawn anew from the same documents it looks the same.
 */
import { Clock } from '../clock';
import type { LiveRun } from '../reduce';
import type { Expected } from '../remaining';
import type { CompilationDocument, Diagnostic, Edge, TaskDocument, TaskFailure, TaskRunDocument } from '../schema';
import { edgeDetails, failure, taskDetails } from './details';
import { html } from './dom';
import { Edges } from './edges';
import { groupFrame, Groups, isInner, placeToggle, runsOf } from './groups';
import { Header } from './header';
import { layout, type Layout, type Layouter } from './layout';
import { emptyState, findings, taskList } from './list';
import { Card } from './nodes';
import { Popover } from './popover';
import { Viewport } from './viewport';

const TICK_MS = 1000;
const HOVER_MS = 120;
const LEAST_HEIGHT = 120;
const MOST_HEIGHT = 520;
const AIR = 32;

export interface ViewOptions {
  /** Fill the host's height (a panel) rather than be as high as the graph (an output of a cell). */
  fill?: boolean;
  clock?: Clock;
  layouter?: Layouter;
  /** What is known of how long the tasks take. */
  expected?: () => Expected;
  /** A task was clicked, or opened by the keyboard. */
  onTask?: (task: TaskDocument) => void;
  /** Somebody wants to go to the place of a finding. */
  onFinding?: (finding: Diagnostic) => void;
}

/** Draws into `node`; call `dispose` when it leaves the page. */
export class GraphView {
  readonly node = html('section', { class: 'dagflow', tabindex: -1 });
  private readonly clock: Clock;
  private readonly header: Header;
  private readonly notBegun = html('div', { class: 'dagflow-problem', role: 'alert', hidden: true });
  private readonly scene = html('div', { class: 'dagflow-scene' });
  private readonly frame = html('div', { class: 'dagflow-frame' }, this.scene);
  private readonly body = html('div', { class: 'dagflow-body' });
  private readonly popover = new Popover();
  private readonly viewport: Viewport;
  private readonly sizes = new ResizeObserver(() => this.resized());
  private readonly timer: ReturnType<typeof setInterval>;
  private hover: ReturnType<typeof setTimeout> | undefined;
  private compilation: CompilationDocument | null = null;
  private dot = '';
  private drawnDot = '';
  private run: LiveRun | null = null;
  private placed: Layout | null = null;
  private cards = new Map<string, Card>();
  private edges: Edges | null = null;
  private readonly groups = new Groups();
  private toggles = new Map<string, HTMLButtonElement>();
  private shownTask: string | null = null;
  private markedTask: string | null = null;
  private sought = '';
  private turn = 0;
  private givingFocusBack = false;

  constructor(private readonly options: ViewOptions = {}) {
    this.clock = options.clock ?? new Clock();
    this.viewport = new Viewport(this.frame, this.scene, () => this.popover.pinned || this.popover.close());
    const zooming = {
      zoomIn: () => this.viewport.zoomIn(),
      zoomOut: () => this.viewport.zoomOut(),
      fit: () => this.viewport.fit()
    };
    this.header = new Header(zooming, options.expected);
    this.node.classList.toggle('dagflow-fill', options.fill === true);
    this.node.append(this.header.node, this.notBegun, this.body, this.popover.node);
    this.popover.onClosed = () => this.closed();
    this.listen();
    this.sizes.observe(this.frame);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Show a pipeline; the same again changes nothing. What is shown stays until there is a layout of the next. */
  async setGraph(compilation: CompilationDocument | null, dot: string): Promise<void> {
    if (compilation === this.compilation && dot === this.dot) {
      return;
    }
    this.dot = dot;
    await this.layOut(compilation);
  }

  private async layOut(compilation: CompilationDocument | null): Promise<void> {
    const turn = ++this.turn;
    const dot = compilation === null ? '' : this.groups.inDot(this.dot, compilation);
    if (compilation === null || compilation.tasks.length === 0 || dot === this.drawnDot || this.placed === null) {
      this.show(compilation, dot, dot === this.drawnDot ? this.placed : null);
    }
    if (compilation === null || compilation.tasks.length === 0 || (this.placed !== null && dot === this.drawnDot)) {
      return;
    }
    try {
      const placed = await layout(dot, this.options.layouter);
      if (this.turn === turn) {
        this.show(compilation, dot, placed);
      }
    } catch (error) {
      if (this.turn === turn) {
        this.show(compilation, dot, null);
        const why = error instanceof Error ? error.message : String(error);
        this.body.prepend(
          html('div', { class: 'dagflow-note', role: 'note' }, `The graph cannot be drawn here: ${why}`)
        );
      }
    }
  }

  /** Put something of the host's into the strip above the graph. */
  addTool(tool: HTMLElement): void {
    this.header.addTool(tool);
  }

  /** Mark the task that the reader is at elsewhere; null marks none. */
  mark(task: string | null): void {
    this.markedTask = task;
    this.cards.forEach((card, name) => card.mark(name === task));
  }

  /** Dim all tasks but those with this text in their name, and return these. */
  find(text: string): string[] {
    this.sought = text.trim().toLowerCase();
    const found = [...this.cards.keys()].filter(name => name.toLowerCase().includes(this.sought));
    this.cards.forEach((card, name) => card.node.classList.toggle('dagflow-unfound', !found.includes(name)));
    return found;
  }

  /** Give a task the focus, in view. */
  focusTask(name: string): void {
    const card = this.cards.get(name);
    if (card) {
      this.viewport.reveal(card.node);
      card.node.focus({ preventScroll: true });
    }
  }

  /** Show how a run stands. */
  setRun(run: LiveRun | null): void {
    if (run === this.run) {
      return;
    }
    this.run = run;
    this.showNotBegun(run?.error ?? null);
    this.restyle();
  }

  dispose(): void {
    clearInterval(this.timer);
    clearTimeout(this.hover);
    this.sizes.disconnect();
    this.popover.close();
    this.node.remove();
  }

  /** Open or close a group; what was clicked stays under the pointer, and keeps the focus. */
  private async toggle(button: HTMLElement): Promise<void> {
    const group = button.dataset['group'];
    if (group === undefined || this.compilation === null) {
      return;
    }
    const before = button.getBoundingClientRect();
    this.groups.toggle(group, this.compilation);
    await this.layOut(this.compilation);
    const after = this.toggles.get(group);
    if (after) {
      this.viewport.keepInPlace(before, after.getBoundingClientRect());
      after.focus({ preventScroll: true });
    }
  }

  private show(compilation: CompilationDocument | null, dot: string, placed: Layout | null): void {
    this.compilation = compilation;
    this.drawnDot = dot;
    this.placed = placed;
    this.popover.close();
    this.draw();
  }

  /** Everything but the layout, anew. */
  private draw(): void {
    const { compilation, placed } = this;
    this.cards.clear();
    this.toggles.clear();
    this.edges = null;
    this.header.tools.hidden = placed === null;
    if (compilation === null) {
      this.body.replaceChildren();
      return;
    }
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', `Pipeline ${compilation.name}`);
    const found = findings(compilation, this.options.onFinding);
    const below = found === null ? [] : [found];
    if (compilation.tasks.length === 0) {
      this.body.replaceChildren(emptyState(), ...below);
    } else if (placed === null) {
      this.body.replaceChildren(taskList(compilation, this.run, this.clock), ...below);
    } else {
      this.drawGraph(compilation, placed);
      this.body.replaceChildren(this.frame, ...below);
      this.frame.style.height = this.options.fill ? '' : `${frameHeight(placed, this.node.clientWidth)}px`;
      this.viewport.setScene(placed.width, placed.height);
    }
    this.restyle();
  }

  private drawGraph(compilation: CompilationDocument, placed: Layout): void {
    this.edges = new Edges(placed, compilation.edges, (edge, event) => this.hoverEdge(edge, event));
    const nodes = html('div', { class: 'dagflow-nodes' });
    placed.groups.forEach((box, group) => nodes.append(groupFrame(group, compilation, box)));
    this.toggles = this.groups.toggles(compilation);
    for (const task of [...compilation.tasks, ...this.groups.shown(compilation)]) {
      const box = placed.nodes.get(task.name);
      if (box) {
        const card = new Card(task);
        card.place(box);
        this.cards.set(task.name, card);
        nodes.append(card.node);
        const toggle = this.toggles.get(task.name);
        if (toggle) {
          placeToggle(toggle, box);
          nodes.append(toggle);
        }
      }
    }
    this.scene.style.width = `${placed.width}px`;
    this.scene.style.height = `${placed.height}px`;
    this.scene.replaceChildren(this.edges.node, nodes);
    this.mark(this.markedTask);
    this.find(this.sought);
  }

  private restyle(): void {
    const { compilation, run } = this;
    if (compilation === null) {
      return;
    }
    this.header.update(compilation.name, compilation.tasks.length, run, this.clock);
    const tasks = new Map<string, TaskRunDocument>(runsOf(run).map(task => [task.name, task]));
    this.cards.forEach((card, name) => card.update(run, tasks.get(name), this.clock));
    if (this.cards.size === 0 && compilation.tasks.length > 0) {
      this.body.querySelector('.dagflow-list')?.replaceWith(taskList(compilation, run, this.clock));
    }
    this.refreshDetails();
  }

  /** Why none of the run's tasks could begin, if so: no card can tell. */
  private showNotBegun(error: TaskFailure | null): void {
    this.notBegun.hidden = error === null;
    const title = html('div', { class: 'dagflow-problem-title' }, 'No task of the last run could begin');
    this.notBegun.replaceChildren(...(error === null ? [] : [title, failure(error)]));
  }

  private tick(): void {
    if (this.run?.state !== 'running') {
      return;
    }
    this.header.tick(this.run, this.clock);
    this.cards.forEach(card => card.tick(this.clock));
    this.refreshDetails();
  }

  private resized(): void {
    if (this.placed && !this.options.fill) {
      this.frame.style.height = `${frameHeight(this.placed, this.node.clientWidth)}px`;
    }
    this.viewport.resized();
  }

  private listen(): void {
    this.scene.addEventListener('pointerover', event => this.hoverTask(taskUnder(event), HOVER_MS));
    this.scene.addEventListener('pointerout', event => {
      if (taskUnder(event) !== null) {
        this.hoverTask(null, 0);
      }
    });
    this.scene.addEventListener('focusin', event => {
      const card = (event.target as Element).closest('.dagflow-node');
      if (card?.matches(':focus-visible') && !this.givingFocusBack) {
        this.viewport.reveal(card);
        this.hoverTask(taskUnder(event), 0);
      }
    });
    this.scene.addEventListener('focusout', () => this.hoverTask(null, 0));
    this.scene.addEventListener('click', event => {
      const toggle = toggleUnder(event);
      if (toggle) {
        void this.toggle(toggle);
      } else {
        this.open(taskUnder(event));
      }
    });
    this.frame.addEventListener('pointerdown', event => {
      if (taskUnder(event) === null) {
        this.popover.close();
      }
    });
    this.node.addEventListener('keydown', event => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const task = taskUnder(event);
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (task !== null && (event.key === 'Enter' || event.key === ' ')) {
      this.open(task);
    } else if (event.key === 'Escape' && this.popover.isOpen) {
      this.popover.close();
    } else if (event.key === '+' || event.key === '=') {
      this.viewport.zoomIn();
    } else if (event.key === '-') {
      this.viewport.zoomOut();
    } else if (event.key === '0') {
      this.viewport.fit();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The pointer or the focus is on a task, or on none any more. */
  private hoverTask(name: string | null, delay: number): void {
    clearTimeout(this.hover);
    if (this.popover.pinned) {
      return;
    }
    this.edges?.highlight(name);
    this.scene.classList.toggle('dagflow-dimmed', name !== null);
    if (name === null) {
      this.popover.close();
      this.shownTask = null;
    } else {
      this.hover = setTimeout(() => this.showTask(name), delay);
    }
  }

  private hoverEdge(edge: Edge | null, event: PointerEvent): void {
    if (this.popover.pinned || this.compilation === null) {
      return;
    }
    this.shownTask = null;
    if (edge === null) {
      this.popover.close();
    } else {
      const at = new DOMRect(event.clientX, event.clientY - 4, 1, 8);
      this.popover.show(edgeDetails(edge, this.compilation), at, `${edge.source} to ${edge.target}`);
    }
  }

  /** Show the details of a task and keep them open. */
  private open(name: string | null): void {
    if (name !== null) {
      clearTimeout(this.hover);
      this.popover.pinned = false;
      this.showTask(name);
      this.popover.pin();
      const card = this.cards.get(name);
      if (card && !isInner(card.task)) {
        this.options.onTask?.(card.task);
      }
    }
  }

  private showTask(name: string): void {
    const card = this.cards.get(name);
    if (card && this.compilation) {
      this.shownTask = name;
      const details = taskDetails(card.task, this.compilation, this.run, this.clock);
      this.popover.show(details, card.node.getBoundingClientRect(), `Task ${name}`);
    }
  }

  private refreshDetails(): void {
    const card = this.shownTask === null ? undefined : this.cards.get(this.shownTask);
    if (card && this.compilation && this.popover.isOpen) {
      this.popover.refresh(taskDetails(card.task, this.compilation, this.run, this.clock));
    }
  }

  /** A pinned card was closed: the focus goes back to its task. */
  private closed(): void {
    const card = this.shownTask === null ? undefined : this.cards.get(this.shownTask);
    this.shownTask = null;
    this.edges?.highlight(null);
    this.scene.classList.remove('dagflow-dimmed');
    this.givingFocusBack = true;
    card?.node.focus({ preventScroll: true });
    this.givingFocusBack = false;
  }
}

/** High enough for the graph at the scale that its width allows, within bounds. */
export function frameHeight(placed: Layout, width: number): number {
  const scale = Math.min(1, width > AIR ? (width - AIR) / placed.width : 1);
  return Math.round(Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, placed.height * scale + AIR)));
}

function toggleUnder(event: Event): HTMLElement | null {
  return (event.target as Element).closest<HTMLElement>('.dagflow-toggle');
}

function taskUnder(event: Event): string | null {
  const card = (event.target as Element).closest<HTMLElement>('.dagflow-node');
  return card?.dataset['task'] ?? null;
}
