// The yardstick itself: what is wrong with an output on purpose is found and named, and what is right is not.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { differencesBetween } from "./differences.ts";
import { type Reading, readingOf } from "./reading.ts";
import { mustRun, type Tools, toolsIn } from "./tools.ts";

let folder: string;
let tools: Tools;
let right: Reading;

const PICTURES = "testsrc2=s=96x64:r=25:d=2";
const SOUND = "aevalsrc='0.3*sin(2*PI*(200*t+300*t*t))+0.05*random(0)':s=48000:d=2";
const LOSSLESS = ["-c:v", "ffv1", "-c:a", "flac"];

async function made(name: string, args: readonly string[]): Promise<Reading> {
  const path = join(folder, `${name}.mkv`);
  await mustRun([tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...args, path]);
  return await readingOf(tools, path);
}

async function madeWith(
  name: string,
  [vf, af]: readonly [string, string],
  extra: readonly string[] = [],
): Promise<Reading> {
  const inputs = ["-f", "lavfi", "-i", `${PICTURES}${vf}`, "-f", "lavfi", "-i", `${SOUND}${af}`];
  return await made(name, [...inputs, ...tools.ownTimes, ...LOSSLESS, ...extra]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-yardstick-"));
  tools = await toolsIn(null);
  right = await madeWith("right", ["", ""]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("the same file differs in nothing, nor does one that begins later as a whole", async () => {
  expect(differencesBetween(right, right, { isLossless: true })).toEqual([]);
  const later = await madeWith("later", ["", ""], ["-output_ts_offset", "3"]);
  expect(later.pictures.seconds[0]).toBeCloseTo(3, 2);
  expect(differencesBetween(later, right, { isLossless: true })).toEqual([]);
});

const FAULTS: readonly {
  readonly name: string;
  readonly filters: readonly [string, string];
  readonly found: RegExp;
}[] = [
  {
    name: "a lost picture",
    filters: [",select='not(eq(n,20))'", ""],
    found: /^49 pictures where plain ffmpeg has 50$/,
  },
  {
    name: "another picture",
    filters: [",drawbox=w=8:h=8:color=red:t=fill:enable='eq(n,20)'", ""],
    found: /^1 of 50 pictures are others, first 20$/,
  },
  {
    name: "a picture at another time",
    filters: [",settb=1/1000,setpts='PTS+if(eq(N,20),8,0)'", ""],
    found: /^picture 20 is 8\.00 ms from its time$/,
  },
  { name: "sound that is late by 5 ms", filters: ["", ",adelay=5"], found: /^sound 0 at .* s: ours is 5\.0 ms late$/ },
  {
    name: "sound that ends early",
    filters: ["", ",atrim=end=1.8"],
    found: /^sound 0: ends 1\.800 s where plain ffmpeg has 2\.000 s$/,
  },
  { name: "another sound", filters: ["", ",areverse"], found: /^sound 0 at .* s: another sound/ },
  { name: "silence", filters: ["", ",volume=0"], found: /^sound 0 at .* s: silent in ours alone$/ },
  {
    name: "another format",
    filters: [",format=yuv444p", ""],
    found: /^video 0: pix_fmt is yuv444p, plain ffmpeg's yuv420p$/,
  },
];

for (const [number, { name, filters, found }] of FAULTS.entries()) {
  test(`${name} is found`, async () => {
    const wrong = await madeWith(`wrong-${number}`, filters);
    expect(differencesBetween(wrong, right, { isLossless: true })).toContainEqual(expect.stringMatching(found));
  });
}

test("lossy pictures may differ by what an encoder loses, not by levels or what they show", async () => {
  const lossy = await madeWith("lossy", ["", ""], ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "30"]);
  const rules = { isLossless: false };
  const pictures = (reading: Reading) =>
    differencesBetween(reading, right, rules).filter((difference) => difference.includes("pictures"));
  expect(pictures(lossy)).toEqual([]);
  const levels = await madeWith("levels", [",lutyuv=y='16+val*0.7'", ""]);
  expect(pictures(levels)).toContainEqual(expect.stringMatching(/^50 of 50 pictures are others/));
  const green = await madeWith("green", [",drawbox=color=green:t=fill:enable='eq(n,7)'", ""]);
  expect(pictures(green)).toEqual(["1 of 50 pictures are others, first 7"]);
});

test("subtitles and chapters at other times are found", async () => {
  const texts = async (name: string, at: number) => {
    const srt = join(folder, `${name}.srt`);
    const stamp = (ms: number) => `00:00:0${Math.floor(ms / 1000)},${String(ms % 1000).padStart(3, "0")}`;
    await Bun.write(srt, `1\n${stamp(at)} --> ${stamp(at + 400)}\nhello\n`);
    const chapters = join(folder, `${name}.txt`);
    await Bun.write(chapters, `;FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=${at}\nEND=${at + 500}\ntitle=one\n`);
    const inputs = ["-f", "lavfi", "-i", PICTURES, "-i", srt, "-i", chapters, "-map", "0", "-map", "1"];
    return await made(name, [...inputs, "-map_chapters", "2", "-c:v", "ffv1", "-c:s", "srt"]);
  };
  const [early, late] = [await texts("early", 500), await texts("late", 700)];
  expect(differencesBetween(late, early, { isLossless: true })).toEqual([
    "subtitles 0: event 0 begins 200.0 ms late",
    "chapter 0 begins 200.0 ms late",
  ]);
});
