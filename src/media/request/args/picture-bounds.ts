// How large pictures become on their way through the filters, how many of them a filter holds and how many it makes:
// bounded before any work, on the server and again on each client. Reads ffmpeg's expressions as far as sizes need them.
import { type Rational, toNumber } from "../../../base/rational.ts";
import type { EncodeRequest, FilterCall } from "../../model/encode-request.ts";
import { evaluate, type Values } from "../filters/evaluate.ts";
import { filterMemory } from "../filters/filter-memory.ts";
import { optionOf } from "../filters/filter-times.ts";
import { refuse } from "../values/refuse.ts";
import { filterChain } from "./video-args.ts";

/** 8192x8192. No encoder takes more than 16384x8704, and 8K is half of it. */
const MOST_PIXELS = 2 ** 26;
/** What fits a picture's width and height. */
const MOST_SIDE = 32_768;
/** Pixels that all filters of a chain hold at a time, of 1.5 to 8 bytes each: 500 pictures of 1920x1080. */
const MOST_HELD_PIXELS = 2 ** 30;
/** As of -r. */
const MOST_FPS = 1000;
/** Pictures that one picture may become. */
const MOST_REPEATS = 10_000;

export interface BoundedSource {
  readonly width: number;
  readonly height: number;
  readonly averageFrameRate: Rational | null;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const SIZES: Readonly<Record<string, Size>> = {
  hd720: { width: 1280, height: 720 },
  hd1080: { width: 1920, height: 1080 },
};
const ENLARGING: Readonly<Record<string, (call: FilterCall) => number>> = {
  hqx: (call) => Number(optionOf(call, "n") ?? 3),
  xbr: (call) => Number(optionOf(call, "n") ?? 3),
  epx: (call) => Number(optionOf(call, "n") ?? 3),
  super2xsai: () => 2,
};
/** Which options give the size. */
const SIZED: Readonly<Record<string, readonly [width: string, height: string]>> = {
  scale: ["w", "h"],
  zscale: ["w", "h"],
  pad: ["width", "height"],
  rotate: ["out_w", "out_h"],
  v360: ["w", "h"],
};
const RATED: Readonly<Record<string, string>> = { fps: "fps", minterpolate: "fps", framerate: "fps", zoompan: "fps" };

function valuesOf({ width, height }: Size, source: BoundedSource): Values {
  const rate = source.averageFrameRate === null ? 25 : toNumber(source.averageFrameRate);
  const sides = { iw: width, in_w: width, w: width, ih: height, in_h: height, h: height };
  const shape = { a: width / height, sar: 1, dar: width / height, hsub: 2, vsub: 2, ohsub: 2, ovsub: 2 };
  const rates = { source_fps: rate, ntsc: 30_000 / 1001, pal: 25, film: 24, ntsc_film: 24_000 / 1001 };
  const constants = { pi: Math.PI, e: Math.E, phi: 1.618_033_988_749_895 };
  return { ...sides, ...shape, ...rates, ...constants };
}

/** Null: it can't be told from the text. */
function sizeBehind(call: FilterCall, before: Size, source: BoundedSource): Size | null {
  const enlarged = ENLARGING[call.name]?.(call);
  if (enlarged !== undefined) return { width: before.width * enlarged, height: before.height * enlarged };
  if (call.name === "transpose") return { width: before.height, height: before.width };
  if (call.name === "zoompan") return zoomed(optionOf(call, "s") ?? "hd720");
  const named = call.name === "zscale" ? optionOf(call, "size") : undefined;
  if (named !== undefined) return zoomed(named);
  const options = SIZED[call.name];
  if (options === undefined) return before;
  const [widthKey, heightKey] = options;
  const values = valuesOf(before, source);
  const side = (key: string, byDefault: number, more: Values) => {
    const text = optionOf(call, key);
    return text === undefined || text === "0" ? byDefault : evaluate(text, { ...values, ...more });
  };
  const known = (value: number | null, names: readonly string[]): Values =>
    value === null ? {} : Object.fromEntries(names.map((name) => [name, value]));
  // Either side may name the other one.
  const [width, height] = [side(widthKey, before.width, {}), side(heightKey, before.height, {})];
  const sides = {
    width: width ?? side(widthKey, before.width, known(height, ["oh", "out_h"])),
    height: height ?? side(heightKey, before.height, known(width, ["ow", "out_w"])),
  };
  if (sides.width === null || sides.height === null) return null;
  return inShape(call, { width: sides.width, height: sides.height }, before);
}

function zoomed(text: string): Size | null {
  const match = /^(\d{1,9})x(\d{1,9})$/.exec(text);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : (SIZES[text] ?? null);
}

/** -1, -2 …: what keeps the shape; and the shape kept by growing. */
function inShape(call: FilterCall, asked: Size, before: Size): Size {
  const shape = before.width / before.height;
  let { width, height } = asked;
  if (width < 0 && height < 0) return before;
  if (width < 0) width = Math.ceil(height * shape) - width;
  if (height < 0) height = Math.ceil(width / shape) - height;
  if (["increase", "2"].includes(optionOf(call, "force_original_aspect_ratio") ?? ""))
    return { width: Math.max(width, Math.ceil(height * shape)), height: Math.max(height, Math.ceil(width / shape)) };
  return { width, height };
}

function requireRate(call: FilterCall, source: BoundedSource, size: Size): void {
  const key = RATED[call.name];
  const text = key === undefined ? undefined : optionOf(call, key);
  if (text !== undefined) {
    const [over = "", under = "1"] = text.split(/[/:]/);
    const [num, den] = [over, under].map((part) => evaluate(part, valuesOf(size, source)));
    const rate = num == null || den == null ? evaluate(text, valuesOf(size, source)) : num / den;
    if (rate === null || !(rate > 0 && rate <= MOST_FPS)) {
      const hint = "Give a number, a ratio such as 30000/1001, or arithmetic with source_fps.";
      throw refuse(`-vf ${call.name}=${key}`, `${text.slice(0, 40)} is not a rate up to ${MOST_FPS} a second`, hint);
    }
  }
  const repeats = call.name === "zoompan" ? optionOf(call, "d") : undefined;
  if (repeats === undefined) return;
  const number = evaluate(repeats, valuesOf(size, source));
  if (number === null || number > MOST_REPEATS) {
    const hint = `Give a number up to ${MOST_REPEATS}.`;
    throw refuse("-vf zoompan=d", `${repeats.slice(0, 40)} is not a number of pictures that is taken`, hint);
  }
}

/** `normalize` keeps a few numbers of each frame that it remembers. */
function picturesHeldBy(call: FilterCall): number {
  if (call.name === "normalize") return 0;
  const { before, after } = filterMemory(call) ?? { before: 0, after: 0 };
  return before + after;
}

/**
 * The filters' pictures, one after the other. A size that only ffmpeg can tell is taken for that of the picture before:
 * `-max_alloc` (tool-args.ts) ends a run in which it is not. Errors: E_ENCODE_REQUEST.
 */
export function requireBoundedPictures(source: BoundedSource, request: EncodeRequest): void {
  const most = Math.max(MOST_PIXELS, source.width * source.height);
  let size: Size = source;
  let held = 0;
  for (const call of filterChain(request)) {
    requireRate(call, source, size);
    held += picturesHeldBy(call) * size.width * size.height;
    if (held > MOST_HELD_PIXELS) {
      const hint = "Let the filter look at fewer frames, or make the pictures smaller before it.";
      throw refuse(`-vf ${call.name}`, "the filters would hold more pictures in memory than is taken", hint);
    }
    size = sizeBehind(call, size, source) ?? size;
    const { width, height } = size;
    if (width * height > most || Math.max(width, height) > Math.max(MOST_SIDE, source.width, source.height)) {
      const made = `${Math.round(width)}x${Math.round(height)}`;
      const hint = `Pictures of up to ${MOST_PIXELS} pixels (8192x8192) are made.`;
      throw refuse(`-vf ${call.name}`, `its pictures would be ${made}, which is larger than is taken`, hint);
    }
  }
}
