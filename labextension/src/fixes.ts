/** What can be done about a finding by one click: the tag that its hint names, put where the hint says. */
import { OPTIONS } from './options';
import type { CompilationDocument, Diagnostic } from './schema';
import { addValue, replaceTag, type Change, type TaggedCell } from './tags';

/** A change of tags, and the tag that is there then: one more, or in the place of another. */
export interface Fix {
  readonly tag: string;
  readonly replaces: boolean;
  readonly changes: readonly Change[];
}

const TAG_TASK = /\btag task (\S+) ([a-z-]+):(\S+?)[.;,]?(?=\s|$)/g;
const MISSPELT = /^Tag '(.+)' means nothing here\.$/;
const MEANT = /^Did you mean '(.+)'\?$/;

/** The fixes of one finding, in the order in which its hint names them. */
export function fixesOf(
  finding: Diagnostic,
  cells: readonly TaggedCell[],
  compilation: CompilationDocument | null
): Fix[] {
  const fixes: Fix[] = [];
  for (const [, task, key = '', value = ''] of finding.hint?.matchAll(TAG_TASK) ?? []) {
    const first = compilation?.tasks.find(({ name }) => name === task)?.cells[0];
    if (first !== undefined && OPTIONS[key]?.type === 'array') {
      fixes.push({ tag: `${key}:${value}`, replaces: false, changes: addValue(cells, first, key, value) });
    }
  }
  const was = MISSPELT.exec(finding.message)?.[1];
  const meant = MEANT.exec(finding.hint ?? '')?.[1];
  if (was !== undefined && meant !== undefined && finding.cell) {
    fixes.push({ tag: meant, replaces: true, changes: replaceTag(cells, finding.cell, was, meant) });
  }
  return fixes.filter(({ changes }) => changes.length > 0);
}
