// An option: its kind, its help text, how its text becomes a value, its default. Commands declare theirs with the builders
// below; argv, environment and config file all use the same `parse`.

/**
 * `switch`: true or false. `value`: one text. `list`: may be repeated.
 * `parse` gets every text that was given (one for switches and values) and throws BadValue for one that is not valid.
 */
export interface Option<T> {
  readonly kind: "switch" | "value" | "list";
  readonly description: string;
  /** The value's name in help: `SECONDS`, `FILE`. */
  readonly valueName: string;
  /** The only words that it takes; absent: others too. */
  readonly choices?: readonly string[];
  /** One letter, without the dash. */
  readonly alias: string | null;
  readonly fallback: T;
  /** The default as help shows it; null: not shown. */
  readonly defaultText: string | null;
  /** Its variable in the environment where that is not FFCLUSTER_ and its name. */
  readonly variable?: string;
  /** A switch that takes a value after `=`. */
  readonly takesValue?: true;
  readonly parse: (texts: readonly string[]) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type OptionValues<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** A value that is not valid; the message completes "`--x` is `…`: ". */
export class BadValue extends Error {}

interface Described {
  readonly description: string;
  readonly valueName?: string;
  readonly alias?: string;
  readonly defaultText?: string;
  readonly variable?: string;
}

function build<T>(kind: Option<T>["kind"], about: Described, fallback: T, parse: Option<T>["parse"]): Option<T> {
  const shown = fallback === null || fallback === "" || fallback === false ? null : String(fallback);
  return {
    kind,
    description: about.description,
    valueName: about.valueName ?? "VALUE",
    alias: about.alias ?? null,
    fallback,
    defaultText: about.defaultText ?? (Array.isArray(fallback) ? null : shown),
    ...(about.variable === undefined ? {} : { variable: about.variable }),
    parse,
  };
}

const only = (texts: readonly string[]): string => texts.at(-1) ?? "";

const TRUE_WORDS = new Set(["true", "1", "yes", "on"]);
const FALSE_WORDS = new Set(["false", "0", "no", "off"]);

export function switchOption(about: Described & { readonly fallback?: boolean }): Option<boolean> {
  return build<boolean>("switch", about, about.fallback ?? false, (texts) => {
    const word = only(texts).toLowerCase();
    if (TRUE_WORDS.has(word)) return true;
    if (FALSE_WORDS.has(word)) return false;
    throw new BadValue("expected true or false");
  });
}

/** A switch that takes a value after `=`, which `parseOne` reads; it throws BadValue. Off unless given. */
export function parsedSwitch<T>(
  about: Described & { readonly whenOn: T; readonly whenOff: T; readonly parseOne: (text: string) => T },
): Option<T> {
  const parse = (texts: readonly string[]): T => {
    const word = only(texts).toLowerCase();
    if (TRUE_WORDS.has(word) && word !== "1") return about.whenOn;
    return FALSE_WORDS.has(word) ? about.whenOff : about.parseOne(only(texts));
  };
  return { ...build<T>("switch", about, about.whenOff, parse), takesValue: true };
}

function nonEmpty(text: string): string {
  if (text.trim() === "") throw new BadValue("expected a text that is not empty");
  return text;
}

export function textOption(about: Described & { readonly fallback: string }): Option<string> {
  return build<string>("value", about, about.fallback, (texts) => nonEmpty(only(texts)));
}

/** A text that may be left out. */
export function optionalText(about: Described): Option<string | null> {
  return build<string | null>("value", about, null, (texts) => nonEmpty(only(texts)));
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function parseInteger(text: string, bounds: Bounds): number {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < bounds.min || value > bounds.max) {
    throw new BadValue(`expected a whole number from ${bounds.min} to ${bounds.max}`);
  }
  return value;
}

export function integerOption(about: Described & Bounds & { readonly fallback: number }): Option<number> {
  return build<number>("value", about, about.fallback, (texts) => parseInteger(only(texts), about));
}

export function optionalInteger(about: Described & Bounds): Option<number | null> {
  return build<number | null>("value", about, null, (texts) => parseInteger(only(texts), about));
}

const FOREVER = "forever";

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const UNITS = "ms, s, m, h, d or w, as in 500ms, 90, 2m, 1h30m and 7d";

/** Reads `90`, `500ms`, `2m` and `1h30m`. Errors: BadValue. */
export function parseSeconds(text: string, bounds: Bounds): number {
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,6})?)(ms|[smhdw])/gy)];
  const isWhole = text !== "" && parts.map(([part]) => part).join("") === text;
  const withUnits = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (SECONDS_OF[unit ?? ""] ?? 0), 0);
  const plain = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  const value = isWhole ? withUnits : plain;
  if (Number.isNaN(value) || value < bounds.min || value > bounds.max) {
    throw new BadValue(`expected ${bounds.min} to ${bounds.max} seconds, alone or with a unit: ${UNITS}`);
  }
  return value;
}

/** A duration in seconds; units may follow its numbers: `500ms`, `10s`, `2m`, `1h30m`, `7d`, `2w`. */
export function secondsOption(about: Described & Bounds & { readonly fallback: number }): Option<number> {
  return build<number>("value", { valueName: "SECONDS", ...about }, about.fallback, (texts) =>
    parseSeconds(only(texts), about),
  );
}

export function optionalSeconds(about: Described & Bounds): Option<number | null> {
  return build<number | null>("value", { valueName: "SECONDS", ...about }, null, (texts) =>
    parseSeconds(only(texts), about),
  );
}

/** A duration, or `forever`, which is null. */
export function secondsOrForever(about: Described & Bounds & { readonly fallback: number }): Option<number | null> {
  const named = { valueName: "SECONDS|forever", ...about };
  return build<number | null>("value", named, about.fallback, (texts) =>
    only(texts).toLowerCase() === FOREVER ? null : parseSeconds(only(texts), about),
  );
}

function parseChoice<C extends string>(text: string, choices: readonly C[]): C {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new BadValue(`expected one of ${choices.join(", ")}`);
  return found;
}

export function choiceOption<const C extends string>(
  about: Described & { readonly choices: readonly C[]; readonly fallback: C },
): Option<C> {
  const valueName = about.valueName ?? about.choices.join("|");
  const parse = (texts: readonly string[]) => parseChoice(only(texts), about.choices);
  return { ...build<C>("value", { ...about, valueName }, about.fallback, parse), choices: about.choices };
}

/** `otherWords`: further words for the choices, in small letters. */
export function optionalChoice<const C extends string>(
  about: Described & { readonly choices: readonly C[]; readonly otherWords?: Readonly<Record<string, C>> },
): Option<C | null> {
  const { choices, otherWords = {} } = about;
  const parse = (texts: readonly string[]) => {
    const word = only(texts).toLowerCase();
    return Object.hasOwn(otherWords, word) ? (otherWords[word] ?? null) : parseChoice(only(texts), choices);
  };
  return { ...build<C | null>("value", about, null, parse), choices: about.choices };
}

/** A repeatable option; each text goes through `parseOne`. */
export function listOption<T>(about: Described & { readonly parseOne: (text: string) => T }): Option<readonly T[]> {
  const none: readonly T[] = [];
  return build<readonly T[]>("list", about, none, (texts) => texts.map((text) => about.parseOne(nonEmpty(text))));
}

/** A value that `parseOne` reads; it throws BadValue. */
export function parsedOption<T>(
  about: Described & { readonly fallback: T; readonly parseOne: (text: string) => T },
): Option<T> {
  return build<T>("value", about, about.fallback, (texts) => about.parseOne(nonEmpty(only(texts))));
}
