// Decides on colour: only on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb.
import picocolors from "picocolors";
import type { CommandContext, Sink } from "../cli/command.ts";

export function styleFor(context: CommandContext, sink: Sink) {
  const isOff = Boolean(context.env.NO_COLOR) || context.env.TERM === "dumb";
  return picocolors.createColors(sink.isTty && !isOff);
}
