// Which request a preset and the options beside it make, and what is refused.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { planStreams } from "../../media/plan/stream-plan.ts";
import { splitMode } from "../../media/request/args/split-mode.ts";
import { parseEncodeParams } from "../../media/request/parse/parse-params.ts";
import { checkContainer } from "../../media/request/tables/containers.ts";
import { EVERY_KIND } from "../../media/verify/every-kind.fixture.ts";
import { allPresets, findPreset } from "../presets/find-preset.ts";
import { SHIPPED_PRESETS } from "../presets/shipped-presets.ts";
import { withPreset } from "../presets/with-preset.ts";

let empty: string;
let own: string;

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), "presets-"));
  own = await mkdtemp(join(tmpdir(), "presets-own-"));
  const presets = { mine: "-c:v hevc -quality 60", "av1-small": { ffmpegParams: "-c:v libx265", reason: "Ours." } };
  await writeFile(join(own, "ffcluster.config.json"), JSON.stringify({ codec: "vp9", presets }));
});
afterAll(async () => {
  await rm(empty, { recursive: true });
  await rm(own, { recursive: true });
});

interface Given {
  readonly "ffmpeg-params"?: string;
  readonly codec?: string;
  readonly quality?: number;
}

const said: string[] = [];
const stderr = { isTty: false, columns: 80, write: (text: string) => void said.push(text) };

async function requestOf(preset: string, given: Given = {}, folder = empty): Promise<string | null> {
  const origins = { preset: "flag", codec: "flag", quality: "flag", "ffmpeg-params": "flag" } as const;
  const asked = { preset, "ffmpeg-params": null, codec: null, quality: null, speed: null, ...given };
  return (await withPreset(asked, origins, { cwd: folder, stderr }))["ffmpeg-params"];
}

async function refusal(act: Promise<unknown>): Promise<AppError> {
  const thrown = await act.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof AppError) return thrown;
  throw new Error("not refused");
}

test.each(SHIPPED_PRESETS)("$name is a request that a server takes and splits", ({ name, reason, ffmpegParams }) => {
  expect(name).toMatch(/^[a-z0-9-]+$/);
  expect(reason).toMatch(/^[A-Z].*\.$/);
  const request = parseEncodeParams(ffmpegParams);
  const container = request.container.format ?? "mp4";
  checkContainer(container, request);
  expect(planStreams(EVERY_KIND, request, container).streams.length).toBeGreaterThan(1);
  expect(splitMode(request, true, null).mode).toBe("keyframes");
});

test("what is given beside a preset wins over it", async () => {
  const web = (await requestOf("web-1080p-h264")) ?? "";
  expect(web).toContain("-crf 21");
  const of = async (params: string) =>
    parseEncodeParams((await requestOf("web-1080p-h264", { "ffmpeg-params": params })) ?? "");
  expect((await of("-crf 18")).video.quality?.value).toBe(18);
  const rated = await of("-b:v 2M -preset slow");
  expect(rated.video).toMatchObject({ quality: null, bitrate: 2_000_000, preset: "slow", profile: "high" });
  expect((await of("-an")).audio).toEqual({ mode: "none" });
  expect((await of("-c:a copy")).audio).toEqual({ mode: "copy" });
  expect((await of("-c:a libopus")).audio).toMatchObject({ codec: "libopus", bitrate: null, channels: 2 });
  expect((await of("-vf hflip")).filters.map(({ name }) => name)).toEqual(["hflip"]);
  expect((await of("-f matroska")).container.format).toBe("mkv");
});

test("a codec takes the place of a codec, and contradictions name both sides", async () => {
  expect(await requestOf("mine", { codec: "av1", quality: 70 }, own)).toBe("-c:v av1 -quality 70");
  expect(await requestOf("mine", { quality: 70 }, own)).toBe("-c:v hevc -quality 70");
  const other = await refusal(requestOf("web-1080p-h264", { "ffmpeg-params": "-c:v libx265" }));
  expect(other.code).toBe("E_ENCODE_REQUEST");
  expect(other.message).toMatch(/preset web-1080p-h264 \(.*libx264.*\) and .*-c:v libx265.* do not go together/);
  const rate = await refusal(requestOf("device-phone", { "ffmpeg-params": "-b:v 20M" }));
  expect(rate.message).toContain("above -maxrate 6M");
});

test("a preset of the config file replaces the shipped one of its name, and that is said", async () => {
  said.length = 0;
  expect(await requestOf("av1-small", {}, own)).toBe("-c:v libx265");
  expect(said.join("")).toContain("yours from the config file, in place of the shipped one");
  expect(await findPreset("av1-small", own)).toMatchObject({ reason: "Ours.", from: "config file", isInstead: true });
  expect((await allPresets(own)).length).toBe(SHIPPED_PRESETS.length + 1);
});

test("what stands in a weaker place than the preset's name does not count", async () => {
  const asked = { preset: "mine", "ffmpeg-params": null, codec: "vp9", quality: null, speed: null };
  const made = await withPreset(asked, { preset: "flag", codec: "file" }, { cwd: own, stderr });
  expect(made).toMatchObject({ preset: null, codec: null, "ffmpeg-params": "-c:v hevc -quality 60" });
});

test("the presets of encoders: x264's stand for a speed, others are explained; and a name with a slip", async () => {
  expect(await requestOf("medium")).toBe("-preset medium");
  expect(await requestOf("slow", { "ffmpeg-params": "-c:v libx265 -crf 20" })).toBe(
    "-preset slow -c:v libx265 -crf 20",
  );
  const codec = { preset: "slow", "ffmpeg-params": null, codec: "hevc", quality: null, speed: null };
  expect(await withPreset(codec, {}, { cwd: own, stderr })).toMatchObject({ preset: null, speed: "slow" });
  const twice = await refusal(requestOf("slow", { "ffmpeg-params": "-c:v libx264 -preset fast" }));
  expect(twice.message).toBe("--preset slow and -preset fast contradict each other");
  expect((await refusal(requestOf("p7"))).hint).toContain(`NVENC's is --ffmpeg-params "-preset p7"`);
  expect((await refusal(requestOf("av1-smal"))).hint).toContain("Did you mean av1-small?");
});

test("presets in the file that are none are refused by the file's name and theirs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "presets-bad-"));
  await writeFile(join(folder, "ffcluster.config.json"), '{"presets":{"mine":{"ffmpegparams":"-crf 1"}}}');
  const bad = await refusal(allPresets(folder));
  expect(bad.message).toContain("ffcluster.config.json");
  expect(bad.message).toContain("presets.mine");
  await rm(folder, { recursive: true });
});
