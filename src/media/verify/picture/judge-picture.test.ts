// Pictures made by hand: what is the source's picture, and what is another one.
import { describe, expect, test } from "bun:test";
import { judgePictures, type PictureRun } from "./judge-picture.ts";
import { psnr } from "./measure/measure-plane.ts";
import { comparedFormat, frameBytes, type RawFormat } from "./measure/raw-format.ts";
import { cutStrips, type Strips, stripLayout } from "./measure/strips.ts";

const [WIDTH, HEIGHT] = [160, 96];

function formatNamed(name: string): RawFormat {
  const format = comparedFormat(name);
  if (format === null) throw new Error(name);
  return format;
}

const YUV = formatNamed("yuv420p");

type Paint = (x: number, y: number, plane: number) => number;

/** A landscape of waves that are the same nowhere. */
const waves =
  (time: number): Paint =>
  (x, y, plane) => {
    const [u, v] = plane === 0 ? [x, y] : [2 * x, 2 * y];
    const far = Math.sin(u / 19 + time) + Math.sin(v / 13 - time / 2) + Math.sin((u * v) / 900 + plane);
    const near = plane === 0 ? Math.sin(u * 1.3 + v * 0.9) : 0;
    return plane === 0 ? 120 + 28 * far + 12 * near : 128 + 15 * far;
  };

function picture(paint: Paint, format = YUV): Strips {
  const frame = new Uint8Array(frameBytes(format, WIDTH, HEIGHT));
  let at = 0;
  for (const [number, plane] of format.planes.entries()) {
    const [width, height] = [WIDTH >> plane.log2Width, HEIGHT >> plane.log2Height];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) frame[at++] = Math.min(255, Math.max(0, Math.round(paint(x, y, number))));
    }
  }
  return cutStrips(frame, format, stripLayout(WIDTH, HEIGHT));
}

/** Loss as of an encoder: noise that is the same in every run. */
function lossy(paint: Paint, amount: number): Paint {
  let state = 7;
  return (x, y, plane) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return paint(x, y, plane) + (amount * state) / 1073741824 - amount;
  };
}

const source = [picture(waves(0)), picture(waves(0.4))];

function problemsOf(paints: readonly Paint[], more: Partial<PictureRun> = {}): string {
  const output = paints.map((paint) => picture(paint));
  const run = { source, output, format: YUV, width: WIDTH, quality: "usual" as const, mustBeEqual: false, ...more };
  return judgePictures(run)
    .flatMap(({ problems }) => problems)
    .join("; ");
}

const changed = (change: (paint: Paint) => Paint): readonly Paint[] => [waves(0), waves(0.4)].map(change);

describe("pictures of the source", () => {
  test("the very samples are found equal", () => {
    const [judged] = judgePictures({
      source,
      output: source,
      format: YUV,
      width: WIDTH,
      quality: "lossless",
      mustBeEqual: true,
    });
    expect(judged).toEqual({ problems: [], psnr: Number.POSITIVE_INFINITY, ssim: 1 });
  });

  test("what an encoder loses is no fault, one sample of a lossless one is", () => {
    const output = changed((paint) => lossy(paint, 4));
    expect(problemsOf(output)).toBe("");
    expect(problemsOf(output, { quality: "lossless", mustBeEqual: true })).toContain("the codec is lossless");
  });

  test("of x264's lossless mode single samples that are a level off hold, and nothing more", () => {
    const off = (by: number, every: number) =>
      changed((paint) => (x, y, p) => Math.round(paint(x, y, p)) + (p === 1 && (x + y * WIDTH) % every === 0 ? by : 0));
    const how = { quality: "lossless", mustBeEqual: true } as const;
    expect(problemsOf(off(1, 1000), { ...how, mayStray: true })).toBe("");
    expect(problemsOf(off(1, 1000), how)).toContain("the codec is lossless");
    expect(problemsOf(off(2, 1000), { ...how, mayStray: true })).toContain("the codec is lossless");
    expect(problemsOf(off(1, 50), { ...how, mayStray: true })).toContain("the codec is lossless");
  });

  test("a black picture that is painted a level beside black holds", () => {
    const black = [picture(() => 16), picture(() => 16)];
    const output = [picture(() => 17), picture(() => 17)];
    const run = { source: black, output, format: YUV, width: WIDTH, quality: "usual" as const, mustBeEqual: false };
    expect(judgePictures(run).flatMap(({ problems }) => problems)).toEqual([]);
  });
});

const WRONG: readonly (readonly [string, readonly Paint[], string])[] = [
  ["squeezed levels", changed((paint) => (x, y, p) => (paint(x, y, p) - 128) * 0.86 + 126), "changed as a whole"],
  ["mirrored", changed((paint) => (x, y, p) => paint((p === 0 ? WIDTH : WIDTH / 2) - 1 - x, y, p)), "mirrored"],
  ["upside down", changed((paint) => (x, y, p) => paint(x, (p === 0 ? HEIGHT : HEIGHT / 2) - 1 - y, p)), "upside down"],
  ["green", changed(() => (_x, _y, p) => [150, 44, 21][p] ?? 0), "changed as a whole"],
  ["the picture before", [waves(0), waves(0)], "the picture before it"],
  ["the picture after", [waves(0.4), waves(0.4)], "the picture after it"],
  ["swapped fields", changed((paint) => (x, y, p) => paint(x, p === 0 ? y ^ 1 : y, p)), "fields swapped"],
  ["moved chroma", changed((paint) => (x, y, p) => paint(p === 0 ? x : x - 3, y, p)), "moved by 3 columns"],
  ["swapped chroma", changed((paint) => (x, y, p) => paint(x, y, p === 0 ? 0 : 3 - p)), "chroma planes swapped"],
  ["another file", changed(() => (x, y, p) => waves(3)(2 * y + 11, x / 2, p)), "another picture"],
  [
    "another matrix",
    changed((paint) => (x, y, p) => {
      const [u, v] = p === 0 ? [paint(x >> 1, y >> 1, 1) - 128, paint(x >> 1, y >> 1, 2) - 128] : [0, 0];
      return p === 0 ? paint(x, y, 0) - 0.12 * u - 0.21 * v : (paint(x, y, p) - 128) * 1.02 + 128;
    }),
    "changed as a whole",
  ],
];

describe("pictures that are not the source's", () => {
  test.each(WRONG)("%s, lossless and lossy", (_name, paints, words) => {
    expect(problemsOf(paints)).toContain(words);
    expect(problemsOf(paints.map((paint) => lossy(paint, 2)))).toContain(words);
  });

  test("nothing is called wrong that coarse quantizers may do", () => {
    const flat = changed((paint) => (x, y, p) => paint(Math.round(x / 8) * 8, Math.round(y / 8) * 8, p));
    expect(problemsOf(flat, { quality: "coarse" })).toBe("");
  });
});

describe("formats", () => {
  test.each([
    ["yuvj420p", "yuv420p", 1],
    ["nv12", "yuv420p", 1],
    ["p010le", "yuv420p10le", 2],
    ["yuva444p12le", "yuva444p12le", 2],
    ["bgr0", "gbrp", 1],
    ["rgba", "gbrap", 1],
    ["gbrap12le", "gbrap12le", 2],
    ["gray10le", "gray10le", 2],
    ["yuv410p", "yuv410p", 1],
  ])("%s is compared as %s", (given, name, bytesPerSample) => {
    expect(comparedFormat(given)).toMatchObject({ name, bytesPerSample });
  });

  test("what is not known is not guessed", () => {
    expect(comparedFormat("gbrpf32le")).toBeNull();
    expect(comparedFormat("bayer_bggr8")).toBeNull();
  });

  test("odd pictures have their chroma rounded up", () => {
    expect(frameBytes(YUV, 161, 121)).toBe(161 * 121 + 2 * 81 * 61);
    expect(frameBytes(formatNamed("yuv410p"), 10, 10)).toBe(100 + 2 * 9);
  });

  test("strips lie the same from the top as from the bottom, whole in low pictures", () => {
    const { tops, rows } = stripLayout(3840, 2160);
    expect(tops.length * rows * 3840).toBeLessThanOrEqual(260_000);
    expect(tops.map((top) => 2160 - rows - top).sort((a, b) => a - b)).toEqual([...tops]);
    expect(stripLayout(32, 6)).toEqual({ width: 32, height: 6, rows: 6, tops: [0] });
  });

  test("PSNR of 8-bit samples", () => {
    expect(psnr(1)).toBeCloseTo(48.13, 2);
    expect(psnr(0)).toBe(Number.POSITIVE_INFINITY);
  });
});
