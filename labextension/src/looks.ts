// Generated from Python by `npm run schema`. Do not edit.

import type { TaskState } from './schema';

/**
 * How a state looks: its word, the fill and ink of its disc, and its icon for a disc of radius 9 about (0, 0); and
 * whether it is final.
 */
export interface Look {
  word: string;
  colour: string;
  ink: string;
  path: string;
  fill: boolean;
  hollow: boolean;
  final: boolean;
}

export const LOOKS: Record<TaskState, Look> = {
  "none": {
    "word": "waiting",
    "colour": "#8a929e",
    "ink": "#ffffff",
    "path": "",
    "fill": false,
    "hollow": true,
    "final": false
  },
  "queued": {
    "word": "queued",
    "colour": "#56b4e9",
    "ink": "#08263a",
    "path": "M0 -4.5V0L3 2.2",
    "fill": false,
    "hollow": false,
    "final": false
  },
  "running": {
    "word": "running",
    "colour": "#0072b2",
    "ink": "#ffffff",
    "path": "M-2.6 -4.4L4.6 0L-2.6 4.4Z",
    "fill": true,
    "hollow": false,
    "final": false
  },
  "success": {
    "word": "success",
    "colour": "#009e73",
    "ink": "#ffffff",
    "path": "M-4 0.3L-1.2 3.2L4.2 -3",
    "fill": false,
    "hollow": false,
    "final": true
  },
  "failed": {
    "word": "failed",
    "colour": "#d55e00",
    "ink": "#ffffff",
    "path": "M-3.2 -3.2L3.2 3.2M3.2 -3.2L-3.2 3.2",
    "fill": false,
    "hollow": false,
    "final": true
  },
  "up_for_retry": {
    "word": "up for retry",
    "colour": "#e69f00",
    "ink": "#2b1d00",
    "path": "M3.6 -2.4A4.3 4.3 0 1 0 4.3 0.6M4 -5.4V-2.2H0.8",
    "fill": false,
    "hollow": false,
    "final": false
  },
  "skipped": {
    "word": "skipped",
    "colour": "#6f7785",
    "ink": "#ffffff",
    "path": "M-4 -3.4L-0.6 0L-4 3.4M0.6 -3.4L4 0L0.6 3.4",
    "fill": false,
    "hollow": false,
    "final": true
  },
  "upstream_failed": {
    "word": "upstream failed",
    "colour": "#cc79a7",
    "ink": "#33101f",
    "path": "M0 4.6V-0.6M-3.2 1.2L0 -2L3.2 1.2M-3.6 -4.6H3.6",
    "fill": false,
    "hollow": false,
    "final": true
  },
  "cancelled": {
    "word": "cancelled",
    "colour": "#565d69",
    "ink": "#ffffff",
    "path": "M-3.2 -3.2H3.2V3.2H-3.2Z",
    "fill": true,
    "hollow": false,
    "final": true
  },
  "lost": {
    "word": "lost",
    "colour": "#f0e442",
    "ink": "#2b2800",
    "path": "M-2.4 -2.2A2.5 2.5 0 1 1 0 0.6V1.8M0 4.4V4.5",
    "fill": false,
    "hollow": false,
    "final": true
  }
};
