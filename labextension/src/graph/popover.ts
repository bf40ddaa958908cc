/**
 * The one card that floats over a graph: details of what is under the pointer or has the focus.
 *
 * It lives in the browser's top layer, so that a small output area does not cut it off.
 */
import { html } from './dom';

const GAP = 8;

/** At most one thing is shown; `pin` makes it stay and take the focus until it is closed. */
export class Popover {
  readonly node = html('div', { class: 'dagflow-popover', popover: 'manual', role: 'dialog', tabindex: -1 });
  private anchor: DOMRect | null = null;
  pinned = false;

  constructor() {
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.close();
      }
    });
  }

  /** Called when a pinned card is closed: whoever opened it takes the focus back. */
  onClosed: () => void = () => undefined;

  get isOpen(): boolean {
    return this.node.classList.contains('dagflow-open');
  }

  show(content: HTMLElement, anchor: DOMRect, label: string): void {
    this.node.setAttribute('aria-label', label);
    this.node.replaceChildren(content);
    this.node.classList.add('dagflow-open');
    this.node.showPopover?.();
    this.anchor = anchor;
    this.move();
  }

  /** Other content in the same place. */
  refresh(content: HTMLElement): void {
    const { scrollTop } = this.node;
    this.node.replaceChildren(content);
    this.node.scrollTop = scrollTop;
    this.move();
  }

  pin(): void {
    this.pinned = true;
    this.node.classList.add('dagflow-pinned');
    this.node.focus({ preventScroll: true });
  }

  close(): void {
    const wasPinned = this.pinned;
    this.pinned = false;
    this.node.classList.remove('dagflow-open', 'dagflow-pinned');
    this.node.hidePopover?.();
    if (wasPinned) {
      this.onClosed();
    }
  }

  /** Where there is room: below the anchor, above it, or beside it; always within the window. */
  private move(): void {
    if (this.anchor === null) {
      return;
    }
    const { offsetWidth, offsetHeight, style } = this.node;
    const { left, top } = placed(this.anchor, offsetWidth, offsetHeight, window.innerWidth, window.innerHeight);
    style.left = `${left}px`;
    style.top = `${top}px`;
  }
}

/** The corner of a box of a size that is to stand by an anchor and hide as little of it as can be. */
export function placed(
  anchor: Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>,
  width: number,
  height: number,
  windowWidth: number,
  windowHeight: number
): { left: number; top: number } {
  const within = (value: number, most: number) => Math.max(GAP, Math.min(value, most - GAP));
  const left = within(anchor.left, windowWidth - width);
  const top = within(anchor.top, windowHeight - height);
  if (anchor.bottom + GAP + height + GAP <= windowHeight) {
    return { left, top: anchor.bottom + GAP };
  }
  if (anchor.top - GAP - height >= GAP) {
    return { left, top: anchor.top - GAP - height };
  }
  const right = windowWidth - anchor.right >= anchor.left;
  return { left: within(right ? anchor.right + GAP : anchor.left - GAP - width, windowWidth - width), top };
}
