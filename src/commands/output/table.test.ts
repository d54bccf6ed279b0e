import { expect, test } from "bun:test";
import type { CommandContext, Sink } from "../cli/command.ts";
import { shortenMiddle, wrapWords } from "./fit-text.ts";
import { lookOf } from "./style.ts";
import { fields, PLAIN, table } from "./table.ts";
import { toneOf } from "./tones.ts";

test("a name keeps its beginning and its end, in whole characters", () => {
  expect(shortenMiddle("holiday.mkv", 11)).toBe("holiday.mkv");
  expect(shortenMiddle("holiday in the sun.mkv", 11)).toBe("holid…n.mkv");
  expect(Bun.stringWidth(shortenMiddle("日本語の映画の名前.mkv", 11))).toBeLessThanOrEqual(11);
  expect(shortenMiddle("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 5)).toBe("👨‍👩‍👧…👨‍👩‍👧");
  expect([0, 1, 2].map((width) => shortenMiddle("abcdef", width))).toEqual(["", "…", "…f"]);
});

test("sentences break between words, and never inside one", () => {
  expect(wrapWords("two machines are here", 12)).toEqual(["two machines", "are here"]);
  expect(wrapWords("a /very/long/path/of/a/file here", 12)).toEqual(["a", "/very…a/file", "here"]);
});

const columns = [
  { title: "ID" },
  { title: "NAME", shorten: 8 },
  { title: "FAMILIES", drop: 2 },
  { title: "PLATFORM", drop: 1 },
] as const;
const rows = [["9b1c", "attic-of-the-house", "software", "linux-x64"]];

test("columns go in their order before names are shortened", () => {
  const at = (width: number) => table(columns, rows, { ...PLAIN, width });
  expect(at(60)).toBe("ID    NAME                FAMILIES  PLATFORM\n9b1c  attic-of-the-house  software  linux-x64\n");
  expect(at(34)).toBe("ID    NAME                FAMILIES\n9b1c  attic-of-the-house  software\n");
  expect(at(30)).toBe("ID    NAME            FAMILIES\n9b1c  attic-…e-house  software\n");
  expect(at(16)).toBe("ID    NAME\n9b1c  atti…house\n");
});

test("the last column wraps beside the others, or stands below them", () => {
  const events = [{ title: "EVENT" }, { title: "DETAIL", wraps: true }];
  const detail = "the client came back without the segment that it held";
  const at = (width: number) => table(events, [["lost", detail]], { ...PLAIN, width });
  expect(at(40)).toBe("EVENT  DETAIL\nlost   the client came back without the\n       segment that it held\n");
  expect(at(28)).toBe("EVENT\nlost\n    the client came back\n    without the segment that\n    it held\n");
});

test("a long value goes on below itself", () => {
  expect(fields([["hint", "run it again later"]], 22)).toBe("hint  run it again\n      later\n");
});

test("colour stands for ok, failed and held back, only on a terminal and only where it is wanted", () => {
  const lookIn = (isTty: boolean, env: Record<string, string>) => {
    const sink: Sink = { isTty, columns: 80, write: () => {} };
    return lookOf({ env } as unknown as CommandContext, sink);
  };
  const states = [{ title: "STATUS", tone: toneOf }];
  const show = (text: string, look: ReturnType<typeof lookIn>) => table(states, [[text]], look).split("\n")[1];
  const terminal = lookIn(true, {});
  expect(show("Completed", terminal)).toBe("\u001b[32mCompleted\u001b[39m");
  expect(show("Failed", terminal)).toBe("\u001b[31mFailed\u001b[39m");
  expect(show("Idle, paused", terminal)).toBe("\u001b[33mIdle, paused\u001b[39m");
  expect(show("Processing", terminal)).toBe("Processing");
  for (const look of [lookIn(true, { NO_COLOR: "1" }), lookIn(true, { TERM: "dumb" }), lookIn(false, {})]) {
    expect(show("Failed", look)).toBe("Failed");
  }
  expect(lookIn(false, {}).width).toBe(Number.POSITIVE_INFINITY);
});
