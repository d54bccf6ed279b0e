// What can follow each word of a command line, from the commands as they are declared. The scripts for the shells are
// written from this.
import type { Positional } from "../../base/config/check-argv.ts";
import type { Option } from "../../base/config/option.ts";
import type { Command } from "../cli/command.ts";

/** What a value is: one of some words, a file, a folder, or anything. */
export type ValueKind = readonly string[] | "file" | "folder" | "any";

export interface Flag {
  /** `--host`, `-o`. */
  readonly text: string;
  readonly description: string;
  /** Null: a switch, which takes none. */
  readonly value: { readonly name: string; readonly kind: ValueKind } | null;
  readonly isRepeatable: boolean;
}

export interface Completable {
  /** `["jobs", "list"]` */
  readonly path: readonly string[];
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** `isRest`: any number of them; those that can be anything are left out. */
  readonly positionals: readonly { readonly name: string; readonly kind: ValueKind; readonly isRest: boolean }[];
}

const FILES = new Set(["FILE", "INPUT", "MORE"]);

function kindOf({ choices }: { readonly choices?: readonly string[] }, name: string): ValueKind {
  if (choices !== undefined) return choices;
  if (FILES.has(name)) return "file";
  return name === "DIR" ? "folder" : "any";
}

function flagsOf(name: string, option: Option<unknown>): Flag[] {
  const { description, kind, alias } = option;
  const isRepeatable = kind === "list";
  const value = kind === "switch" ? null : { name: option.valueName, kind: kindOf(option, option.valueName) };
  const flag = (text: string): Flag => ({ text, description, value, isRepeatable });
  // A switch that is on by default is only ever turned off.
  const long = flag(kind === "switch" && option.fallback === true ? `--no-${name}` : `--${name}`);
  return alias === null ? [long] : [long, flag(`-${alias}`)];
}

const HELP: Flag = { text: "--help", description: "Show help", value: null, isRepeatable: false };

function positionalOf(positional: Positional): Completable["positionals"][number] {
  return { name: positional.name, kind: kindOf(positional, positional.name), isRest: positional.isRest === true };
}

export function completable(command: Command): Completable {
  return {
    path: command.path,
    summary: command.summary,
    flags: [...Object.entries(command.options).flatMap(([name, option]) => flagsOf(name, option)), HELP],
    positionals: command.positionals.map(positionalOf).filter(({ isRest, kind }) => !isRest || kind !== "any"),
  };
}

/** The first words, each with what may follow it: itself when it is a command, its commands when it is a group. */
export function byFirstWord(commands: readonly Completable[]): ReadonlyMap<string, readonly Completable[]> {
  return Map.groupBy(commands, ({ path }) => path[0] ?? "");
}

/** What a group is for: the names of its commands. */
export function groupSummary(commands: readonly Completable[]): string {
  const [only] = commands;
  if (commands.length === 1 && only?.path.length === 1) return only.summary;
  return commands.map(({ path }) => path[1]).join(", ");
}
