// Strips that ffmpeg cuts out, beside those cut from whole pictures here.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { GraphText } from "../../../ffmpeg/filter-graph.ts";
import { findTools, type Tools } from "../../../ffmpeg/tools.ts";
import { streamPictures } from "../read-pictures.ts";
import { rawOutput } from "../shared-decode.ts";
import { comparedFormat, type RawFormat } from "./raw-format.ts";
import { cutStrips, type Strips, stripLayout } from "./strips.ts";

setDefaultTimeout(60_000);

let tools: Tools;
beforeAll(async () => {
  tools = await findTools(process.env);
});

function formatNamed(name: string): RawFormat {
  const format = comparedFormat(name);
  if (format === null) throw new Error(`${name} is not known`);
  return format;
}

/** Two pictures in which every row and column is another, so that one in a wrong place shows. */
const source = (size: string, { name }: RawFormat) =>
  `nullsrc=s=${size}:r=2:d=1,format=gbrp,geq=r='mod(X*X*13+Y*Y*7+N*31,256)':g='mod(X*Y+N,256)':b='mod(Y*Y*11+X,256)',format=${name}[v]`;

async function cutByFfmpeg(size: string, format: RawFormat, [width, height]: readonly [number, number]) {
  const pictures: Strips[] = [];
  const args = ["-v", "error", ...rawOutput(source(size, format) as GraphText, stripLayout(width, height))];
  const reason = await streamPictures(
    tools,
    { args, sideFiles: [] },
    { format, width, height, asked: "said" },
    (picture) => void pictures.push(picture),
    undefined,
  );
  return { pictures, reason };
}

async function cutHere(size: string, format: RawFormat, [width, height]: readonly [number, number]): Promise<Strips[]> {
  const graph = [
    "-filter_complex",
    source(size, format),
    "-map",
    "[v]",
    "-c:v",
    "rawvideo",
    "-f",
    "rawvideo",
    "pipe:1",
  ];
  const child = Bun.spawn([tools.ffmpeg, "-v", "error", ...graph], { stdin: "ignore", stdout: "pipe" });
  const bytes = new Uint8Array(await new Response(child.stdout).arrayBuffer());
  const one = bytes.length / 2;
  return [0, 1].map((at) => cutStrips(bytes.subarray(at * one, (at + 1) * one), format, stripLayout(width, height)));
}

test.each([
  ["yuv420p", 2002, 210],
  ["yuv410p", 2003, 211],
  ["yuv422p10le", 2000, 205],
  ["gbrap", 2001, 206],
  // Small ones come whole.
  ["yuv420p", 66, 50],
])("%s of %ix%i: ffmpeg cuts the same strips", async (name, width, height) => {
  const format = formatNamed(name);
  const { pictures, reason } = await cutByFfmpeg(`${width}x${height}`, format, [width, height]);
  expect(reason).toBeNull();
  expect(pictures).toEqual(await cutHere(`${width}x${height}`, format, [width, height]));
});

test.each(["2000x210", "2002x208", "2002x212"])(
  "no strips are cut out of a picture of another size: %s",
  async (size) => {
    const { pictures, reason } = await cutByFfmpeg(size, formatNamed("yuv420p"), [962, 1206]);
    expect(reason).not.toBeNull();
    expect(pictures).toEqual([]);
  },
);
