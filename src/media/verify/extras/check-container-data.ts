// Compares container data about the picture other than its colours (360° projection, stereo, HDR10, timecode) with the
// source's. Missing data is reported as lost; data that differs fails the job. Pure.
import { parseRational } from "../../../base/rational.ts";
import type { ProofCheck } from "../../model/proof.ts";

type SideData = Readonly<Record<string, unknown>>;

export interface ContainerData {
  readonly sideData: readonly SideData[];
  /** Null: none. */
  readonly timecode: string | null;
  /** Frames a second that the container states; null: none. */
  readonly frameRate: number | null;
}

export interface ContainerDataCheck {
  readonly checks: readonly ProofCheck[];
  readonly lost: readonly string[];
}

/** The display matrix is applied on decoding; the other entry describes the source's own encoder. */
const NOT_CARRIED: ReadonlySet<unknown> = new Set(["Display Matrix", "CPB properties"]);
/** Matroska keeps binary fractions, AV1 has its own (AV1 6.7.4). */
const SAME_NUMBER = 1e-3;

function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const parsed = typeof value === "string" ? parseRational(value) : null;
  return parsed === null ? null : parsed.num / parsed.den;
}

function isSameValue(a: unknown, b: unknown): boolean {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === null || y === null) return a === b;
  return Math.abs(x - y) <= SAME_NUMBER * Math.max(1, Math.abs(x));
}

/** The fields that both versions of ffprobe print. */
function differing(own: SideData, kept: SideData): string[] {
  return Object.keys(own).filter((key) => key in kept && !isSameValue(own[key], kept[key]));
}

function sideDataCheck(source: ContainerData, output: ContainerData, container: string): ContainerDataCheck {
  const wanted = source.sideData.filter(({ side_data_type: type }) => type !== undefined && !NOT_CARRIED.has(type));
  if (wanted.length === 0) return { checks: [], lost: [] };
  const kept: string[] = [];
  const lost: string[] = [];
  const wrong: string[] = [];
  for (const own of wanted) {
    const type = String(own.side_data_type);
    const found = output.sideData.find((each) => each.side_data_type === own.side_data_type);
    const fields = found === undefined ? [] : differing(own, found);
    if (found === undefined) lost.push(`"${type}" of the source's container is not in the ${container}`);
    else if (fields.length > 0) wrong.push(`${type}: ${fields.join(", ")} differ`);
    else kept.push(`${type} as in the source`);
  }
  const detail = [...wrong, ...kept, ...lost].join("; ");
  return { checks: [{ name: "container data", ok: wrong.length === 0, detail }], lost };
}

/** Semicolon and dot mean the same (SMPTE ST 12-1 drop-frame). */
function spelled(timecode: string): string {
  return timecode.replace(/[;.](?=\d+$)/, ";");
}

/** A rate with fewer frames per second than the timecode counts: ffmpeg then carries over into the next second. */
function canNumber(timecode: string, frameRate: number | null): boolean {
  const frame = Number(/(\d+)$/.exec(timecode)?.[1] ?? 0);
  return frameRate === null || frame < Math.round(frameRate);
}

function timecodeCheck(wanted: string | null, output: ContainerData, container: string): ContainerDataCheck {
  if (wanted === null) return { checks: [], lost: [] };
  const name = "timecode";
  if (output.timecode === null) {
    const lost = `the timecode ${wanted} is not in the ${container}`;
    return { checks: [{ name, ok: true, detail: `lost: ${lost}` }], lost: [lost] };
  }
  if (spelled(output.timecode) === spelled(wanted)) {
    return { checks: [{ name, ok: true, detail: `${wanted} as in the source` }], lost: [] };
  }
  const changed = `the timecode is ${output.timecode} where the source has ${wanted}`;
  const isRates = !canNumber(wanted, output.frameRate);
  return { checks: [{ name, ok: isRates, detail: changed }], lost: [changed] };
}

/** `timecode`: the planned one. */
export function compareContainerData(
  source: { readonly sideData: readonly SideData[]; readonly timecode: string | null },
  output: ContainerData,
  container: string,
): ContainerDataCheck {
  const beside = sideDataCheck({ ...source, frameRate: null }, output, container);
  const timecode = timecodeCheck(source.timecode, output, container);
  return { checks: [...beside.checks, ...timecode.checks], lost: [...beside.lost, ...timecode.lost] };
}
