/** How far the notebook of a task came. */

/** At which cell the task ended. The last cell stores what others read: it is never to be run. */
export function endsAt(cells: readonly Readonly<Record<string, unknown>>[], told: string | null): number {
  const known = cells.findIndex(cell => cell['id'] === told);
  if (known >= 0) {
    return known;
  }
  const failed = cells.findIndex(cell => JSON.stringify(cell['outputs'] ?? []).includes('"output_type":"error"'));
  return failed >= 0 ? failed : cells.length - 1;
}
