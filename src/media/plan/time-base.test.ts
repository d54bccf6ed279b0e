import { expect, test } from "bun:test";
import type { SourceVideo } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { encoderTimeBase } from "./time-base.ts";

const TRANSPORT = { num: 1, den: 90_000 };

/** Of a transport stream with this r_frame_rate. */
function clockOf(params: string, num: number, den = 1) {
  const video = { timeBase: TRANSPORT, realFrameRate: { num, den }, averageFrameRate: null } as SourceVideo;
  const { num: ticks, den: second } = encoderTimeBase(video, parseEncodeParams(params));
  return `${ticks}/${second}`;
}

test("an encoder that takes the source's tick has it", () => {
  expect(clockOf("-c:v libx264", 25)).toBe("1/90000");
  expect(clockOf("-c:v libx264", 90_000)).toBe("1/90000");
});

test("MPEG-4 part 2 counts frames of the rate", () => {
  expect(clockOf("-c:v mpeg4", 30_000, 1001)).toBe("1001/30000");
  expect(clockOf("-c:v mpeg4 -vf yadif=1", 25)).toBe("1/50");
});

test("where its clock is too short for the rate, it has the nearest one", () => {
  expect(clockOf("-c:v mpeg4", 90_000)).toBe("1/65535");
  expect(clockOf("-c:v mpeg4", 120_000, 1001)).toBe("342/40999");
  expect(clockOf("-c:v mpeg2video", 90_000)).toBe("1/90000");
});
