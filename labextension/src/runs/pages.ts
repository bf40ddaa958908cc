/** A list that the server gives page by page, of which one is shown. */

/** A page, and what the one below it is asked for. */
export interface Page {
  readonly next: string | null;
}

/**
 * Goes down and up again by the places at which pages begin, so the thousandth costs what the first does.
 *
 * An older answer never replaces a newer one; what cannot be had leaves what is known, and is told.
 */
export class Pages<P extends Page> {
  private current: P | null = null;
  private reason: unknown = null;
  private places = [''];
  private asked = 0;

  constructor(
    private readonly ask: (before: string) => Promise<P>,
    private readonly changed: () => void
  ) {}

  /** The page that is shown, once there has been an answer. */
  get shown(): P | null {
    return this.current;
  }

  /** Why the last answer was none. */
  get error(): unknown {
    return this.reason;
  }

  get hasBelow(): boolean {
    return this.current?.next != null;
  }

  get hasAbove(): boolean {
    return this.places.length > 1;
  }

  /** Ask for the page that is shown again. */
  refresh(): Promise<void> {
    return this.show(this.places);
  }

  /** Begin with the first page. */
  begin(): Promise<void> {
    return this.show(['']);
  }

  async below(): Promise<void> {
    const next = this.current?.next;
    if (next != null) {
      await this.show([...this.places, next]);
    }
  }

  async above(): Promise<void> {
    if (this.hasAbove) {
      await this.show(this.places.slice(0, -1));
    }
  }

  private async show(places: string[]): Promise<void> {
    const turn = ++this.asked;
    try {
      const page = await this.ask(places[places.length - 1] ?? '');
      if (turn !== this.asked) {
        return;
      }
      [this.current, this.places, this.reason] = [page, places, null];
    } catch (error) {
      if (turn !== this.asked) {
        return;
      }
      this.reason = error;
    }
    this.changed();
  }
}
