// Messages put into packets: their bytes by the standards, found again, and nothing else of a packet changed.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HDR10_METADATA } from "../model/source-video.fixture.ts";
import { escaped, type Hdr10Codec, messagesFor, type StaticHdr } from "./hdr10-messages.ts";
import { withHdr10 } from "./hdr10-packets.ts";
import { hdr10InSei } from "./read-sei.ts";

const HDR: StaticHdr = HDR10_METADATA;
const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString("hex"));
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** As x265 3.5 writes them for these values. */
const X265_DISPLAY = "000000014e01891833c286c41d4c0bb884d03e803d13404200989680" + "0000030032" + "80";
const X265_LEVELS = "000000014e01900403e8019080";
const OBU_DISPLAY = "2a1a02ae1451ec43d7b0a4 26660f5c 500d5439 0003e800 00000052 80";

describe("bytes", () => {
  test("HEVC", () =>
    expect(hex(messagesFor("hevc", HDR, ["masteringDisplay", "contentLight"]))).toBe(X265_DISPLAY + X265_LEVELS));
  test("AV1", () => {
    expect(hex(messagesFor("av1", HDR, ["masteringDisplay"]))).toBe(OBU_DISPLAY.replaceAll(" ", ""));
    expect(hex(messagesFor("av1", HDR, ["contentLight"]))).toBe("2a0601" + "03e80190" + "80");
  });
  test("no start code comes about inside a message", () => {
    expect(escaped([0, 0, 1, 0, 0, 0, 0, 3])).toEqual([0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3]);
  });
});

/** Parameter sets, a picture of three bytes and more of it; an OBU packet likewise. */
const PACKETS: Readonly<Record<Hdr10Codec, { readonly before: string; readonly after: string }>> = {
  h264: { before: "00000001 67640028 00000001 68ee3c80", after: "00000001 65b840 000001 65aa" },
  hevc: { before: "00000001 40010c01 000001 42010101 00000001 4401c0", after: "000001 2601af 000001 2601bb" },
  av1: { before: "1200 0a03 000000", after: "3203 112233" },
};

describe.each(["h264", "hevc", "av1"] as const)("%s", (codec) => {
  const { before, after } = PACKETS[codec];
  const packet = bytes(before + after);
  const withAll = withHdr10(codec, packet, HDR) ?? new Uint8Array(0);
  test("between parameter sets and picture", () => {
    const messages = messagesFor(codec, HDR, ["masteringDisplay", "contentLight"]);
    expect(hex(withAll)).toBe(`${before.replaceAll(" ", "")}${hex(messages)}${after.replaceAll(" ", "")}`);
  });
  test("once: what is there is found, what is missing is added", () => {
    expect(withHdr10(codec, withAll, HDR)).toBeNull();
    const half = withHdr10(codec, packet, { ...HDR, contentLight: null }) ?? new Uint8Array(0);
    expect(withHdr10(codec, half, HDR)?.length).toBe(withAll.length);
    expect(withHdr10(codec, packet, { masteringDisplay: null, contentLight: null })).toBeNull();
  });
  test("a packet that is none is refused", () => {
    expect(() => withHdr10(codec, bytes("0000000a 65b84000 00"), HDR)).toThrow();
    expect(() => withHdr10(codec, bytes(before), HDR)).toThrow("holds no picture");
  });
});

test("any values come back as they were put in", () => {
  const u16 = fc.integer({ min: 0, max: 50_000 });
  const point = fc.record({ x: u16, y: u16 });
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const display = fc.record({
    red: point,
    green: point,
    blue: point,
    whitePoint: point,
    minLuminance: u32,
    maxLuminance: u32,
  });
  const levels = fc.record({ max: fc.integer({ min: 0, max: 0xffff }), average: fc.integer({ min: 0, max: 0xffff }) });
  fc.assert(
    fc.property(display, levels, (masteringDisplay, contentLight) => {
      const hdr = { masteringDisplay, contentLight };
      const messages = messagesFor("h264", hdr, ["masteringDisplay", "contentLight"]);
      expect(hdr10InSei(messages)).toEqual(hdr);
      const packet = bytes(PACKETS.h264.before + PACKETS.h264.after);
      const once = withHdr10("h264", packet, hdr);
      expect(once === null ? "" : withHdr10("h264", once, hdr)).toBeNull();
    }),
  );
});
