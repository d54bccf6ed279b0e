import { expect, test } from "bun:test";
import { createJsonLog, createLog } from "./log.ts";

function linesOf(isTTY: boolean): string[] {
  const lines: string[] = [];
  const log = createLog("info", ["s3cret", ""], { isTTY, write: (line) => lines.push(line) });
  log.info("joining with s3cret");
  log.debug("not asked for");
  log.warn("cannot keep it", { path: "/a/s3cret", tries: 2 });
  return lines;
}

test("in a file: moment, level, message; secrets masked; below the level nothing", () => {
  const [first, second, ...more] = linesOf(false);
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info: joining with \*\*\*\n$/);
  expect(second).toMatch(/Z warn: cannot keep it path=\/a\/\*\*\* tries=2\n$/);
  expect(more).toEqual([]);
});

test("a secret that is a word masks no words, only what stands for a secret", () => {
  const said = (secret: string, text: string) => {
    const lines: string[] = [];
    createLog("info", [secret], { write: (line) => lines.push(line) }).info(text);
    return lines
      .join("")
      .trim()
      .replace(/^\S+ info: /, "");
  };
  expect(said("job", "a job began; --token job, token=job, Bearer job")).toBe(
    "a job began; --token ***, token=***, Bearer ***",
  );
  expect(said("a1", "client a1 of na1ve a12")).toBe("client *** of na1ve a12");
  expect(said("0123456789abcdef", "xx0123456789abcdefyy")).toBe("xx***yy");
  expect(said("a.c", "abc a.c")).toBe("abc ***");
});

test("on a terminal: the time of day, and no level where all is well", () => {
  const [first, second] = linesOf(true);
  expect(first).toMatch(/^\d\d:\d\d:\d\d joining with/);
  expect(second).toMatch(/^\d\d:\d\d:\d\d warn: /);
});

test("text from outside makes no line of its own, moves no cursor and turns no direction", () => {
  const lines: string[] = [];
  const log = createLog("info", [], { write: (line) => lines.push(line) });
  const forged = "x\n2026-01-01T00:00:00.000Z info: all is well\r\u001b[2J\u009b\u202egpj.exe\u2066\u0000";
  log.warn(forged);
  log.warn("a client said", { text: forged });
  const text = lines.join("");
  expect(text).not.toMatch(/^2026-01-01/m);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(lines[1]?.split("\n").length).toBe(2);
});

test("as JSON: a document a line, with the fields as they are; secrets masked, text from outside escaped", () => {
  const lines: string[] = [];
  const log = createJsonLog("info", ["s3cret"], { write: (line) => lines.push(line) });
  log.debug("not asked for");
  log.warn("an attempt failed\nwith s3cret", { job: "j", segment: 0, client: null, reason: "a\u2028b s3cret" });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toMatch(/[\p{Cc}\u2028]/u);
  const { time, ...rest } = JSON.parse(lines[0] ?? "") as { time: string };
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  const said = { level: "warn", message: "an attempt failed\nwith ***", reason: "a\u2028b ***" };
  expect(rest).toEqual({ ...said, job: "j", segment: 0, client: null } as never);
});
