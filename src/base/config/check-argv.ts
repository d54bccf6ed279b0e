// Checks arguments against the declared options: the one place that reads argv. It refuses everything that is not declared
// and suggests the nearest known name. Knows no command; values stay texts until resolve-options.ts.
import { AppError } from "../errors.ts";
import { nearestName } from "./nearest-name.ts";
import { BadValue, type Option, type Options } from "./option.ts";

export interface Positional {
  readonly name: string;
  readonly description: string;
  /** The only words that it takes; absent: others too. */
  readonly choices?: readonly string[];
  /** The last one only: it takes everything that is left, which may be nothing. */
  readonly isRest?: boolean;
}

export interface CheckedArgv {
  /** Texts given for each option, by its name; a switch holds one "true" or "false" (or what followed `=`). */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  readonly wantsHelp: boolean;
}

interface Declared {
  readonly options: Options;
  readonly positionals: readonly Positional[];
  /** As the user writes it, for hints: `ffcluster submit`. */
  readonly command: string;
  /** Says where options of another program go (those with one dash); part of the hint for an unknown option. */
  readonly elsewhere?: string;
  /** Options of that program that have one of ours as a counterpart. */
  readonly otherWords?: Readonly<Record<string, string>>;
}

/** Splits `--name=value`; value is null without `=`. */
function splitFlag(argument: string): { readonly flag: string; readonly value: string | null } {
  const equals = argument.indexOf("=");
  if (equals === -1) return { flag: argument, value: null };
  return { flag: argument.slice(0, equals), value: argument.slice(equals + 1) };
}

interface Found {
  readonly name: string;
  readonly option: Option<unknown>;
  readonly negated: boolean;
}

function findOption(flag: string, options: Options): Found | null {
  if (flag.startsWith("--")) {
    const name = flag.slice(2);
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option) return { name, option, negated: false };
    const positive = name.startsWith("no-") ? name.slice(3) : "";
    const switched = Object.hasOwn(options, positive) ? options[positive] : undefined;
    return switched?.kind === "switch" ? { name: positive, option: switched, negated: true } : null;
  }
  const letter = flag.slice(1);
  for (const [name, option] of Object.entries(options)) {
    if (option.alias === letter) return { name, option, negated: false };
  }
  return null;
}

/** What a flag that resembles none of ours may mean: a file whose name begins with a dash, or `elsewhere`. */
function otherReading(flag: string, declared: Declared): string {
  if (/[./]/.test(flag) && declared.positionals.length > 0) return `A file of that name is written ./${flag}. `;
  return declared.elsewhere === undefined || flag.startsWith("--") ? "" : `${declared.elsewhere} `;
}

function unknownFlag(flag: string, declared: Declared): AppError {
  const names = Object.entries(declared.options).flatMap(([name, option]) =>
    option.kind === "switch" ? [`--${name}`, `--no-${name}`] : [`--${name}`],
  );
  const other = declared.otherWords?.[flag];
  const nearest = other ?? (flag.startsWith("--") ? nearestName(flag, [...names, "--help"]) : null);
  const hint = nearest === null ? otherReading(flag, declared) : `Did you mean ${nearest}? `;
  return new AppError(
    "E_BAD_OPTION",
    `unknown option ${flag}`,
    `${hint}\`${declared.command} --help\` lists the options.`,
  );
}

function isDeclaredFlag(argument: string, options: Options): boolean {
  if (!argument.startsWith("-") || argument === "-") return false;
  const { flag } = splitFlag(argument);
  return argument === "--" || flag === "--help" || flag === "-h" || findOption(flag, options) !== null;
}

function badUse(flag: string, what: string, declared: Declared): AppError {
  return new AppError("E_BAD_OPTION", `${flag} ${what}`, `\`${declared.command} --help\` shows how it is used.`);
}

/** Whether a switch that takes a value only after `=` would take this one. */
function isValueOf({ takesValue, parse }: Option<unknown>, text: string): boolean {
  if (takesValue !== true || text.startsWith("-")) return false;
  try {
    parse([text]);
    return true;
  } catch (thrown) {
    if (thrown instanceof BadValue) return false;
    throw thrown;
  }
}

function valueApart(flag: string, value: string): AppError {
  const hint = `Write ${flag}=${value}; for a file of that name, put it before the options.`;
  return new AppError("E_BAD_OPTION", `${flag} takes its value after an equals sign`, hint);
}

/** Reads argv in order; `take` returns the next argument when an option needs a value. */
class ArgvReader {
  readonly given = new Map<string, string[]>();
  readonly positionals: string[] = [];
  wantsHelp = false;
  #position = 0;
  readonly #argv: readonly string[];
  readonly #declared: Declared;

  constructor(argv: readonly string[], declared: Declared) {
    this.#argv = argv;
    this.#declared = declared;
  }

  readAll(): void {
    for (let argument = this.#take(); argument !== undefined; argument = this.#take()) {
      if (argument === "--") {
        this.positionals.push(...this.#argv.slice(this.#position));
        return;
      }
      if (argument === "--help" || argument === "-h") this.wantsHelp = true;
      else if (argument.startsWith("-") && argument !== "-") this.#readFlag(argument);
      else this.positionals.push(argument);
    }
  }

  #take(): string | undefined {
    return this.#argv[this.#position++];
  }

  #readFlag(argument: string): void {
    const { flag, value } = splitFlag(argument);
    const found = findOption(flag, this.#declared.options);
    if (found === null) throw unknownFlag(flag, this.#declared);
    if (found.option.kind === "switch") this.given.set(found.name, [this.#switchText(flag, value, found)]);
    else this.#readValue(flag, value, found);
  }

  #switchText(flag: string, value: string | null, { option, negated }: Found): string {
    if (negated) {
      if (value !== null) throw badUse(flag, "takes no value", this.#declared);
      return "false";
    }
    if (value !== null) return value;
    // Only these two words are taken from the next argument, so that an INPUT never becomes a value.
    const next = this.#argv[this.#position];
    if (next !== "true" && next !== "false") {
      if (next !== undefined && isValueOf(option, next)) throw valueApart(flag, next);
      return "true";
    }
    this.#position++;
    return next;
  }

  #readValue(flag: string, inline: string | null, found: Found): void {
    const next = this.#argv[this.#position];
    let value = inline;
    if (value === null) {
      // A value may start with a dash (`--ffmpeg-params "-c:v libx264"`), but not be one of our own options.
      if (next === undefined || isDeclaredFlag(next, this.#declared.options)) {
        throw badUse(flag, `needs a value: ${found.option.valueName}`, this.#declared);
      }
      this.#position++;
      value = next;
    }
    const texts = this.given.get(found.name);
    if (texts === undefined) this.given.set(found.name, [value]);
    else if (found.option.kind === "list") texts.push(value);
    else throw badUse(flag, "was given twice", this.#declared);
  }
}

/**
 * Checks argv against what is declared.
 * Errors: E_BAD_OPTION (unknown option, missing value, given twice), E_USAGE (missing or extra positional).
 */
export function checkArgv(argv: readonly string[], declared: Declared): CheckedArgv {
  const reader = new ArgvReader(argv, declared);
  reader.readAll();
  const { given, positionals, wantsHelp } = reader;
  if (wantsHelp) return { given, positionals, wantsHelp };
  const missing = declared.positionals.find((each, number) => number >= positionals.length && each.isRest !== true);
  const see = `\`${declared.command} --help\` shows how it is used.`;
  if (missing) throw new AppError("E_USAGE", `${missing.name} is missing: ${missing.description}`, see);
  const takesRest = declared.positionals.at(-1)?.isRest === true;
  const extra = takesRest ? undefined : positionals[declared.positionals.length];
  const empty = declared.positionals.find((each, number) => positionals[number] === "" && each.isRest !== true);
  if (empty) throw new AppError("E_USAGE", `${empty.name} is empty: ${empty.description}`, see);
  if (extra !== undefined) throw new AppError("E_USAGE", `unexpected argument ${JSON.stringify(extra)}`, see);
  return { given, positionals, wantsHelp };
}
