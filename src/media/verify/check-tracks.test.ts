import { describe, expect, test } from "bun:test";
import { countTextEvents } from "../index/text-events.ts";
import { parseTrackLine, type TrackPackets, TrackTally } from "../index/track-packets.ts";
import type { SourceStream } from "../model/source.ts";
import type { StreamAction } from "../plan/stream-decision.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { compareTracks, type TrackComparison } from "./check-tracks.ts";

const stream = (index: number, type: "video" | "audio" | "subtitle"): SourceStream => ({
  index,
  type,
  codec: "any",
  language: null,
  title: null,
  isAttachedPicture: false,
  dispositions: [],
  startPts: 0,
  timeBase: { num: 1, den: 1000 },
  sampleRate: null,
  channels: null,
});

function track(over: Partial<TrackPackets> = {}): TrackPackets {
  return { packets: 100, startUs: 0, endUs: 2_000_000, longestUs: 20_000, tickUs: 21, eventsUs: [], ...over };
}

/** One kept track of the given kind, as stream 1 of both files; the output's picture begins half a second later. */
function compare(
  type: "audio" | "subtitle",
  action: StreamAction,
  own: TrackPackets | null,
  kept: TrackPackets | null,
  more: Partial<TrackComparison> = {},
  codec?: string,
) {
  const moved = (packets: TrackPackets): TrackPackets => ({
    ...packets,
    startUs: packets.startUs === null ? null : packets.startUs + 500_000,
    endUs: packets.endUs === null ? null : packets.endUs + 500_000,
    eventsUs: packets.eventsUs.map((us) => us + 500_000),
  });
  const streams = [
    { source: stream(0, "video"), action: { kind: "encode-video" } },
    { source: { ...stream(1, type), ...(codec === undefined ? {} : { codec }) }, action },
  ];
  const [check, second] = compareTracks({
    plan: { streams } as unknown as StreamPlan,
    source: { tracks: new Map(own === null ? [] : [[1, own]]), firstFrameUs: 0 },
    output: { tracks: new Map(kept === null ? [] : [[1, moved(kept)]]), firstFrameUs: 500_000 },
    decoded: new Map(),
    textEvents: new Map(),
    withoutTimes: null,
    ...more,
  });
  expect(second).toBeUndefined();
  return check;
}

const copy = { kind: "copy" } as const;
const encode = { kind: "encode-audio", encoder: "aac", file: 0 } as unknown as StreamAction;

describe("copied sound", () => {
  test("all packets at their distance", () => {
    expect(compare("audio", copy, track(), track())).toMatchObject({ name: "audio stream 1", ok: true });
  });
  test.each([
    ["a packet short", { packets: 99 }],
    ["late by 5 ms", { startUs: 5000, endUs: 2_005_000 }],
    ["cut off", { endUs: 1_900_000 }],
    ["drifting", { endUs: 2_060_000 }],
  ])("%s fails", (_, over) => expect(compare("audio", copy, track(), track(over))?.ok).toBe(false));
  test("of PCM the bytes count, which MOV puts into other packets", () => {
    const pcm = (packets: number, bytes: number) => track({ packets, bytes });
    expect(compare("audio", copy, pcm(10, 9000), pcm(20, 9000), {}, "pcm_s16le")?.ok).toBe(true);
    expect(compare("audio", copy, pcm(10, 9000), pcm(10, 8998), {}, "pcm_s16le")?.ok).toBe(false);
    expect(compare("audio", copy, pcm(10, 9000), pcm(20, 9000), {}, "mp3")?.ok).toBe(false);
  });
  test("lost fails", () => expect(compare("audio", copy, track(), null)?.ok).toBe(false));
  test("a track that is empty in the source may be empty", () =>
    expect(compare("audio", copy, null, null)?.ok).toBe(true));
  test("a clock that starts anew is named", () => {
    const check = compare("audio", copy, track(), track({ endUs: 9 }), { withoutTimes: "the clock starts anew" });
    expect(check).toMatchObject({ ok: true, detail: expect.stringContaining("not measured") });
  });
});

describe("encoded sound", () => {
  const lengths = (sourceSeconds: number | null, outputSeconds: number | null) => ({
    decoded: new Map([[0, { sourceSeconds, outputSeconds }]]),
  });
  test("nothing missing, and no more added than an encoder's first frames and the fill of its last", () => {
    expect(compare("audio", encode, track(), track(), lengths(2, 2.06))?.ok).toBe(true);
    expect(compare("audio", encode, track(), track(), lengths(2, 2.07))?.ok).toBe(false);
    expect(compare("audio", encode, track(), track(), lengths(2, 1.9995))?.ok).toBe(true);
    expect(compare("audio", encode, track(), track(), lengths(2, 1.99))?.ok).toBe(false);
  });
  test("cut off at its end fails, whatever was decoded", () =>
    expect(compare("audio", encode, track(), track({ endUs: 1_900_000 }), lengths(2, 2))?.ok).toBe(false));
  test("last packets that can't be decoded end the sound before them", () => {
    const damaged = track({ progressUs: 2_000_000 });
    const ending = (endUs: number, seconds: number) =>
      compare("audio", encode, damaged, track({ endUs }), lengths(seconds, seconds))?.ok;
    expect(ending(1_700_000, 1.7)).toBe(true);
    expect(ending(1_600_000, 1.7)).toBe(false);
    expect(ending(2_100_000, 1.7)).toBe(false);
    expect(ending(1_700_000, 2)).toBe(false);
  });
  test("not decoded is named", () => {
    const check = compare("audio", encode, track(), track(), lengths(null, null));
    expect(check).toMatchObject({ ok: true, detail: expect.stringContaining("not measured") });
  });
});

describe("subtitles", () => {
  const events = track({ eventsUs: [100_000, 900_000] });
  test("every event at its time", () => expect(compare("subtitle", copy, events, events)?.ok).toBe(true));
  test("an event short, moved, or all of them lost fails", () => {
    expect(compare("subtitle", copy, events, track({ eventsUs: [100_000] }))?.ok).toBe(false);
    expect(compare("subtitle", copy, events, track({ eventsUs: [100_000, 950_000] }))?.ok).toBe(false);
    expect(compare("subtitle", copy, events, null)?.ok).toBe(false);
  });
  test("events without text need not survive a conversion, those with text must", () => {
    const convert = { kind: "convert-subtitle", encoder: "mov_text" } as const;
    const kept = track({ eventsUs: [100_000] });
    expect(compare("subtitle", convert, events, kept, { textEvents: new Map([[1, 1]]) })?.ok).toBe(true);
    expect(compare("subtitle", convert, events, kept, { textEvents: new Map([[1, 2]]) })?.ok).toBe(false);
    expect(compare("subtitle", convert, events, kept, { textEvents: new Map([[1, null]]) })?.ok).toBe(false);
  });
});

test("packets become tracks; MP4's pauses between subtitles are no events", () => {
  const tally = new TrackTally();
  for (const line of ["audio,1,-1024,1024,5", "audio,1,0,1024,9", "subtitle,2,0,500,2"])
    tally.add(parseTrackLine(line));
  for (const line of ["subtitle,2,500,N/A,30", "video,0,0,40,30"]) tally.add(parseTrackLine(line));
  const tracks = tally.tracks(new Map([1, 2].map((index) => [index, { num: 1, den: index === 1 ? 1024 : 1000 }])));
  expect(tracks.get(1)).toMatchObject({ packets: 2, startUs: -1_000_000, endUs: 1_000_000, longestUs: 1_000_000 });
  expect(tracks.get(2)).toMatchObject({ packets: 2, eventsUs: [500_000] });
  expect([...tracks.keys()]).toEqual([1, 2]);
});

test("sound begins with its first packet: a copy puts those whose times go back, as an edit list hides them, behind it", () => {
  const tally = new TrackTally();
  for (const pts of [-23, 1, 25, -41, -17, 49]) tally.add({ type: "audio", stream: 1, pts, duration: 24, bytes: 9 });
  const own = tally.tracks(new Map([[1, { num: 1, den: 1000 }]])).get(1) ?? null;
  const kept = { packets: 6, endUs: 73_000, longestUs: 24_000 };
  expect(compare("audio", copy, own, track({ ...kept, startUs: -23_000 }))?.ok).toBe(true);
  expect(compare("audio", copy, own, track({ ...kept, startUs: -41_000 }))?.ok).toBe(false);
});

test("a packet that lasts over a pause is longer than its neighbour; the last one may be cut short", () => {
  const stretchOf = (...lengths: readonly number[]) => {
    const tally = new TrackTally();
    let pts = 0;
    for (const duration of lengths) {
      tally.add({ type: "audio", stream: 1, pts, duration, bytes: 9 });
      pts += duration;
    }
    return tally.tracks(new Map([[1, { num: 1, den: 1000 }]])).get(1)?.stretchUs;
  };
  expect(stretchOf(21, 21, 106, 21, 1)).toBe(85_000);
  expect(stretchOf(106, 21, 21)).toBe(85_000);
  expect(stretchOf(21, 21, 1)).toBeUndefined();
});

test("events that hold text", () => {
  const text =
    '1\n00:00:01,021 --> 00:00:03,021\n<font face="a"></font>\n\n2\n00:00:03,521 --> 00:00:05,521\nhello\n\n';
  expect(countTextEvents(text)).toBe(1);
  expect(countTextEvents("")).toBe(0);
});

describe("packets that state no length", () => {
  const tallied = (...packets: readonly (readonly [pts: number, duration: number])[]) => {
    const tally = new TrackTally();
    for (const [pts, duration] of packets) tally.add({ type: "audio", stream: 1, pts, duration, bytes: 100 });
    return tally.tracks(new Map([[1, { num: 1, den: 1000 }]])).get(1);
  };
  test("leave the end open by the time from the packet before", () => {
    const none = Number.NaN;
    expect(tallied([0, none], [1000, none], [2000, none])).toMatchObject({ endUs: 2_000_000, openEndUs: 1_000_000 });
    expect(tallied([0, 20], [20, 20])).not.toHaveProperty("openEndUs");
  });
  test("a last one that is said to last longer than every other ends the track there or earlier", () => {
    const stretched = tallied([-60, 20], [-40, 20], [-20, 530]);
    expect(stretched).toMatchObject({ endUs: 0, openEndUs: 510_000, longestUs: 20_000 });
    const ending = (endUs: number) => track({ packets: 3, startUs: -60_000, endUs });
    for (const endUs of [0, 510_000]) expect(compare("audio", copy, stretched ?? null, ending(endUs))?.ok).toBe(true);
    for (const endUs of [-60_000, 600_000])
      expect(compare("audio", copy, stretched ?? null, ending(endUs))?.ok).toBe(false);
  });
  test("an only one may last as long as it decodes to", () => {
    const own = tallied([0, Number.NaN]);
    const [one, kept] = [
      { sourceSeconds: 0.44, outputSeconds: 0.454 },
      { packets: 23, endUs: 453_000 },
    ];
    expect(compare("audio", encode, own ?? null, track(kept), { decoded: new Map([[0, one]]) })?.ok).toBe(true);
    const late = track({ ...kept, endUs: 900_000 });
    expect(compare("audio", encode, own ?? null, late, { decoded: new Map([[0, one]]) })?.ok).toBe(false);
  });
  const decoded = new Map([[0, { sourceSeconds: 3, outputSeconds: 3.008 }]]);
  test.each([
    [3_008_000, true],
    [2_000_000, true],
    [3_200_000, false],
    [1_800_000, false],
  ])("an end at %d µs: %p", (endUs, ok) => {
    const own = track({ packets: 3, endUs: 2_000_000, openEndUs: 1_000_000, longestUs: 0 });
    expect(compare("audio", encode, own, track({ endUs }), { decoded })?.ok).toBe(ok);
  });
});
