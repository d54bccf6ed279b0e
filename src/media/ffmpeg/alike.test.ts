// Which clients may make what only one run, or the end of a stream, decides.
import { expect, test } from "bun:test";
import { parseEncodeParams } from "../request/parse-params.ts";
import type { SourceInfo } from "../types.ts";
import { alikeReleases } from "./alike.ts";

const rate = (num: number, den = 1) => ({ num, den });
function source(realFrameRate = rate(30), averageFrameRate = rate(30)): SourceInfo {
  return { video: { timeBase: rate(1, 90_000), realFrameRate, averageFrameRate } } as unknown as SourceInfo;
}
const server = (major: number, minor: number) => ({ major, minor, version: `${major}.${minor}` });
const release = (major: number, minor: number) => ({ major, minor });
const VARIABLE = source(rate(30), rate(1200, 41));

test("-r that one run makes: 5.1 and 6.0, 6.1 to 7.1, and 8.0 on make the same", () => {
  const range = (major: number, minor: number) =>
    alikeReleases(server(major, minor), source(), parseEncodeParams("-r 25"));
  expect(range(5, 1)).toMatchObject({ from: release(5, 1), before: release(6, 1) });
  expect(range(7, 1)).toMatchObject({ from: release(6, 1), before: release(8, 0) });
  expect(range(10, 0)).toMatchObject({ from: release(8, 0), before: null });
  expect(range(7, 1)?.others).toBe("makes -r 25 of this source otherwise than the server's 7.1");
});

test("a planned cadence is the same in all releases", () => {
  const request = parseEncodeParams("-r 25");
  const cadence = { tick: rate(1, 1000), shifts: [[0, 0]] as const, end: 25 };
  const planned = { ...request, video: { ...request.video, cadence } };
  expect(alikeReleases(server(5, 1), VARIABLE, planned)).toBeNull();
});

test("the end behind fps differs only of a variable rate", () => {
  const filtered = parseEncodeParams("-vf fps=24,hqdn3d");
  expect(alikeReleases(server(9, 0), source(), filtered)).toBeNull();
  expect(alikeReleases(server(9, 0), VARIABLE, filtered)).toMatchObject({ from: release(7, 0), before: null });
  expect(alikeReleases(server(6, 0), VARIABLE, filtered)).toMatchObject({ from: release(5, 1), before: release(7, 0) });
  expect(alikeReleases(server(9, 0), VARIABLE, parseEncodeParams("-vf hqdn3d"))).toBeNull();
});
