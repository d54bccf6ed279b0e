// Builds the proof: facts in, JSON report out. Pure. `exact` is true only when every check holds.

import { commonHeaders } from "../ffmpeg/codecs.ts";
import type { EncoderFamily } from "../model/encoder-family.ts";
import type { Proof, ProofCheck, ProofSegment } from "../model/proof.ts";
import type { SegmentFacts } from "../model/segment.ts";
import type { SourceInfo } from "../model/source.ts";
import { UNBOUNDED_LEAD_SECONDS } from "../plan/frame-timing.ts";
import { proofStream, type StreamPlan } from "../plan/stream-plan.ts";
import { codecOfEncoder } from "../request/tables/encoders.ts";
import { BITRATE_CHECKS } from "./check-bitrate.ts";
import type { OutputCheck } from "./check-output.ts";
import { pictureSize } from "./picture-size.ts";
import { pixelFormat } from "./pixel-format.ts";

export interface ProofInput {
  readonly jobId: string;
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  /** Number of frames by the index or the reference decode. */
  readonly framesExpected: number;
  readonly segments: readonly ProofSegment[];
  readonly facts: readonly SegmentFacts[];
  /** Boundaries at which both neighbours' pictures are known, and those where they differ. */
  readonly seams: { readonly compared: number; readonly problems: readonly string[] };
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string };
  readonly outputCheck: OutputCheck;
  readonly encoder: { readonly name: string; readonly family: EncoderFamily; readonly versions: readonly string[] };
  readonly wallSeconds: number;
  readonly notes: readonly string[];
  /** The source has no frame times, and the frames were not counted by decoding (`--exactly=false`). */
  readonly isUncounted: boolean;
  /** A filter of unbounded memory that was split nevertheless (`--exactly=false`). */
  readonly inexactFilter: string | null;
  /** Whether the output keeps the requested bit rate and buffer; empty when none was requested. */
  readonly bitrateChecks: readonly ProofCheck[];
}

function segmentChecks(input: ProofInput): ProofCheck[] {
  const encoded = input.facts.reduce((sum, facts) => sum + facts.frames, 0);
  const inOrder = input.facts.every((facts, index) => {
    const next = input.facts[index + 1];
    return next === undefined || next.firstPts > facts.lastPts;
  });
  return [
    {
      name: "segments verified",
      ok: input.segments.length > 0 && input.facts.length === input.segments.length && encoded === input.framesExpected,
      detail: `${input.facts.length} segments, ${encoded} of ${input.framesExpected} frames`,
    },
    {
      name: "segments in order",
      ok: inOrder,
      detail: inOrder ? "each begins after the one before it ends" : "segments overlap",
    },
    {
      name: "seams",
      ok: input.seams.problems.length === 0,
      detail:
        input.seams.problems[0] ??
        `neighbours decoded the same picture at ${input.seams.compared} of ${Math.max(0, input.segments.length - 1)} boundaries`,
    },
    parameterSets(input),
    pictureSize(input.facts, input.outputCheck.pictureSize),
    pixelFormat(input.facts, input.outputCheck.pixelFormat),
  ];
}

/** A decoder that reads headers only once decodes wrongly when segments have different ones. */
function parameterSets(input: ProofInput): ProofCheck {
  const sets = new Set(input.facts.map(({ extradataSha256 }) => extradataSha256)).size;
  const ok = sets <= 1 || commonHeaders(codecOfEncoder(input.encoder.name)) !== "global";
  return { name: "parameter sets", ok, detail: describeParameterSets(input) };
}

/** Which clients made which parameter sets: they differ between encoders and between versions of one. */
function describeParameterSets({ facts, segments }: ProofInput): string {
  const makers = new Map<string | null, Map<string, number>>();
  for (const [position, { extradataSha256 }] of facts.entries()) {
    const segment = segments[position];
    const maker = segment === undefined ? "?" : `${segment.client} (${segment.encoder})`;
    const counts = makers.get(extradataSha256) ?? new Map<string, number>();
    makers.set(extradataSha256, counts.set(maker, (counts.get(maker) ?? 0) + 1));
  }
  const count = `${makers.size} different set${makers.size === 1 ? "" : "s"}, carried in-band where the codec needs it`;
  if (makers.size < 2) return count;
  const sets = [...makers].map(([digest, counts]) => {
    const by = [...counts].map(([maker, segmentCount]) => `${maker} ${segmentCount}`).join(", ");
    return `${digest?.slice(0, 8) ?? "none"}: ${by}`;
  });
  return `${count}: ${sets.slice(0, 8).join("; ")}`;
}

function accountedStreams(input: ProofInput): ProofCheck {
  const known = input.plan.streams.length + input.plan.leftOut.length;
  return {
    name: "streams accounted for",
    ok: known === input.info.streams.length,
    detail: `${input.plan.streams.length} kept, ${input.plan.leftOut.length} left out, of ${input.info.streams.length}`,
  };
}

const COUNTED_CHECK = "frames counted";
const MEMORY_CHECK = "filters see all frames";
/** The checks whose failure a user can accept beforehand. */
export const ACCEPTED_CHECKS: ReadonlySet<string> = new Set([COUNTED_CHECK, MEMORY_CHECK]);

function countedCheck(input: ProofInput): ProofCheck[] {
  if (!input.isUncounted) return [];
  const detail = "--exactly=false: the expected number is what the segments hold, nothing was counted independently";
  return [{ name: COUNTED_CHECK, ok: false, detail }];
}

function memoryCheck({ inexactFilter }: ProofInput): ProofCheck[] {
  if (inexactFilter === null) return [];
  const detail = `--exactly=false: ${inexactFilter} depends on all frames before, and saw ${UNBOUNDED_LEAD_SECONDS} s of them at each join`;
  return [{ name: MEMORY_CHECK, ok: false, detail }];
}

function missedBitrates(checks: readonly ProofCheck[]): string[] {
  return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `the ${name} asked for is not kept: ${detail ?? ""}`);
}

export function buildProof(input: ProofInput): Proof {
  const checks = [
    ...segmentChecks(input),
    ...input.outputCheck.checks,
    accountedStreams(input),
    ...countedCheck(input),
    ...memoryCheck(input),
    ...input.bitrateChecks,
  ];
  return {
    job_id: input.jobId,
    exact: checks.every((check) => check.ok || BITRATE_CHECKS.has(check.name)),
    frames: {
      expected: input.framesExpected,
      encoded: input.facts.reduce((sum, facts) => sum + facts.frames, 0),
      in_output: input.outputCheck.framesInOutput,
    },
    pts: input.outputCheck.pts,
    av_offset_error_ms: input.outputCheck.avOffsetErrorMs,
    streams: {
      in: input.info.streams.map(proofStream),
      out: input.outputCheck.streamsOut,
      left_out: input.plan.leftOut.map(({ source, reason }) => ({ ...proofStream(source), reason })),
    },
    lost: input.outputCheck.lost,
    segments: input.segments,
    wall_seconds: input.wallSeconds,
    checks,
    encoder: input.encoder,
    output: input.output,
    notes: [...input.notes, ...input.outputCheck.notes, ...missedBitrates(input.bitrateChecks)],
  };
}
