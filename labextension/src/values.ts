/** Reading what is typed into a form, as the schema of an option has it. */
import type { OptionSchema, ValueSchema } from './options';
import type { OptionValue } from './tags';

/** A value, or nothing if the field is empty, or what is wrong with the text. */
export type Read = { value: OptionValue | undefined } | { problem: string };

/** Read the text of a field that takes one value. */
export function readValue(text: string, schema: OptionSchema): Read {
  const trimmed = text.trim();
  if (trimmed === '') {
    return { value: undefined };
  }
  const rules: ValueSchema | OptionSchema = schema.items ?? schema;
  const problem = { problem: `It takes ${schema.expects}.` };
  if (rules.type === 'integer' || rules.type === 'number') {
    const number = Number(trimmed);
    const fits =
      Number.isFinite(number) &&
      (rules.type === 'number' || Number.isInteger(number)) &&
      number >= (rules.minimum ?? -Infinity) &&
      number <= (rules.maximum ?? Infinity);
    return fits ? { value: number } : problem;
  }
  const fits = rules.enum ? rules.enum.includes(trimmed) : new RegExp(rules.pattern ?? '', 'u').test(trimmed);
  return fits ? { value: trimmed } : problem;
}
