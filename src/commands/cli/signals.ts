// Ctrl-C, SIGTERM and the end of the terminal: the first asks the command to end, a second Ctrl-C or SIGTERM ends the
// process at once, with last words.

import { AppError } from "../../base/errors.ts";
import { isHangupIgnored } from "../../base/hangup.ts";

export const INTERRUPTED = 130;

export interface Signals {
  /** Aborted by the first one, with its name as the cause of the reason. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** `onSecond` says what goes on without this process; it must have written when it returns. */
export function listenForSignals(onSecond: () => void): Signals {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals) =>
    controller.abort(new AppError("E_INTERRUPTED", "interrupted", "Nothing was left half done.", { cause: name }));
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return end(name);
    onSecond();
    process.exit(INTERRUPTED);
  };
  // A terminal that is closed says so itself, and its shell says it again: that is one wish and not two.
  const onHangup = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) end(name);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  // Under nohup it is to live on.
  if (!isHangupIgnored()) process.on("SIGHUP", onHangup);
  const stop = () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.off("SIGHUP", onHangup);
  };
  return { signal: controller.signal, stop };
}
