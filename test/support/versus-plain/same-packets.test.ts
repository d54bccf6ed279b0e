import { describe, expect, test } from "bun:test";
import { arePacketsSame, type Packet } from "./same-packets.ts";

function packets(from: number, hashes: string): Packet[] {
  return [...hashes].map((hash, number) => ({ seconds: from + number * 0.021, hash }));
}

describe("two tracks of packets", () => {
  test("are the same where each lies as far behind the picture, but for a rounding", () => {
    expect(arePacketsSame(packets(0.5, "abc"), packets(1.901, "abc"), [0, 1.4])).toBe(true);
  });
  test("are others where one lies elsewhere, holds something else, or is missing", () => {
    expect(arePacketsSame(packets(0.5, "abc"), packets(0.51, "abc"), [0, 0])).toBe(false);
    expect(arePacketsSame(packets(0.5, "abc"), packets(0.5, "abd"), [0, 0])).toBe(false);
    expect(arePacketsSame(packets(0.5, "abc"), packets(0.5, "ab"), [0, 0])).toBe(false);
  });
  test("show nothing where there are none", () => expect(arePacketsSame([], [], [0, 0])).toBe(false));
});
