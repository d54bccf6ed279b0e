import { expect, test } from "bun:test";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { EVERY_KIND } from "../verify/every-kind.fixture.ts";
import { hasPauses, readOutputClock, withFirstFrame } from "./output-clock.ts";

const FILES = { sourcePath: "/in", audioPaths: [], workDir: "/tmp" };
const NEVER = async () => {
  throw new Error("not needed");
};
const NO_TOOLS = { ffmpeg: "/nowhere", ffprobe: "/nowhere" } as unknown as Parameters<typeof readOutputClock>[0];

test.each([
  ["nothing of subtitles", new Map(), -7000],
  ["subtitles after the beginning", new Map([[3, { startUs: 400_000, eventsUs: [] }]]), -7000],
  ["subtitles before picture and sound", new Map([[3, { startUs: -4_000_000, eventsUs: [] }]]), -4_000_000],
  ["a track that mp4 can't hold", new Map([[4, { startUs: -4_000_000, eventsUs: [] }]]), -7000],
  ["an empty track", new Map([[3, { startUs: null, eventsUs: [] }]]), -7000],
])("zero of an MP4: %s", async (_, sourceTracks, zeroUs) => {
  const plan = planStreams(EVERY_KIND, emptyEncodeRequest(), "mp4");
  const clock = await readOutputClock(NO_TOOLS, { info: EVERY_KIND, plan, sourceTracks, beginnings: NEVER, ...FILES });
  expect(clock).toEqual({ zeroUs, audioDelaysUs: [] });
});

test("zero of a container without edit lists is where the earliest sound begins, and nothing is asked for it again", async () => {
  const plan = planStreams(EVERY_KIND, emptyEncodeRequest(), "mkv");
  const sound = plan.streams.filter(({ source }) => source.type === "audio").map(({ source }) => source.index);
  const beginnings = async () => new Map(sound.map((index) => [index, -23_400 - index]));
  const clock = await readOutputClock(NO_TOOLS, {
    info: EVERY_KIND,
    plan,
    sourceTracks: new Map(),
    beginnings,
    ...FILES,
  });
  expect(clock).toMatchObject({ zeroUs: -24_000, audioDelaysUs: sound.map(() => 0) });
});

test.each([
  ["mov_text", "an event before picture and sound", [-4_000_000, 900_000], -4_000_000],
  ["mov_text", "what fills the time up to the first event", [900_000], -24_000],
  ["subrip", "packets that are all events", [], -4_000_000],
])("zero of a container without edit lists, with %s: %s", async (codec, _, eventsUs, zeroUs) => {
  const streams = EVERY_KIND.streams.map((stream) => (stream.index === 3 ? { ...stream, codec } : stream));
  const info = { ...EVERY_KIND, streams };
  const clock = await readOutputClock(NO_TOOLS, {
    info,
    plan: planStreams(info, emptyEncodeRequest(), "mkv"),
    sourceTracks: new Map([[3, { startUs: -4_000_000, eventsUs }]]),
    beginnings: async () => new Map([[1, -23_400]]),
    ...FILES,
  });
  expect(clock.zeroUs).toBe(zeroUs);
});

test.each([
  ["mp4", 2_000_000, 0],
  ["mp4", 0, 0],
  ["mp4", -5, -5],
  ["mkv", -5, -5],
  ["mp4", -333_333, -333_333],
  ["mkv", -333_333, -333_333],
  ["mkv", 33_367, -633],
  ["mkv", 2_000_000, 0],
] as const)("in %s a first frame at %d µs is no earlier than zero, which is then at %d", (container, us, zeroUs) => {
  const plan = planStreams(EVERY_KIND, emptyEncodeRequest(), container);
  const clock = { zeroUs: 0, audioDelaysUs: [7] };
  expect(withFirstFrame(clock, { plan, info: EVERY_KIND }, us)).toEqual({ zeroUs, audioDelaysUs: [7] });
});

test.each([
  ["a pause between two packets", "matroska,webm", "aac", { pauseUs: 85_000 }, true],
  ["a packet of MP4 that lasts over a pause", "mov,mp4,m4a,3gp,3g2,mj2", "aac", { stretchUs: 85_000 }, true],
  ["rounding", "mov,mp4,m4a,3gp,3g2,mj2", "aac", { stretchUs: 21, pauseUs: 1000 }, false],
  ["PCM in pieces of any length", "mov,mp4,m4a,3gp,3g2,mj2", "pcm_s16le", { stretchUs: 85_000 }, false],
  ["Vorbis, whose packets differ", "matroska,webm", "vorbis", { stretchUs: 20_000 }, false],
])("whether sound pauses: %s", (_, formatName, codec, lengths, isPausing) => {
  const streams = EVERY_KIND.streams.map((stream) => (stream.type === "audio" ? { ...stream, codec } : stream));
  const info = { ...EVERY_KIND, formatName, streams };
  const plan = planStreams(info, emptyEncodeRequest(), "ts");
  const sound = plan.streams.filter(({ source }) => source.type === "audio").map(({ source }) => source.index);
  const sounds = new Map([[sound[0] ?? 0, { startUs: 0, eventsUs: [], ...lengths }]]);
  expect(hasPauses({ info, plan, sourceTracks: sounds })).toBe(isPausing);
});
