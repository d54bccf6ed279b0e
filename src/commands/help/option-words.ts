// How an option is written and what it is when it is not given, in one form for help and the manual page.
import type { Option } from "../../base/config/option.ts";

/** `-o, --output FILE`; a switch that is on by default: `--exactly, --no-exactly`. */
export function optionTerm(name: string, option: Option<unknown>): string {
  const short = option.alias === null ? "" : `-${option.alias}, `;
  if (option.kind !== "switch") return `${short}--${name} ${option.valueName}`;
  return option.fallback === true ? `${short}--${name}, --no-${name}` : `${short}--${name}`;
}

/** Null: it has none, and a switch is off. */
export function optionDefault(option: Option<unknown>): string | null {
  if (option.kind === "switch") return option.fallback === true ? "on" : null;
  return option.defaultText;
}

/** The meaning with the default behind it. */
export function optionMeaning(option: Option<unknown>): string {
  const fallback = optionDefault(option);
  return fallback === null ? option.description : `${option.description} (default: ${fallback})`;
}
