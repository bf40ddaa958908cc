/** What JupyterLab does for the views of runs; the plugin knows how. */
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
  /** Ask whether to do something. */
  confirm(question: Question): Promise<boolean>;
  /** Tell what the server refused. */
  tell(error: unknown): void;
  readonly render: RenderOutputs;
}
