/** What JupyterLab does for the views of runs; the plugin knows how. */
import type { TaskFailure } from '../schema';
import type { RenderOutputs } from './taskOutputs';

/** Something that cannot be taken back. */
export interface Question {
  readonly title: string;
  readonly body: string;
  /** What the button says that does it. */
  readonly accept: string;
}

export interface RunsHost {
  /** Open a notebook at a path of the contents manager. */
  openNotebook(path: string): void;
  /** Open the notebook that a run is of, at the place where a task of it failed. */
  goTo(run: string, failure: TaskFailure): void;
  /** Open the notebook of a task with all that the task had when it failed. */
  debug(run: string, task: string, failure: TaskFailure): void;
  /** Bind a value of a run in the kernel of the notebook that one was at last. */
  bring(run: string, name: string): void;
  /** Ask whether to do something. */
  confirm(question: Question): Promise<boolean>;
  /** Tell what the server refused. */
  tell(error: unknown): void;
  readonly render: RenderOutputs;
}
