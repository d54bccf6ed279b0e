// Resolves options: a flag wins over an FFCLUSTER_* variable, that over the config file, that over the default. Texts become
// values here; an error names the place that the value came from.
import { delimiter } from "node:path";
import { AppError } from "../errors.ts";
import { CONFIG_FILE_NAME, type FileTexts } from "./config-file.ts";
import { BadValue, type Option, type Options, type OptionValues } from "./option.ts";

export type OptionOrigin = "flag" | "environment" | "file" | "default";

export interface ResolvedOptions<O extends Options> {
  readonly values: OptionValues<O>;
  readonly origins: { readonly [K in keyof O]: OptionOrigin };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** `required-clients` → `FFCLUSTER_REQUIRED_CLIENTS`. */
export function environmentNameOf(optionName: string): string {
  return `FFCLUSTER_${optionName.replaceAll("-", "_").toUpperCase()}`;
}

interface Origin {
  readonly origin: OptionOrigin;
  readonly label: string;
  /** What to do about a text that is not valid. */
  readonly mend: string;
  readonly texts: readonly string[];
}

/** Where an option's text may stand; the first of the three that has one wins. */
interface Origins {
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly env: Environment;
  readonly file: FileTexts;
}

function originOf(
  name: string,
  option: Option<unknown>,
  { given, env, file }: Origins,
  command: string,
): Origin | null {
  const flag = given.get(name);
  if (flag) {
    return { origin: "flag", label: `--${name}`, mend: `\`${command} --help\` shows valid values.`, texts: flag };
  }
  const variable = option.variable ?? environmentNameOf(name);
  const text = env[variable];
  if (text !== undefined && text !== "") {
    // A list in one variable is separated as PATH is: ":" or, on Windows, ";".
    const texts = option.kind === "list" ? text.split(delimiter).filter((part) => part !== "") : [text];
    return { origin: "environment", label: variable, mend: "Change or unset that variable.", texts };
  }
  const inFile = file.get(name);
  if (!inFile) return null;
  return { origin: "file", label: `"${name}" in ${CONFIG_FILE_NAME}`, mend: "Correct that file.", texts: inFile };
}

function parseFrom(option: Option<unknown>, from: Origin): unknown {
  try {
    if (option.kind !== "list" && from.texts.length !== 1) throw new BadValue("expected one value, not a list");
    return option.parse(from.texts);
  } catch (thrown) {
    if (!(thrown instanceof BadValue)) throw thrown;
    const shown = from.label.toUpperCase().includes("TOKEN") ? "***" : from.texts.join(" ");
    throw new AppError("E_BAD_OPTION", `${from.label} is ${JSON.stringify(shown)}: ${thrown.message}`, from.mend);
  }
}

/**
 * `command` is named in hints: `ffcluster submit`.
 * Errors: E_BAD_OPTION for a value that is not valid, wherever it came from.
 */
export function resolveOptions<O extends Options>(
  options: O,
  given: ReadonlyMap<string, readonly string[]>,
  env: Environment,
  file: FileTexts,
  command = "ffcluster COMMAND",
): ResolvedOptions<O> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, OptionOrigin> = {};
  for (const [name, option] of Object.entries(options)) {
    const from = originOf(name, option, { given, env, file }, command);
    values[name] = from === null ? option.fallback : parseFrom(option, from);
    origins[name] = from?.origin ?? "default";
  }
  // Every declared name was filled by its own option's parse or fallback, which the mapped type repeats.
  return { values, origins } as unknown as ResolvedOptions<O>;
}
