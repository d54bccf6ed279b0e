import { expect, test } from "bun:test";
import { createLog } from "./log.ts";
import { printable, printableJson, printableLines } from "./printable.ts";

/** A title, a colour, a C1 sequence, an override of direction, an isolate, a line of its own. */
const HOSTILE = "a\u001b]0;title\u0007b\u001b[31mc\u009b2Jd\u202egpj.exe\u2066e\r\n2026 info: all is well\u0000";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test("one line has no escape, no line end and no change of direction", () => {
  expect(printable(HOSTILE)).not.toMatch(UNSAFE);
  expect(printable(HOSTILE)).not.toContain("\n");
  expect(printable("Überraschung 日本.mp4")).toBe("Überraschung 日本.mp4");
});

test("lines behind the first are indented", () => {
  expect(printableLines(HOSTILE)).not.toMatch(UNSAFE);
  expect(printableLines("one\r\ntwo\tthree")).toBe("one\n  two three");
});

test("JSON stays the same document", () => {
  const document = { name: HOSTILE, list: ["é"] };
  const text = printableJson(JSON.stringify(document, null, 2));
  expect(text).not.toMatch(UNSAFE);
  expect(JSON.parse(text)).toEqual(document);
});

test("a log line holds what was said and begins no other", () => {
  const lines: string[] = [];
  const log = createLog("info", [], { write: (line) => lines.push(line) });
  log.info(`client ${HOSTILE} joined`, { name: HOSTILE, more: { inner: HOSTILE } });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(UNSAFE);
  for (const line of (lines[0] ?? "").trimEnd().split("\n").slice(1)) expect(line).toStartWith("  ");
});
