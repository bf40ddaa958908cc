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

interface Traits {
  compilation: CompilationDocument;
  dot: string;
  run: RunDocument | null;
  can_cancel: boolean;
}

interface Message {
  kind: string;
  events: DagflowEvent[];
}

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
      model.send({ kind: 'cancel' });
      onRun();
    });
    const onRun = () => {
      const { run } = follower;
      view.setRun(run);
      cancel.hidden = !model.get('can_cancel') || run === null || LOOKS[run.state].final;
      cancel.disabled = run?.run_id === asked;
      cancel.textContent = cancel.disabled ? 'Cancelling…' : 'Cancel';
    };
    let asked: string | undefined;
    view.addTool(cancel);
    el.append(view.node);
    onRun();
    onGraph();
    model.on('change:compilation', onGraph);
    model.on('change:dot', onGraph);
    const stop = follower.onChange(onRun);
    return () => {
      stop();
      model.off('change:compilation', onGraph);
      model.off('change:dot', onGraph);
      view.dispose();
    };
  };

  return { initialize, render };
};

export default createWidget;
