/**
 * The live graph under a magic: the anywidget entry.
 *
 * The law: the reduced state belongs to the model, one per widget, so that two views of it agree and a view that
 * comes late misses nothing.
 */
import type { AnyModel, AnyWidget } from '@anywidget/types';
import { Follower } from './follow';
import { html } from './graph/dom';
import { GraphView } from './graph/view';
import { LOOKS } from './looks';
import type { CompilationDocument, DagflowEvent, RunDocument } from './schema';

const UNHEARD_MS = 3000;

interface Traits {
  compilation: CompilationDocument;
  dot: string;
  run: RunDocument | null;
  can_cancel: boolean;
}

type Message = { kind: 'events'; events: DagflowEvent[] } | { kind: 'cancelling' };

const createWidget: AnyWidget<Traits> = () => {
  const follower = new Follower();

  const initialize = ({ model }: { model: AnyModel<Traits> }) => {
    const onRun = () => follower.snapshot(model.get('run'));
    const onMessage = (message: Message) => {
      if (message.kind === 'events') {
        follower.take(message.events);
      }
    };
    onRun();
    model.on('change:run', onRun);
    model.on('msg:custom', onMessage);
    return () => {
      model.off('change:run', onRun);
      model.off('msg:custom', onMessage);
    };
  };

  const render = ({ model, el }: { model: AnyModel<Traits>; el: HTMLElement }) => {
    const view = new GraphView({ clock: follower.clock });
    const onGraph = () => void view.setGraph(model.get('compilation'), model.get('dot'));
    const cancel = html('button', { type: 'button', class: 'dagflow-cancel' });
    cancel.addEventListener('click', () => {
      asked = follower.run?.run_id;
      heard = true;
      wait = setTimeout(() => hears(false), UNHEARD_MS);
      model.send({ kind: 'cancel' });
      onRun();
    });
    const onRun = () => {
      const { run } = follower;
      view.setRun(run);
      cancel.hidden = !model.get('can_cancel') || run === null || LOOKS[run.state].final;
      cancel.disabled = run?.run_id === asked;
      cancel.textContent = cancel.disabled ? (heard ? 'Cancelling…' : 'Interrupt the kernel to cancel') : 'Cancel';
    };
    // without subshells a kernel takes no message while it runs a cell
    const hears = (answered: boolean) => {
      clearTimeout(wait);
      heard = answered;
      onRun();
    };
    const onMessage = ({ kind }: Message) => kind === 'cancelling' && hears(true);
    let asked: string | undefined;
    let heard = true;
    let wait: ReturnType<typeof setTimeout> | undefined;
    view.addTool(cancel);
    el.append(view.node);
    onRun();
    onGraph();
    model.on('change:compilation', onGraph);
    model.on('change:dot', onGraph);
    model.on('msg:custom', onMessage);
    const stop = follower.onChange(onRun);
    return () => {
      stop();
      clearTimeout(wait);
      model.off('msg:custom', onMessage);
      model.off('change:compilation', onGraph);
      model.off('change:dot', onGraph);
      view.dispose();
    };
  };

  return { initialize, render };
};

export default createWidget;
