// The full check of an output: decodes it once, as a player would, and compares every picture with those of its
// segments, each decoded alone. Streams: keeps neither pictures nor files.
import { AppError } from "../../../base/errors.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { decodeErrors, lastWords } from "../../ffmpeg/stderr.ts";
import { fileUrl, inputFiles, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import { SEGMENT_DEMUXERS } from "../../segment/verify-segment.ts";
import { OUTPUT_DEMUXERS } from "../output-packets.ts";
import { FrameComparer, type Side } from "./frame-comparer.ts";

export interface FullCheckInput {
  /** In order of time. */
  readonly segmentPaths: readonly string[];
  readonly outputPath: string;
  readonly frames: number;
  /** The decoder that keeps what the encoder wrote (alpha); null: ffmpeg's choice. */
  readonly decoder: string | null;
  readonly onProgress?: (framesDone: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const FULL_CHECK = "decoded frames";

/** One line per picture. murmur3 is as fast as memory; MD5 would cost more than the decoding. */
function decodeArgs(path: string, formats: string, decoder: string | null): string[] {
  return [
    ...QUIET,
    ...inputGuards({ formats, kind: "file" }),
    ...(decoder === null ? [] : ["-c:v", decoder]),
    ...["-i", fileUrl(path), "-map", "0:v:0", "-fps_mode", "passthrough"],
    ...["-f", "framehash", "-hash", "murmur3", "pipe:1"],
  ];
}

/** The decoder's complaint, or null. Errors: E_INTERRUPTED. */
async function decode(
  tools: Tools,
  args: readonly string[],
  onDigest: (digest: string) => void,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: inputFiles(args),
    writes: [],
    args,
    signal,
    onLine: (line) => {
      if (line.startsWith("#")) return;
      const digest = line.split(",")[5]?.trim();
      if (digest !== undefined) onDigest(digest);
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the check was stopped", "Submit the job again.");
  if (result.exitCode !== 0) return lastWords(result.stderrTail);
  return decodeErrors(result.stderrTail, false)[0] ?? null;
}

/** A named check, which fails for a picture that differs, is missing, or draws a complaint from the decoder. */
export async function checkDecodedFrames(tools: Tools, input: FullCheckInput): Promise<ProofCheck> {
  const comparer = new FrameComparer();
  const problems: string[] = [];
  const take = (side: Side) => (digest: string) => {
    comparer.add(side, digest);
    if (side === "output") input.onProgress?.(comparer.counts.output);
  };
  const decodeOutput = async () => {
    const args = decodeArgs(input.outputPath, OUTPUT_DEMUXERS, input.decoder);
    const complaint = await decode(tools, args, take("output"), input.signal);
    if (complaint !== null) problems.push(`decoding the output: ${complaint}`);
  };
  const decodeSegments = async () => {
    for (const [number, path] of input.segmentPaths.entries()) {
      const args = decodeArgs(path, SEGMENT_DEMUXERS, input.decoder);
      const complaint = await decode(tools, args, take("segments"), input.signal);
      if (complaint !== null) problems.push(`decoding segment ${number}: ${complaint}`);
    }
  };
  await Promise.all([decodeOutput(), decodeSegments()]);
  const { counts, differing, firstDifference } = comparer;
  if (counts.output !== input.frames || counts.segments !== input.frames)
    problems.unshift(
      `${counts.output} pictures decoded from the output, ${counts.segments} from its segments, ${input.frames} planned`,
    );
  if (differing > 0)
    problems.unshift(
      `${differing} pictures differ from those of their segments, the first is frame ${firstDifference}`,
    );
  return {
    name: FULL_CHECK,
    ok: problems.length === 0 && comparer.isEqual,
    detail: problems.join("; ") || `all ${counts.output} pictures are those of the segments decoded by themselves`,
  };
}
