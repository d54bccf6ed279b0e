// The proof that an output is complete and exact, as it is written to proof.json.
import type { Pts } from "../../base/rational.ts";
import type { EncoderFamily } from "./encoder-family.ts";

/** fast: counts, times and digests. full: the output is decoded as well, every picture and every sound. */
export type VerifyMode = "fast" | "full";

export interface ProofCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface ProofSegment {
  readonly index: number;
  readonly start_pts: Pts;
  readonly end_pts: Pts;
  readonly frames: number;
  readonly sha256: string;
  readonly client: string;
  readonly encoder: string;
  readonly attempts: number;
  readonly seconds: number;
  readonly notes: readonly string[];
}

export interface ProofStream {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
}

/** The report that shows an output complete and exact; the shape is the CLI contract's, snake case on purpose. */
export interface Proof {
  readonly job_id: string;
  readonly exact: boolean;
  readonly frames: { readonly expected: number; readonly encoded: number; readonly in_output: number };
  readonly pts: { readonly equal: boolean; readonly max_error_ticks: number };
  readonly av_offset_error_ms: number | null;
  readonly streams: {
    readonly in: readonly ProofStream[];
    readonly out: readonly ProofStream[];
    readonly left_out: readonly (ProofStream & { readonly reason: string })[];
  };
  /** What of the source the output lacks beside whole streams, a sentence each; absent in proofs of earlier versions. */
  readonly lost?: readonly string[];
  readonly segments: readonly ProofSegment[];
  readonly wall_seconds: number;
  readonly checks: readonly ProofCheck[];
  readonly encoder: { readonly name: string; readonly family: EncoderFamily; readonly versions: readonly string[] };
  readonly output: { readonly name: string; readonly bytes: number; readonly sha256: string };
  readonly notes: readonly string[];
}
