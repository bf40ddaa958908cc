/** A view of recorded runs that follows the news of them while it is on screen. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { RunNewsDocument } from '../schema';
import type { RunStream } from '../stream';

const PAUSE_MS = 250;

/** While nobody can see it, it asks the server for nothing; shown again, it asks for what it has missed, once. */
export abstract class LiveView extends Widget {
  private pause: ReturnType<typeof setTimeout> | undefined;

  /** `missed` tells whether there is something to ask for as soon as it is shown. */
  constructor(
    private readonly stream: RunStream,
    private missed: boolean
  ) {
    super();
    this.addClass('dagflow-runs');
    stream.news.connect(this.hear, this);
    stream.anew.connect(this.look, this);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      clearTimeout(this.pause);
      this.stream.news.disconnect(this.hear, this);
      this.stream.anew.disconnect(this.look, this);
      super.dispose();
    }
  }

  /** Whether news of a run are about what is shown. */
  protected abstract concerns(news: RunNewsDocument): boolean;

  /** Ask again for all that is shown. */
  protected abstract refresh(): void;

  protected override onAfterShow(_: Message): void {
    if (this.missed) {
      this.missed = false;
      this.refresh();
    }
  }

  protected override onAfterAttach(message: Message): void {
    if (this.isVisible) {
      this.onAfterShow(message);
    }
  }

  private hear(_: RunStream, news: RunNewsDocument): void {
    if (this.concerns(news)) {
      this.look();
    }
  }

  /** Ask again, once for what happens in quick succession. */
  private look(): void {
    this.pause ??= setTimeout(() => {
      this.pause = undefined;
      if (this.isVisible) {
        this.refresh();
      } else {
        this.missed = true;
      }
    }, PAUSE_MS);
  }
}
