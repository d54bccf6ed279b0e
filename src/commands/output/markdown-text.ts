// A document of ours as text for a terminal: headings, paragraphs, lists, tables and code, laid out for its width. Pure.
import { hanging, paragraph } from "./wrap.ts";

/** `[text](address)` → `text`; `**x**` → `x`; a dollar or a tick stays as it is typed. */
function plain(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .replaceAll("\\|", "|")
    .replaceAll("&lt;", "<");
}

function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => plain(cell.trim()));
}

/** The first column as terms, the others as their meaning. */
function tableText(rows: readonly string[], columns: number): string {
  const [, , ...body] = rows;
  const pairs = body.map((row) => {
    const [term = "", ...rest] = cellsOf(row);
    return [term.replaceAll("`", ""), rest.filter((cell) => cell !== "").join("; ")] as const;
  });
  return hanging(pairs, columns);
}

function listText(items: readonly string[], columns: number): string {
  return hanging(
    items.map((item) => {
      const [, mark = "-", text = ""] = /^(-|\d+\.) (.*)$/.exec(item) ?? [];
      return [mark, plain(text)] as const;
    }),
    columns,
  );
}

const KINDS = [
  ["table", /^\|/],
  ["list", /^(?:-|\d+\.) /],
  ["heading", /^#/],
] as const;

function kindOf(line: string): "table" | "list" | "heading" | "text" {
  return KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? "text";
}

function blockText(kind: ReturnType<typeof kindOf>, lines: readonly string[], columns: number): string {
  if (kind === "table") return tableText(lines, columns);
  if (kind === "list") return listText(lines, columns);
  if (kind === "heading") return `${lines.map((line) => plain(line.replace(/^#+ */, "")).toUpperCase()).join("\n")}\n`;
  return paragraph(plain(lines.join(" ")), columns);
}

/** Blocks of lines of one kind; what stands between ``` is kept as it is. */
export function markdownText(markdown: string, columns: number): string {
  const blocks: string[] = [];
  let lines: string[] = [];
  let code: string[] | null = null;
  const flush = () => {
    const [first] = lines;
    if (first !== undefined) blocks.push(blockText(kindOf(first), lines, columns));
    lines = [];
  };
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      flush();
      if (code !== null) blocks.push(code.map((each) => `  ${each}\n`).join(""));
      code = code === null ? [] : null;
    } else if (code !== null) code.push(line);
    else if (line.trim() === "") flush();
    else {
      const [first] = lines;
      if (first !== undefined && kindOf(first) !== kindOf(line)) flush();
      lines.push(line);
    }
  }
  flush();
  return blocks.join("\n");
}

/** The part below a heading, without it. Errors: there is none. */
export function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`no heading ${heading}`);
  const rest = markdown.slice(start + heading.length + 2);
  const level = heading.split(" ")[0] ?? "#";
  const end = rest.search(new RegExp(`^#{1,${level.length}} `, "m"));
  return (end === -1 ? rest : rest.slice(0, end)).trim();
}
