// Decides on colour and width: colour only on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb.
import picocolors from "picocolors";
import type { CommandContext, Sink } from "../cli/command.ts";
import type { Look } from "./table.ts";

export type Colours = ReturnType<typeof picocolors.createColors>;

export function styleFor(context: Pick<CommandContext, "env">, sink: Sink): Colours {
  const isOff = Boolean(context.env.NO_COLOR) || context.env.TERM === "dumb";
  return picocolors.createColors(sink.isTty && !isOff);
}

/** How tables look there: fitted to a terminal, and always whole elsewhere. */
export function lookOf(context: CommandContext, sink: Sink): Look {
  const colours = styleFor(context, sink);
  const paints = { good: colours.green, bad: colours.red, held: colours.yellow };
  return {
    width: sink.isTty ? sink.columns : Number.POSITIVE_INFINITY,
    dim: colours.dim,
    paint: (text, tone) => paints[tone](text),
  };
}
