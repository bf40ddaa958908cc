/**
 * Pan and zoom of a graph.
 *
 * The law: a page that scrolls keeps scrolling. The wheel alone is the page's; with Ctrl or ⌘ (which is what a pinch
 * sends) it zooms. Dragging the background pans; `+`, `-` and `0` zoom and fit.
 */

const MAX_ZOOM = 2;
const MIN_ZOOM = 0.08;
const STEP = 1.25;
const MARGIN = 16;

/** The window onto a scene of a known size. */
export class Viewport {
  zoom = 1;
  private x = 0;
  private y = 0;
  private width = 0;
  private height = 0;
  private touched = false;

  constructor(
    private readonly frame: HTMLElement,
    private readonly scene: HTMLElement,
    private readonly onChange: () => void
  ) {
    frame.addEventListener('wheel', this.onWheel, { passive: false });
    frame.addEventListener('pointerdown', this.onPointerDown);
  }

  /** The scene's size; fits it, unless the user has moved it to where it is. */
  setScene(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.resized();
  }

  /** The frame has another size: keep the whole in view unless the user has moved it. */
  resized(): void {
    if (!this.touched) {
      this.fit();
    }
  }

  /** Show everything, never larger than life. */
  fit(): void {
    const { clientWidth, clientHeight } = this.frame;
    if (clientWidth === 0 || this.width === 0) {
      return;
    }
    const wide = (clientWidth - 2 * MARGIN) / this.width;
    const high = (clientHeight - 2 * MARGIN) / this.height;
    this.touched = false;
    this.zoom = clamp(Math.min(1, wide, high));
    this.x = (clientWidth - this.width * this.zoom) / 2;
    this.y = (clientHeight - this.height * this.zoom) / 2;
    this.apply();
  }

  zoomIn(): void {
    this.zoomAt(this.frame.clientWidth / 2, this.frame.clientHeight / 2, STEP);
  }

  zoomOut(): void {
    this.zoomAt(this.frame.clientWidth / 2, this.frame.clientHeight / 2, 1 / STEP);
  }

  /** Move so that a card with focus is in view. */
  reveal(element: Element): void {
    const frame = this.frame.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const dx = overhang(box.left, box.right, frame.left, frame.right);
    const dy = overhang(box.top, box.bottom, frame.top, frame.bottom);
    if (dx !== 0 || dy !== 0) {
      this.panBy(dx, dy);
    }
  }

  /** Something has moved in the scene: pan so that it stays where it was, unless all is in view anyhow. */
  keepInPlace(before: DOMRect, after: DOMRect): void {
    if (this.touched) {
      this.panBy(before.left - after.left, before.top - after.top);
    }
  }

  panBy(dx: number, dy: number): void {
    this.touched = true;
    this.x += dx;
    this.y += dy;
    this.apply();
  }

  private zoomAt(x: number, y: number, factor: number): void {
    const zoom = clamp(this.zoom * factor);
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.touched = true;
    this.apply();
  }

  private apply(): void {
    this.scene.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.frame.classList.toggle('dagflow-far', this.zoom < 0.55);
    this.onChange();
  }

  private readonly onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) {
      return;
    }
    event.preventDefault();
    const frame = this.frame.getBoundingClientRect();
    this.zoomAt(event.clientX - frame.left, event.clientY - frame.top, Math.exp(-event.deltaY / 300));
  };

  private readonly onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.dagflow-node, .dagflow-toggle')) {
      return;
    }
    let last = { x: event.clientX, y: event.clientY };
    const move = (at: PointerEvent) => {
      this.frame.classList.add('dagflow-panning');
      this.panBy(at.clientX - last.x, at.clientY - last.y);
      last = { x: at.clientX, y: at.clientY };
    };
    const end = () => {
      this.frame.classList.remove('dagflow-panning');
      this.frame.removeEventListener('pointermove', move);
      this.frame.removeEventListener('pointerup', end);
      this.frame.removeEventListener('pointercancel', end);
    };
    this.frame.setPointerCapture(event.pointerId);
    this.frame.addEventListener('pointermove', move);
    this.frame.addEventListener('pointerup', end);
    this.frame.addEventListener('pointercancel', end);
  };
}

function clamp(zoom: number): number {
  return Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
}

/** How far to move a span so that it lies within another, with a margin. */
function overhang(low: number, high: number, frameLow: number, frameHigh: number): number {
  if (low < frameLow + MARGIN) {
    return frameLow + MARGIN - low;
  }
  return high > frameHigh - MARGIN ? frameHigh - MARGIN - high : 0;
}
