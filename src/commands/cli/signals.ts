// Handles Ctrl-C (and Ctrl-Break), SIGTERM and a closed terminal: the first asks the command to end; a second Ctrl-C or SIGTERM
// prints a last message and ends the process at once.

import { AppError } from "../../base/errors.ts";
import { isHangupIgnored } from "../../base/hangup.ts";

export const INTERRUPTED = 130;

export interface Signals {
  /** Aborted by the first signal, with its name as the reason's cause. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** What ends a command on each system. */
export interface EndingSignals {
  /** A person or a service manager asks; a second one means at once. */
  readonly requests: readonly NodeJS.Signals[];
  /** The terminal is gone. */
  readonly hangups: readonly NodeJS.Signals[];
}

/** Windows: Ctrl-Break is SIGBREAK, a console that is closed SIGHUP (libuv, "uv_signal_t"); it kills after some seconds. */
export function endingSignals(platform: NodeJS.Platform, isHangupIgnored: boolean): EndingSignals {
  const requests: NodeJS.Signals[] = ["SIGINT", "SIGTERM", ...(platform === "win32" ? (["SIGBREAK"] as const) : [])];
  return { requests, hangups: isHangupIgnored ? [] : ["SIGHUP"] };
}

/** `onSecond` prints what continues without this process; it must have written when it returns. */
export function listenForSignals(onSecond: () => void): Signals {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals) => {
    const cause = name === "SIGBREAK" ? "SIGINT" : name; // the other key that interrupts
    controller.abort(new AppError("E_INTERRUPTED", "interrupted", "Nothing was left half done.", { cause }));
  };
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return end(name);
    onSecond();
    process.exit(INTERRUPTED);
  };
  // Both the closed terminal and its shell send SIGHUP, so a second one is no second request.
  const onHangup = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) end(name);
  };
  // Under nohup the process must outlive its terminal.
  const { requests, hangups } = endingSignals(process.platform, isHangupIgnored());
  for (const name of requests) process.on(name, onSignal);
  for (const name of hangups) process.on(name, onHangup);
  const stop = () => {
    for (const name of requests) process.off(name, onSignal);
    for (const name of hangups) process.off(name, onHangup);
  };
  return { signal: controller.signal, stop };
}
