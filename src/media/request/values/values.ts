// Reads option values: numbers, bit rates, frame rates, sizes and words, each within its range and character set. Every
// function throws E_ENCODE_REQUEST naming the option.
import { formatRational, parseRational, toNumber } from "../../../base/rational.ts";
import { refuse } from "./refuse.ts";

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function readNumber(option: string, value: string, range: Range): number {
  const number = /^[-+]?\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= range.min && number <= range.max)) {
    throw refuse(
      option,
      `"${value}" is not a number from ${range.min} to ${range.max}`,
      "Give a number in that range.",
    );
  }
  return number;
}

export function readInteger(option: string, value: string, range: Range): number {
  const number = readNumber(option, value, range);
  if (!Number.isInteger(number)) throw refuse(option, `"${value}" is not a whole number`, "Give a whole number.");
  return number;
}

const MULTIPLIERS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1e3],
  ["K", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["Ki", 1024],
  ["Mi", 1024 ** 2],
  ["Gi", 1024 ** 3],
]);

/** Bits (per second): `2500k`, `2.5M`, `128000`. */
export function readBits(option: string, value: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)([kKMG]i?)?$/.exec(value);
  const factor = MULTIPLIERS.get(match?.[2] ?? "");
  const bits = match && factor !== undefined ? Math.round(Number(match[1]) * factor) : Number.NaN;
  if (!(bits >= 0 && bits <= 10_000_000_000)) {
    throw refuse(option, `"${value}" is not a bit rate`, "Give bits per second, for example 2500k or 2.5M.");
  }
  return bits;
}

/** Bytes: `700M` is 700,000,000, `700Mi` 1024 times 1024 times 700. */
export function readBytes(option: string, value: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([kKMG]i?)?$/.exec(value);
  const factor = MULTIPLIERS.get(match?.[2] ?? "");
  const bytes = match && factor !== undefined ? Math.round(Number(match[1]) * factor) : Number.NaN;
  if (bytes >= 1 && bytes <= 1e15) return bytes;
  throw refuse(
    option,
    `"${value.slice(0, 40)}" is not a size in bytes`,
    "Give for example 700M, 4.5G or 700Mi; the picture's size is -s or -vf scale=….",
  );
}

const NAMED_RATES: ReadonlyMap<string, string> = new Map([
  ["ntsc", "30000/1001"],
  ["pal", "25/1"],
  ["film", "24/1"],
  ["ntsc-film", "24000/1001"],
]);

/** A frame rate as exact text, "30000/1001". */
export function readFrameRate(option: string, value: string): string {
  const rate = parseRational(NAMED_RATES.get(value) ?? value);
  if (
    rate === null ||
    rate.num > 999_999_999 ||
    rate.den > 999_999_999 ||
    !(toNumber(rate) > 0 && toNumber(rate) <= 1000)
  ) {
    throw refuse(option, `"${value}" is not a frame rate`, "Give frames per second, for example 25 or 30000/1001.");
  }
  return formatRational(rate);
}

const NAMED_SIZES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ntsc", [720, 480]],
  ["pal", [720, 576]],
  ["qvga", [320, 240]],
  ["vga", [640, 480]],
  ["svga", [800, 600]],
  ["xga", [1024, 768]],
  ["hd480", [852, 480]],
  ["hd720", [1280, 720]],
  ["hd1080", [1920, 1080]],
  ["2k", [2048, 1080]],
  ["uhd2160", [3840, 2160]],
  ["4k", [4096, 2160]],
]);

export function readSize(option: string, value: string): { readonly width: number; readonly height: number } {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(value);
  const [width, height] = NAMED_SIZES.get(value) ?? [Number(match?.[1]), Number(match?.[2])];
  if (!(width <= 32768 && height <= 32768)) {
    throw refuse(
      option,
      `"${value}" is not a size`,
      "Give WIDTHxHEIGHT, for example 1280x720, or use -vf scale=1280:-2.",
    );
  }
  return { width, height };
}

/** A plain name: letters, digits, `_ . + -`, at most 60. */
export function readWord(option: string, value: string): string {
  if (!/^[A-Za-z0-9_.+-]{1,60}$/.test(value)) {
    throw refuse(option, `"${value}" is not a plain name`, "Use letters, digits and _ . + - only.");
  }
  return value;
}

export function readOneOf(option: string, value: string, allowed: readonly string[]): string {
  if (!allowed.includes(value)) {
    throw refuse(option, `"${value}" is not one of its values`, `Use one of: ${allowed.join(", ")}.`);
  }
  return value;
}
