import { expect, test } from "bun:test";
import type { VideoPacket } from "../index/frame-index.ts";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SourceInfo } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { cadenceFor, Durations, withCadence } from "./find-cadence.ts";
import type { SyncRule } from "./output-sync.ts";

const MS = { num: 1, den: 1000 };
const RATE_24 = { num: 24, den: 1 };
const video = { timeBase: MS, fieldOrder: null, realFrameRate: RATE_24, averageFrameRate: RATE_24 };

function info(changes: Partial<SourceInfo["video"]> = {}, formatName = "matroska,webm"): SourceInfo {
  const streams: unknown[] = [{}, {}];
  return { formatName, startMicroseconds: 0, streams, video: { ...video, ...changes } } as unknown as SourceInfo;
}

/** 48 frames of 1/24 s; `change` says what is different of one. */
function packets(change: (position: number) => Partial<VideoPacket> = () => ({})): VideoPacket[] {
  return Array.from({ length: 48 }, (_, position) => {
    const pts = Math.round((position * 1000) / 24);
    const isKey = position % 12 === 0;
    return { pts, dts: pts, duration: 41, isKey, isDiscarded: false, bytePosition: null, ...change(position) };
  });
}

function found(params: string, source = info(), list = packets(), rule: SyncRule = "rounded") {
  const index = new GrowingFrameIndex(MS, RATE_24);
  const durations = new Durations();
  for (const packet of list) {
    index.add(packet);
    durations.add(packet);
  }
  index.finish();
  return cadenceFor(rule, parseEncodeParams(params), source, index, durations);
}

test("a steady source has a cadence, with filters that keep times too", () => {
  for (const rule of ["rounded", "exact"] as const)
    for (const params of ["-r 30", "-vf scale=64:48,tmix -r 30"]) {
      expect(found(params, info(), packets(), rule)).toMatchObject({ end: 60 });
    }
});

test("what the packets do not tell is left to one run, with the reason", () => {
  expect(found("-r 30", info({}, "avi"))).toContain("of avi it is not known");
  expect(found("-r 30", info({ fieldOrder: "tt" }))).toContain("interlaced");
  expect(found("-vf yadif=1 -r 30")).toContain("changes the frames' times");
  expect(found("-vf minterpolate -r 30")).toContain("changes the frames' times");
  const doubled = packets((position) => (position === 7 ? { pts: 250 } : {}));
  expect(found("-r 30", info(), doubled)).toContain("one by one");
  const unsaid = packets((position) => (position === 7 ? { duration: null } : {}));
  expect(found("-r 30", info(), unsaid, "exact")).toContain("how long");
  const uneven = packets((position) => (position === 7 ? { duration: 80 } : {}));
  expect(found("-vf tmix -r 30", info(), uneven)).toContain("tmix looks at several");
  expect(found("-vf hflip -r 30", info(), uneven)).toMatchObject({ end: 60 });
  const unsure = info({ averageFrameRate: { num: 12, den: 1 } });
  expect(found("-vf hflip -r 30", unsure)).toContain("rate is not sure");
  expect(found("-r 30", unsure)).toMatchObject({ end: 60 });
});

test("a copy that ffmpeg takes for another rate is refused where one run would go by that rate", () => {
  const rated = (source: SourceInfo, params: string) => {
    const index = new GrowingFrameIndex(MS, RATE_24);
    const durations = new Durations();
    for (const packet of packets()) {
      index.add(packet);
      durations.add(packet);
    }
    index.finish();
    return withCadence("rounded", parseEncodeParams(params), source, index, durations);
  };
  const copy: SourceInfo = { ...info(), seemsOfOtherRate: true };
  expect(rated(copy, "-r 30").request.video.cadence).toMatchObject({ end: 60 });
  expect(rated(info(), "-vf yadif=1 -r 30").why).toContain("changes the frames' times");
  expect(() => rated(copy, "-vf yadif=1 -r 30")).toThrow("takes it for another frame rate");
});

test("a clock that leaps is left to one run", () => {
  const leap = packets((position) => (position > 40 ? { pts: position * 1000, dts: position * 1000 } : {}));
  expect(found("-r 30", info(), leap)).toContain("leaps");
});

test("an ffmpeg of an unknown rule makes the rate itself", () => {
  const index = new GrowingFrameIndex(MS, RATE_24);
  const rated = withCadence(null, parseEncodeParams("-r 30"), info(), index, new Durations());
  expect(rated.request.video.cadence).toBeUndefined();
  expect(rated.why).toContain("not known");
});
