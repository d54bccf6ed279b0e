// Filters that see neighbours or change the frame rate, through a cluster of two clients: the output's frames and times
// are those of one run of plain ffmpeg with the same filters, and the proof counted them beforehand.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf, largestTimingError } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { hardCase } from "../support/media.ts";
import { outputOf } from "../support/programs.ts";

interface Row {
  readonly clip: string;
  readonly params: string;
  /** What plain ffmpeg is told for the same. */
  readonly chain: string | null;
  readonly options: readonly string[];
  readonly segments: number;
}

const FIELDS = { params: "-vf bwdif,fps=25", chain: "bwdif,fps=25", options: [], segments: 3 } as const;
const MADE = "fields.ts";

const ROWS = rowsOf<Row>(
  [{ ...FIELDS, clip: MADE }],
  // More than a thousand macroblocks a picture; and as filters-split.test.ts has it without a cluster.
  [
    { ...FIELDS, clip: "mbaff-576i25.ts" },
    {
      clip: "vfr-24-30-60-mix.mkv",
      params: "-r 30",
      chain: null,
      options: ["-r", "30", "-fps_mode", "cfr"],
      segments: 3,
    },
  ],
);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"] });
  await cluster.join("direct");
  await cluster.join("gateway", ["--source-access", "gateway"]);
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Three seconds of fields, bottom after top, in groups of half a second. */
async function makeFields(): Promise<string> {
  const path = cluster.path(MADE);
  const fields = ["-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=3,tinterlace=interleave_top,setfield=tff"];
  const coded = ["-c:v", "mpeg2video", "-threads", "1", "-flags", "+ilme+ildct", "-g", "12", "-bf", "2", "-q:v", "4"];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...fields, ...coded, path]);
  return path;
}

for (const [number, { clip, params, chain, options, segments }] of ROWS.entries()) {
  test(`${clip} ${params}: frames and times of one run`, async () => {
    const source = clip === MADE ? await makeFields() : await hardCase(clip);
    const output = cluster.path(`filtered-${number}.mov`);
    const request = `-c:v ffv1 -an ${params}`;
    const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", request, "--json"]);
    const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
    expect({ exitCode: ended.exitCode, event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({
      exitCode: 0,
      event: "completed",
    });
    const [want, got] = await Promise.all([framesOf(source, chain, ["-start_at_zero"], options), framesOf(output)]);
    expect(got.md5).toEqual([...want.md5]);
    // Plain ffmpeg is read in ticks of the source, which round; the proof compared in those of the grid.
    expect(largestTimingError(want, got)).toBeLessThanOrEqual(want.tick);
    const frames = want.md5.length;
    expect(last.proof?.frames).toEqual({ expected: frames, encoded: frames, in_output: frames });
    expect(last.proof?.exact).toBe(true);
    expect(last.proof?.pts).toEqual({ equal: true, max_error_ticks: 0 });
    expect(last.proof?.segments.length ?? 0).toBeGreaterThanOrEqual(segments);
    expect(last.proof?.notes.join()).not.toContain("filters");
  }, 180_000);
}
