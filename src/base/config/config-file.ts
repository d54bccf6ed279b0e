// `ffcluster.config.json` of the current folder: option names as keys (`requiredClients`, `required-clients` and
// `required_clients` are the same). An unknown key is an error that names the file.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError, errnoOf } from "../errors.ts";
import { decodeText, NotText } from "./decode-text.ts";
import { nearestName } from "./nearest-name.ts";

export const CONFIG_FILE_NAME = "ffcluster.config.json";

/** Keys that are no options but objects with a shape of their own: whoever uses one checks it. */
const SECTIONS = ["presets"] as const;
export type ConfigSection = (typeof SECTIONS)[number];

/** Texts by option name, as if they had been typed. */
export type FileTexts = ReadonlyMap<string, readonly string[]>;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const settingSchema = z.union([scalar.transform((value) => [String(value)]), z.array(scalar.transform(String))]);

/** `requiredClients` and `required_clients` → `required-clients`. */
function optionNameOf(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

function refuse(path: string, what: string, hint: string, cause?: unknown): AppError {
  return new AppError("E_BAD_OPTION", `${path}: ${what}`, hint, { cause });
}

function describe(issue: z.core.$ZodIssue, known: readonly string[]): { what: string; hint: string } {
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const nearest = nearestName(key, [...known, ...SECTIONS]);
    return {
      what: `unknown key ${JSON.stringify(key)}`,
      hint: nearest === null ? "The keys are the option names of the commands." : `Did you mean "${nearest}"?`,
    };
  }
  const where = issue.path.length > 0 ? `"${issue.path.join(".")}": ` : "";
  return { what: `${where}expected a text, a number, true, false, or a list of them`, hint: "Correct the value." };
}

/** Checks a parsed config document against the option names that exist. Errors: E_BAD_OPTION with the file's name. */
export function parseConfig(document: unknown, path: string, known: readonly string[]): FileTexts {
  const record = z.record(z.string(), z.unknown()).safeParse(document);
  if (!record.success) throw refuse(path, "expected one JSON object", 'For example {"requiredClients": 2}.');
  const normalised: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record.data)) {
    const name = optionNameOf(key);
    if (SECTIONS.some((section) => section === key)) continue;
    if (Object.hasOwn(normalised, name)) throw refuse(path, `"${name}" is there twice`, "Keep one of the spellings.");
    normalised[name] = value;
  }
  const schema = z.strictObject(Object.fromEntries(known.map((name) => [name, settingSchema.optional()])));
  const parsed = schema.safeParse(normalised);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const { what, hint } = issue ? describe(issue, known) : { what: "not understood", hint: "" };
    throw refuse(path, what, hint);
  }
  const texts = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(parsed.data)) if (value !== undefined) texts.set(name, value);
  return texts;
}

/** Undefined: there is no config file. */
async function readDocument(path: string): Promise<unknown> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return undefined;
    if (thrown instanceof NotText) throw refuse(path, `it is ${thrown.message}`, "Save it as UTF-8.", thrown);
    throw refuse(path, "cannot be read", "Check that it is a file and its permissions.", thrown);
  }
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw refuse(path, "is not valid JSON", "JSON takes no comments and no trailing commas.", thrown);
  }
}

/** Reads the config file of `folder`; empty when there is none. `known` is asked only when there is one. */
export async function readConfigFile(folder: string, known: () => Promise<readonly string[]>): Promise<FileTexts> {
  const path = join(folder, CONFIG_FILE_NAME);
  const document = await readDocument(path);
  if (document === undefined) return new Map();
  const texts = parseConfig(document, path, await known());
  await requireOwn(path, texts);
  return texts;
}

/** What the config file of `folder` has under that key, unchecked; undefined: nothing. */
export async function readConfigSection(folder: string, section: ConfigSection): Promise<unknown> {
  const document = await readDocument(join(folder, CONFIG_FILE_NAME));
  const record = z.record(z.string(), z.unknown()).safeParse(document);
  return record.success ? record.data[section] : undefined;
}

/** What a stranger's file in a shared folder must not decide. */
const TRUSTED_ONLY = [
  "token",
  "media-root",
  "stores",
  "sandbox",
  "allow-private-webhooks",
  "tls-ca",
  "tls-fingerprint",
  "lock",
  "mirror",
  "traces",
  "on-complete",
];

/** Errors: E_BAD_OPTION for such an option in a file that another user owns or may write. */
async function requireOwn(path: string, texts: FileTexts): Promise<void> {
  const uid = process.getuid?.();
  const sensitive = TRUSTED_ONLY.find((name) => texts.has(name));
  if (uid === undefined || sensitive === undefined) return;
  const facts = await stat(path);
  if (facts.uid === uid && (facts.mode & 0o002) === 0) return;
  const whose = facts.uid === uid ? "other users can write it" : "it belongs to another user";
  const hint = `Give --${sensitive} on the command line, or make the file yours alone: chmod o-w.`;
  throw refuse(path, `"${sensitive}" is not taken from this file: ${whose}`, hint);
}
