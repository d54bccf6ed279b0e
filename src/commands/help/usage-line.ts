// How a command is called, in one line. citty writes it from our declaration.
import { stripVTControlCharacters } from "node:util";
import { type ArgsDef, type CommandDef, renderUsage } from "citty";
import type { Command } from "../cli/command.ts";

/** Our declaration as citty's, as far as the line shows it. */
function toCitty(command: Command): CommandDef {
  const args: ArgsDef = {};
  for (const { name, description, isRest } of command.positionals) {
    args[name] = { type: "positional", description, required: isRest !== true };
  }
  for (const [name, { description }] of Object.entries(command.options)) args[name] = { type: "string", description };
  return { meta: { name: `ffcluster ${command.path.join(" ")}`, description: command.summary }, args };
}

/** `ffcluster submit [OPTIONS] <INPUT>`. */
export async function usageLine(command: Command): Promise<string> {
  const usage = stripVTControlCharacters(await renderUsage(toCitty(command)));
  const line = usage.split("\n").find((each) => each.startsWith("USAGE "));
  return (line ?? "").slice("USAGE ".length).trim();
}
