import { expect, test } from "bun:test";
import { BadValue } from "../../base/config/option.ts";
import { mustProbe, parseSkipRule, whySkip } from "./skip-rules.ts";

test.each([
  ["codec", { kind: "codec", codec: null }],
  ["codec=H265", { kind: "codec", codec: "hevc" }],
  ["bitrate<2.5M", { kind: "bitrate", bitsPerSecond: 2_500_000 }],
  ["bitrate < 800k", { kind: "bitrate", bitsPerSecond: 800_000 }],
  ["size<1Gi", { kind: "size", bytes: 2 ** 30 }],
  ["in-output", { kind: "in-output" }],
] as const)("%s", (text, rule) => {
  expect(parseSkipRule(text)).toEqual(rule);
});

test.each(["", "codec=", "bitrate", "bitrate<", "bitrate>4M", "size<fast", "size<-1", "newer"])(
  "%s is refused",
  (text) => {
    expect(() => parseSkipRule(text)).toThrow(BadValue);
  },
);

test("a source is left out when one rule holds; what is not known holds for none", () => {
  const rules = ["codec", "bitrate<4M", "size<100"].map(parseSkipRule);
  const why = (bytes: number, codec: string | null, bitsPerSecond: number | null = null) =>
    whySkip(rules, { bytes, probed: codec === null ? null : { codec, bitsPerSecond }, madeCodec: "hevc" });
  expect(why(1000, "hevc")).toBe("already hevc");
  expect(why(1000, "h264", 3_999_999)).toBe("bit rate below --skip-if");
  expect(why(1000, "h264", 4_000_000)).toBeNull();
  expect(why(1000, "h264")).toBeNull();
  expect(why(1000, null)).toBeNull();
  expect(why(99, null)).toBe("smaller than --skip-if says");
  expect([mustProbe(rules), mustProbe([parseSkipRule("size<1")])]).toEqual([true, false]);
});
