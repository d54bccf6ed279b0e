import { expect, test } from "bun:test";
import { hanging, paragraph } from "./wrap.ts";

const PAIRS = [
  ["--short", "What it means, in a few more words than fit"],
  ["--a-term-that-is-longer-than-all-others-may-be", "Its meaning"],
] as const;

test("meanings stand beside their terms, or below them where there is little room", () => {
  expect(hanging(PAIRS, 43)).toBe(
    "  --short  What it means, in a few more\n           words than fit\n" +
      "  --a-term-that-is-longer-than-all-others-may-be\n           Its meaning\n",
  );
  expect(hanging([["--a-long-term", "What it means, in more words"]], 40)).toBe(
    "  --a-long-term\n      What it means, in more words\n",
  );
  expect(paragraph("one two three", 0)).toBe("one two three\n");
});
