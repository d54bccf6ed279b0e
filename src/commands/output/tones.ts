// The colours of states and results: green is well, red failed, yellow is held back. Pure.
import type { Tone } from "./table.ts";

const TONES: Readonly<Record<string, Tone>> = {
  Completed: "good",
  Failed: "bad",
  Cancelled: "held",
  WaitingForClients: "held",
  Disconnected: "bad",
  verified: "good",
  live: "good",
  revoked: "bad",
  expired: "held",
  ok: "good",
  "ok in part": "held",
  "not measured": "held",
  none: "held",
  FAILED: "bad",
  works: "good",
  "listed, fails": "bad",
  on: "good",
  delivered: "good",
  failed: "bad",
  waiting: "held",
};

const HELD_BACK = /\b(?:paused|draining|quarantined|full|resting|failing|retrying)\b/;
const OFF = /^off\b/;

/** Of a state, or of one with what holds it back: "Idle, paused". */
export function toneOf(text: string): Tone | null {
  const known = Object.hasOwn(TONES, text) ? TONES[text] : undefined;
  if (known !== undefined) return known;
  if (OFF.test(text)) return "bad";
  return HELD_BACK.test(text) ? "held" : null;
}
