// `--skip-if`: which sources are left as they are. Pure.
import { BadValue } from "../../base/config/option.ts";
import type { SourceFacts } from "../wiring/source-facts.ts";

export type SkipRule =
  /** The source's codec; null: the one that the request makes. */
  | { readonly kind: "codec"; readonly codec: string | null }
  | { readonly kind: "bitrate"; readonly bitsPerSecond: number }
  | { readonly kind: "size"; readonly bytes: number }
  /** The same bytes have an output already. */
  | { readonly kind: "in-output" };

const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

function amountOf(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,12}(?:\.\d{1,6})?)([kmg]i?)?$/i.exec(text) ?? [];
  if (number === "") throw new BadValue(`expected a number such as 4M, not ${JSON.stringify(text)}`);
  return Number(number) * (FACTORS[unit.toLowerCase()] ?? 1);
}

/** ffprobe's names by what people write. */
const CODECS: Readonly<Record<string, string>> = { h265: "hevc", x265: "hevc", x264: "h264", avc: "h264" };

/** Throws BadValue. */
export function parseSkipRule(text: string): SkipRule {
  const rule = text.replaceAll(" ", "").toLowerCase();
  if (rule === "codec") return { kind: "codec", codec: null };
  if (rule === "in-output") return { kind: "in-output" };
  const [, codec] = /^codec=([a-z0-9_]+)$/.exec(rule) ?? [];
  if (codec !== undefined) return { kind: "codec", codec: CODECS[codec] ?? codec };
  const [, what, amount = ""] = /^(bitrate|size)<(.+)$/.exec(rule) ?? [];
  if (what === "bitrate") return { kind: "bitrate", bitsPerSecond: amountOf(amount) };
  if (what === "size") return { kind: "size", bytes: amountOf(amount) };
  throw new BadValue('expected codec, codec=NAME, "bitrate<4M", "size<100M" or in-output');
}

export function mustProbe(rules: readonly SkipRule[]): boolean {
  return rules.some(({ kind }) => kind === "codec" || kind === "bitrate");
}

export interface SkipFacts {
  readonly bytes: number;
  /** Null: ffprobe was not asked, or refuses the file. */
  readonly probed: SourceFacts | null;
  /** The codec that the request makes. */
  readonly madeCodec: string;
}

/** Why the source is left as it is; null: no rule holds. in-output is not looked at. */
export function whySkip(rules: readonly SkipRule[], { bytes, probed, madeCodec }: SkipFacts): string | null {
  for (const rule of rules) {
    if (rule.kind === "size" && bytes < rule.bytes) return "smaller than --skip-if says";
    if (probed === null) continue;
    if (rule.kind === "codec" && probed.codec === (rule.codec ?? madeCodec)) return `already ${probed.codec}`;
    if (rule.kind !== "bitrate" || probed.bitsPerSecond === null) continue;
    if (probed.bitsPerSecond < rule.bitsPerSecond) return "bit rate below --skip-if";
  }
  return null;
}
