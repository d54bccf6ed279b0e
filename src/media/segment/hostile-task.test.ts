// Whatever a server writes into a task: what a client takes renders to a graph of allowed filters and options and nothing
// else, and what it would not take cannot open a filter even so. The graph is read back by rules of its own.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OWN, offList, readBack } from "../../../test/support/read-graph.ts";
import { writeFilter, writeGraph } from "../ffmpeg/filter-graph.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { ALLOWED_FILTERS } from "../request/filters/filter-list.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { segmentArgs } from "./segment-args.ts";
import { segmentTaskSchema } from "./task-schema.ts";

/** The task with every part that may stand in a graph. */
function task(params: string, isFull: boolean): SegmentTask {
  const colour = { space: "bt470bg", transfer: "bt470m", primaries: "bt709", chromaLocation: "center" };
  return {
    streamIndex: 0,
    formatName: "mov,mp4,m4a,3gp,3g2,mj2",
    timeBase: { num: 1, den: 24_000 },
    startPts: 96_096,
    endPts: 192_192,
    clockOffsetUs: 0,
    seekPts: 96_096,
    cut: { after: 1, timeBase: { num: 1, den: 24_000 }, startPts: 96_096, endPts: 192_192 },
    expectedFrames: 96,
    spreadsPts: true,
    encoderTimeBase: { num: 1, den: 24_000 },
    frameClock: { tick: { num: 1, den: 24 }, from: 96 },
    picture: { width: 320, height: 180, pixelFormat: "yuv420p", sampleAspectRatio: "16:15" },
    request: parseEncodeParams(params),
    video: {
      ...EIGHT_BITS,
      pixelFormat: isFull ? "yuvj420p" : "yuv420p",
      colour: { ...colour, range: isFull ? "pc" : "tv" },
      realFrameRate: { num: 24_000, den: 1001 },
      averageFrameRate: { num: 24_000, den: 1001 },
      sampleAspectRatio: null,
    },
    byteRange: null,
  };
}
const TASKS = [
  task("-c:v libx264 -vf tmix=frames=3,scale=64:36 -pix_fmt yuv420p -metadata title=x", true),
  task("-c:v ffv1 -vf drawtext=text='a b',lagfun -s 64x36", true),
  task("-c:v libx265 -vf yadif,hqdn3d -pix_fmt yuv420p10le -x265-params keyint=24", false),
  task("-c:v h264_vaapi -vf scale=64:36", false),
];
const DEVICE = { family: "vaapi", id: null } as const;

function graphOf(hostile: SegmentTask): string {
  const isVaapi = hostile.request.video.encoder.endsWith("_vaapi");
  const args = segmentArgs(hostile, {
    ...{
      input: "http://127.0.0.1:9/x/source",
      inputKind: "http",
      output: "file:/w/s.nut",
      seamFile: "file:/w/s.txt",
      countFile: "file:/w/c.txt",
    },
    ...{ threads: 1, saysChroma: true, decodesOnDevice: true, device: isVaapi ? DEVICE : null },
  });
  return args[args.indexOf("-filter_complex") + 1] ?? "";
}

/** Paths of the strings in a value. */
function stringPaths(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => stringPaths(inner, [...path, key]));
}

function withText(value: unknown, [key, ...rest]: readonly (string | number)[], text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value)) return value.map((each, at) => (at === Number(key) ? withText(each, rest, text) : each));
  return { ...(value as object), [key]: withText((value as Record<string, unknown>)[key], rest, text) };
}

const WRITES_A_FILE = "yuv420p,metadata=mode=print:file=/tmp/pwned";
const PIECES = [
  "'",
  "\\",
  ";",
  "[v]",
  ",",
  ":",
  "=",
  "\n",
  "movie=/etc/passwd",
  "metadata=mode=print:file=/x",
  "a",
  " ",
];
const hostileText = fc.oneof(
  fc.constant(WRITES_A_FILE),
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((parts) => parts.join("")),
);
const attack = fc
  .constantFrom(...TASKS)
  .chain((honest) => fc.tuple(fc.constant(honest), fc.constantFrom(...stringPaths(honest)), hostileText));

describe("every string of a task", () => {
  test("that would write a file is refused", () => {
    for (const honest of TASKS) {
      expect(segmentTaskSchema.safeParse(honest).error?.issues).toBeUndefined();
      for (const path of stringPaths(honest)) {
        // Values of options and tags are free text for ffmpeg; the request's own check reads them (check-request.ts).
        if (/options|encoderParams|privateOptions|value/.test(path.join("."))) continue;
        const hostile = withText(honest, path, WRITES_A_FILE);
        expect([path.join("."), segmentTaskSchema.safeParse(hostile).success]).toEqual([path.join("."), false]);
      }
    }
  });

  test("that is taken makes a graph of allowed filters and options", () => {
    for (const honest of TASKS) expect(offList(graphOf(honest))).toEqual([]);
    fc.assert(
      fc.property(attack, ([honest, path, text]) => {
        const parsed = segmentTaskSchema.safeParse(withText(honest, path, text));
        const name = path.join(".");
        // Which filters and options a request may name is its own check's.
        if (parsed.success && !/filters\.\d+\.(name|options\.\d+\.0)$|encoder$/.test(name))
          expect(offList(graphOf(parsed.data))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("is escaped even where nobody has checked it", () => {
    fc.assert(
      fc.property(attack, ([honest, path, text]) => {
        if (!/^(video|picture)\.|options\.\d+\.1$|pixelFormat$/.test(path.join("."))) return;
        const names = (graph: string) => readBack(graph).map(({ name }) => name);
        const known = new Set([...ALLOWED_FILTERS.keys(), ...Object.keys(OWN)]);
        const hostile = withText(honest, path, text) as SegmentTask;
        expect(names(graphOf(hostile)).filter((name) => !known.has(name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** The words of a command line that ffmpeg takes for options, and how many words there are. */
function shapeOf(hostile: SegmentTask): string {
  const args = segmentArgs(hostile, {
    ...{
      input: "http://127.0.0.1:9/x/source",
      inputKind: "http",
      output: "file:/w/s.nut",
      seamFile: "file:/w/s.txt",
      countFile: "file:/w/c.txt",
    },
    ...{ threads: 1, saysChroma: true, decodesOnDevice: false, device: null },
  });
  return `${args.length} words: ${args.filter((word) => /^-[a-z]/i.test(word)).join(" ")}`;
}

test("no string of a task that is taken becomes an option, an input or an output of ffmpeg", () => {
  const texts = [
    "-i",
    "-f",
    "-map",
    "-y",
    "file:/etc/passwd",
    "/etc/passwd",
    "-filter_complex",
    "0:0",
    "-",
    "\n-i",
    "",
  ];
  for (const honest of TASKS) {
    const own = shapeOf(honest);
    for (const path of stringPaths(honest)) {
      const name = path.join(".");
      // A request has a check of its own (hostile-params.test.ts).
      if (name.startsWith("request.")) continue;
      for (const text of texts) {
        const parsed = segmentTaskSchema.safeParse(withText(honest, path, text));
        if (parsed.success) expect([name, text, shapeOf(parsed.data)]).toEqual([name, text, own]);
      }
    }
  }
});

test("no name or label is written that is none", () => {
  expect(() => writeFilter("null,movie")).toThrow("not a name");
  expect(() => writeFilter("scale", [["w=1:h", 1]])).toThrow("not a name");
  expect(() => writeGraph([{ from: ["0:0]movie=x["], filters: [], to: ["v"] }])).toThrow("not a name");
});

test("graphs are handed to ffmpeg by their one writer alone", async () => {
  const found: string[] = [];
  for await (const file of new Bun.Glob("src/**/*.ts").scan(`${import.meta.dir}/../../..`)) {
    if (/\.(test|fixture)\.|media\/request\//.test(file) || file.endsWith("ffmpeg/filter-graph.ts")) continue;
    const text = await Bun.file(`${import.meta.dir}/../../../${file}`).text();
    if (/"-(filter_complex|vf|af|lavfi)"/.test(text)) found.push(file);
  }
  expect(found).toEqual([]);
});
