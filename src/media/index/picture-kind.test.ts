import { describe, expect, test } from "bun:test";
import { payloadOffset } from "./payload-start.ts";
import { pictureKind } from "./picture-kind.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const kindOf = (codec: string, hex: string, size = bytes(hex).length) => pictureKind(codec, bytes(hex), size);

describe("what a packet begins with", () => {
  test.each([
    ["an IDR behind an SEI, with lengths of four bytes", "hevc", "00000004 4e010519 00000003 260100", "intra"],
    ["a CRA, which opens a group as well", "hevc", "00000003 2a0100", "intra"],
    ["a trailing picture", "hevc", "00000003 020100", "predicted"],
    ["a trailing picture behind start codes", "hevc", "00000001 460110 000001 020100", "predicted"],
    ["a BLA behind lengths of two bytes", "hevc", "0003 200100", "intra"],
    ["parameter sets alone", "hevc", "00000003 400100", null],
    ["an H.266 IDR", "vvc", "00000003 003900", "intra"],
    ["an H.266 trailing picture", "vvc", "00000003 000100", "predicted"],
    ["an intra VOP behind its headers", "mpeg4", "000001b3 00100700 000001b6 10", "intra"],
    ["a predicted VOP", "mpeg4", "000001b6 50", "predicted"],
    ["a bidirectional VOP", "mpeg4", "000001b6 90", "predicted"],
    ["an I picture behind a sequence header", "mpeg2video", "000001b3 14 00000100 0008 00", "intra"],
    ["a P picture", "mpeg2video", "00000100 0010 00", "predicted"],
    ["a codec that nobody reads here", "vp9", "82498342", null],
  ])("%s", (_, codec, hex, kind) => {
    expect(kindOf(codec, hex)).toBe(kind as ReturnType<typeof kindOf>);
  });

  test("a first unit that goes on behind what was read is within the packet", () => {
    expect(kindOf("hevc", "00001000 26010000", 4100)).toBe("intra");
    expect(kindOf("hevc", "00001000 26010000", 40)).toBe(null);
  });
});

test("a block of Matroska has its payload behind track, timecode and flags", () => {
  expect(payloadOffset("matroska,webm", bytes("81000080 00000003"))).toBe(4);
  expect(payloadOffset("matroska,webm", bytes("4001000080 00000003"))).toBe(5);
  expect(payloadOffset("matroska,webm", bytes("81000086 02"))).toBe(null);
  expect(payloadOffset("mov,mp4,m4a,3gp,3g2,mj2", bytes("00000003"))).toBe(0);
});
