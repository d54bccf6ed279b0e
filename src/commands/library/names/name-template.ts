// `--name-template`: how the name of an output is made of its source's. Pure.
import { basename, dirname, extname } from "node:path";
import { BadValue } from "../../../base/config/option.ts";

const FIELDS = ["dir", "stem", "name", "source-ext", "codec", "ext"] as const;
type Field = (typeof FIELDS)[number];

type Part = { readonly text: string } | { readonly field: Field };

export interface NameTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}

/** Throws BadValue. */
export function parseNameTemplate(text: string): NameTemplate {
  const parts: Part[] = [];
  const piece = /\{([^{}]*)\}|([^{}]+)|[{}]/gy;
  for (const [whole, name, plain] of text.matchAll(piece)) {
    if (plain !== undefined) parts.push({ text: plain });
    else if (name !== undefined && isField(name)) parts.push({ field: name });
    else throw new BadValue(`${whole} is none of ${FIELDS.map((field) => `{${field}}`).join(", ")}`);
  }
  const literal = parts.map((part) => ("text" in part ? part.text : "x")).join("");
  if (/^([/\\]|[A-Za-z]:)/.test(text)) throw new BadValue("expected a path below the output folder");
  if (literal.split(/[/\\]/).includes("..")) throw new BadValue(".. leads out of the output folder");
  if (/[/\\]$/.test(text)) throw new BadValue("expected the name of a file at the end");
  return { text, parts };
}

/** What follows the last dot where the template itself says so; null: the server's container. */
export function extensionIn(template: NameTemplate): string | null {
  const last = template.parts.at(-1);
  if (last === undefined || "field" in last) return null;
  const extension = extname(`x${last.text}`);
  return extension.length > 1 ? extension.slice(1) : null;
}

export function usesField(template: NameTemplate, field: Field): boolean {
  return template.parts.some((part) => "field" in part && part.field === field);
}

/** What all outputs of one run share. */
export interface OutputKind {
  readonly codec: string;
  /** Without the dot. */
  readonly extension: string;
}

/** Path below the output folder, with `/`. No part of a source's name can lead out of that folder. */
export function renderName(template: NameTemplate, relativePath: string, kind: OutputKind): string {
  const path = relativePath.replaceAll("\\", process.platform === "win32" ? "/" : "\\");
  const folder = dirname(path);
  const name = basename(path);
  const extension = extname(name);
  const values: Record<Field, string> = {
    dir: folder === "." ? "" : folder,
    stem: name.slice(0, name.length - extension.length),
    name,
    "source-ext": extension.slice(1),
    codec: kind.codec,
    ext: kind.extension,
  };
  return template.parts
    .map((part) => ("text" in part ? part.text : values[part.field]))
    .join("")
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => (/^\.{1,2}$/.test(segment) ? "_" : segment))
    .join("/");
}
