/**
 * Groups: the tasks of notebooks that are steps of a task, behind that task or put away.
 *
 * The law: which groups are open is for the reader to say and lasts as long as the view; what nobody has said is
 * decided by the size of the whole, and no run opens or closes anything.
 */
import type { LiveRun } from '../reduce';
import type { CompilationDocument, InnerTaskDocument, TaskDocument, TaskRunDocument } from '../schema';
import * as words from '../words';
import { html } from './dom';
import type { Box } from './layout';

/** Up to so many tasks in all, groups are open at first. */
export const OPEN_UP_TO = 24;
const CLUSTER = 'cluster_';

/** What a card is drawn of. */
export type DrawnTask = TaskDocument | InnerTaskDocument;

export function isInner(task: DrawnTask): task is InnerTaskDocument {
  return 'group' in task;
}

/** The name of a task in its own notebook. */
export function ownName(task: DrawnTask): string {
  return isInner(task) ? task.name.slice(task.group.length + 1) : task.name;
}

/** What a run has made of its tasks and of those of its steps. */
export function runsOf(run: LiveRun | null): TaskRunDocument[] {
  return run === null ? [] : [...run.tasks, ...(run.steps ?? [])];
}

/** The group of which this is the cluster in a layout; null if it is none. */
export function groupOfCluster(name: string): string | null {
  return name.startsWith(CLUSTER) ? name.slice(CLUSTER.length) : null;
}

/** Which groups are open. */
export class Groups {
  private readonly said = new Map<string, boolean>();

  /** Open a group that is closed, close one that is open. */
  toggle(group: string, compilation: CompilationDocument): void {
    this.said.set(group, !this.isOpen(group, compilation));
  }

  isOpen(group: string, { tasks, nested = [] }: CompilationDocument): boolean {
    return this.said.get(group) ?? tasks.length + nested.length <= OPEN_UP_TO;
  }

  /** The tasks of open groups that stand in no closed one, each once. */
  shown(compilation: CompilationDocument): InnerTaskDocument[] {
    const seen = new Set(compilation.tasks.map(({ name }) => name));
    return (compilation.nested ?? []).filter(({ name, group }) => {
      const isShown = seen.has(group) && this.isOpen(group, compilation) && !seen.has(name);
      if (isShown) {
        seen.add(name);
      }
      return isShown;
    });
  }

  /** DOT text of the pipeline, with the open groups put in: each a cluster behind its task. */
  inDot(dot: string, compilation: CompilationDocument): string {
    const shown = this.shown(compilation);
    const end = dot.lastIndexOf('}');
    if (shown.length === 0 || end < 0) {
      return dot;
    }
    const lines = [...membersOf(shown)].flatMap(([group, members]) => [
      `subgraph ${quoted(CLUSTER + group)} { margin=16 ${members.map(({ name }) => quoted(name)).join(' ')} }`,
      ...members.flatMap(({ name, after }) =>
        (after.length > 0 ? after : [group]).map(source => `${quoted(source)} -> ${quoted(name)}`)
      )
    ]);
    return `${dot.slice(0, end)}${lines.join('\n')}\n}`;
  }

  /** For each task on screen that has steps: the button that opens and closes its group. */
  toggles(compilation: CompilationDocument): Map<string, HTMLButtonElement> {
    const shown = new Set([...compilation.tasks, ...this.shown(compilation)].map(({ name }) => name));
    const groups = [...membersOf(compilation.nested ?? [])].filter(([group]) => shown.has(group));
    return new Map(groups.map(([group, members]) => [group, toggle(group, members, this.isOpen(group, compilation))]));
  }
}

/** The frame around an open group, where the layout has it. */
export function groupFrame(group: string, compilation: CompilationDocument, box: Box): HTMLElement {
  const members = (compilation.nested ?? []).filter(each => each.group === group);
  const frame = html('div', { class: 'dagflow-group', 'data-group': group }, notebooks(members));
  Object.assign(frame.style, {
    width: `${box.width}px`,
    height: `${box.height}px`,
    transform: `translate(${box.x - box.width / 2}px, ${box.y - box.height / 2}px)`
  });
  return frame;
}

/** Put a toggle on the upper right corner of its task's card. */
export function placeToggle(button: HTMLElement, card: Box): void {
  button.style.left = `${card.x + card.width / 2}px`;
  button.style.top = `${card.y - card.height / 2}px`;
}

function toggle(group: string, members: readonly InnerTaskDocument[], open: boolean): HTMLButtonElement {
  const what = `${words.count(members.length, 'task')} of ${notebooks(members)}`;
  return html(
    'button',
    {
      type: 'button',
      class: 'dagflow-toggle',
      'data-group': group,
      'aria-expanded': open ? 'true' : 'false',
      'aria-label': `${group}: ${what}`,
      title: `${open ? 'Close' : 'Open'}: ${what}`
    },
    `${open ? '▾' : '▸'} ${members.length}`
  );
}

function notebooks(members: readonly InnerTaskDocument[]): string {
  return [...new Set(members.map(({ notebook }) => notebook))].join(', ');
}

function membersOf(nested: readonly InnerTaskDocument[]): Map<string, InnerTaskDocument[]> {
  const found = new Map<string, InnerTaskDocument[]>();
  nested.forEach(task => found.set(task.group, [...(found.get(task.group) ?? []), task]));
  return found;
}

function quoted(name: string): string {
  return `"${name.replace(/"/g, '\\"')}"`;
}
