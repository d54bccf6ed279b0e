// Handles Ctrl-C, SIGTERM and a closed terminal: the first asks the command to end; a second Ctrl-C or SIGTERM prints a last
// message and ends the process at once.

import { AppError } from "../../base/errors.ts";
import { isHangupIgnored } from "../../base/hangup.ts";

export const INTERRUPTED = 130;

export interface Signals {
  /** Aborted by the first signal, with its name as the reason's cause. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** `onSecond` prints what continues without this process; it must have written when it returns. */
export function listenForSignals(onSecond: () => void): Signals {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals) =>
    controller.abort(new AppError("E_INTERRUPTED", "interrupted", "Nothing was left half done.", { cause: name }));
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return end(name);
    onSecond();
    process.exit(INTERRUPTED);
  };
  // Both the closed terminal and its shell send SIGHUP, so a second one is no second request.
  const onHangup = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) end(name);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // Under nohup the process must outlive its terminal.
  if (!isHangupIgnored()) process.on("SIGHUP", onHangup);
  const stop = () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.off("SIGHUP", onHangup);
  };
  return { signal: controller.signal, stop };
}
