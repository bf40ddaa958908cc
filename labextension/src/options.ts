// Generated from Python by `npm run schema`. Do not edit.

/** What an option's value may be, in the words of JSON schema. */
export interface ValueSchema {
  type: 'string' | 'integer' | 'number' | 'boolean';
  pattern?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/**
 * An option of `metadata.dagflow`: what its values are names of (`task`, `variable`, …), and the role of the cells it
 * is on. One that may be repeated is an array.
 */
export interface OptionSchema extends Omit<ValueSchema, 'type'> {
  title: string;
  description: string;
  type: ValueSchema['type'] | 'array';
  items?: ValueSchema;
  expects: string;
  names: string;
  on: string;
}

export const OPTIONS: Readonly<Record<string, OptionSchema>> = {
  "task": {
    "title": "Task",
    "description": "The task that this cell begins, or goes on with.",
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,99}$",
    "expects": "a name: a letter or _, then letters, digits, _ or -, at most 100",
    "names": "task",
    "on": "task"
  },
  "after": {
    "title": "After",
    "description": "Tasks that have to end first.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,99}$"
    },
    "expects": "the name of a task",
    "names": "task",
    "on": "task"
  },
  "when": {
    "title": "When",
    "description": "A Python expression over values and parameters; if it is false, the task is skipped.",
    "type": "string",
    "pattern": "^\\S+$",
    "expects": "a Python expression that binds no name, without spaces",
    "names": "",
    "on": "task"
  },
  "trigger": {
    "title": "Trigger rule",
    "description": "Which outcomes of the tasks before it let it run.",
    "type": "string",
    "enum": [
      "all_success",
      "all_failed",
      "all_done",
      "all_skipped",
      "one_failed",
      "one_success",
      "one_done",
      "none_failed",
      "none_failed_min_one_success",
      "none_skipped",
      "always"
    ],
    "expects": "one of all_success, all_failed, all_done, all_skipped, one_failed, one_success, one_done, none_failed, none_failed_min_one_success, none_skipped, always",
    "names": "",
    "on": "task"
  },
  "retries": {
    "title": "Retries",
    "description": "How many more times it is tried when it fails.",
    "type": "integer",
    "minimum": 0,
    "maximum": 999999999,
    "expects": "a whole number",
    "names": "",
    "on": "task"
  },
  "retry-delay": {
    "title": "Retry delay",
    "description": "The wait before it is tried again, as 30s or 10m.",
    "type": "string",
    "pattern": "^(\\d+(\\.\\d+)?[smhd]|P(?=.*\\d)(\\d+W)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?)$",
    "expects": "a duration like 30s, 10m, 2h, 1d or PT1H30M",
    "names": "",
    "on": "task"
  },
  "retry-backoff": {
    "title": "Retry backoff",
    "description": "By what each wait is longer than the one before.",
    "type": "number",
    "minimum": 1,
    "maximum": 1000,
    "expects": "a factor of 1 or more",
    "names": "",
    "on": "task"
  },
  "timeout": {
    "title": "Timeout",
    "description": "How long an attempt may take, as 10m or 2h.",
    "type": "string",
    "pattern": "^(\\d+(\\.\\d+)?[smhd]|P(?=.*\\d)(\\d+W)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?)$",
    "expects": "a duration like 30s, 10m, 2h, 1d or PT1H30M, longer than nothing",
    "names": "",
    "on": "task"
  },
  "pool": {
    "title": "Pool",
    "description": "Tasks of one pool share its places.",
    "type": "string",
    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "expects": "the name of a pool",
    "names": "",
    "on": "task"
  },
  "priority": {
    "title": "Priority",
    "description": "Of tasks that are ready, the highest begins first.",
    "type": "integer",
    "minimum": -999999999,
    "maximum": 999999999,
    "expects": "a whole number",
    "names": "",
    "on": "task"
  },
  "cache": {
    "title": "Reuse of results",
    "description": "Whether an earlier result is taken that would be the same.",
    "type": "string",
    "enum": [
      "on",
      "off"
    ],
    "expects": "on or off",
    "names": "",
    "on": "task"
  },
  "reads": {
    "title": "Reads files",
    "description": "Files it depends on, as data/*.csv.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^\\S+$"
    },
    "expects": "a file pattern",
    "names": "",
    "on": "task"
  },
  "writes": {
    "title": "Writes files",
    "description": "Files it makes, as out/*.png.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^\\S+$"
    },
    "expects": "a file pattern",
    "names": "",
    "on": "task"
  },
  "mutates": {
    "title": "Changes",
    "description": "Variables it changes in place.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[^\\s\\d!-/:-@\\[-\\^`{-~][^\\s!-/:-@\\[-\\^`{-~]*$"
    },
    "expects": "the name of a variable",
    "names": "variable",
    "on": "task"
  },
  "pure": {
    "title": "Leaves unchanged",
    "description": "Variables it does not change, whatever it looks like.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[^\\s\\d!-/:-@\\[-\\^`{-~][^\\s!-/:-@\\[-\\^`{-~]*$"
    },
    "expects": "the name of a variable",
    "names": "variable",
    "on": "task"
  },
  "keep": {
    "title": "Keeps",
    "description": "Variables to keep though no task reads them.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[^\\s\\d!-/:-@\\[-\\^`{-~][^\\s!-/:-@\\[-\\^`{-~]*$"
    },
    "expects": "the name of a variable",
    "names": "variable",
    "on": "task"
  },
  "metric": {
    "title": "Metrics",
    "description": "Variables to record as metrics of the run.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[^\\s\\d!-/:-@\\[-\\^`{-~][^\\s!-/:-@\\[-\\^`{-~]*$"
    },
    "expects": "the name of a variable",
    "names": "variable",
    "on": "task"
  },
  "kernel": {
    "title": "Kernel",
    "description": "The kernelspec to run it with, if not the notebook's.",
    "type": "string",
    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "expects": "the name of an installed kernelspec",
    "names": "kernel",
    "on": "task"
  },
  "lane": {
    "title": "Lane",
    "description": "Tasks of one lane share a kernel, and pass on what cannot leave it.",
    "type": "string",
    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    "expects": "the name of a lane",
    "names": "",
    "on": "task"
  },
  "secret": {
    "title": "Secret",
    "description": "Parameters never written in clear.",
    "type": "array",
    "items": {
      "type": "string",
      "pattern": "^[^\\s\\d!-/:-@\\[-\\^`{-~][^\\s!-/:-@\\[-\\^`{-~]*$"
    },
    "expects": "the name of a parameter",
    "names": "parameter",
    "on": "parameters"
  },
  "map": {
    "title": "Map",
    "description": "Its one loop is fanned out: an instance for each iteration.",
    "type": "boolean",
    "expects": "true or false",
    "names": "",
    "on": "task"
  }
};
