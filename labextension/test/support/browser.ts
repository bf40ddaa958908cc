/** What jsdom lacks of a browser, and widgets want when they are loaded. */
globalThis.DragEvent ??= class extends Event {} as unknown as typeof DragEvent;
