// Shows a proof as text, and what an output lacks. Pure: a proof in, text out.
import type { Proof } from "../../api/contract.ts";
import { formatBytes } from "./format.ts";
import { fields, type Look, PLAIN, table } from "./table.ts";
import { toneOf } from "./tones.ts";

type ProofStream = Proof["streams"]["in"][number];

function streamText({ index, type, codec, language }: ProofStream): string {
  return `${index} ${type} ${codec}${language === null ? "" : ` (${language})`}`;
}

/** A check says in its detail when it could look at only a part of its subject, or at none. */
function resultOf({ ok, detail }: Proof["checks"][number]): string {
  if (!ok) return "FAILED";
  if (detail?.startsWith("not measured") === true) return "not measured";
  return detail?.includes("not measured") === true ? "ok in part" : "ok";
}

function verdictOf({ exact, checks }: Proof): string {
  if (exact) return "exact: every frame once, at its time, every stream accounted for";
  return `NOT EXACT: ${checks.flatMap((check) => (check.ok ? [] : [check.name])).join(", ")}`;
}

/** Most lines that `submit` prints at its end on what the output lacks. */
const MOST_LACKS = 10;

/** What the output lacks of the source, a line each; `ffcluster jobs proof` shows everything. */
export function lackLines({ streams, lost, job_id: jobId }: Proof): string[] {
  const lines = [
    ...streams.left_out.map((stream) => `left out: ${streamText(stream)}: ${stream.reason}`),
    ...(lost ?? []).map((loss) => `lost: ${loss}`),
  ];
  const more = lines.length - MOST_LACKS;
  if (more <= 0) return lines;
  return [...lines.slice(0, MOST_LACKS), `${more} more: ffcluster jobs proof ${jobId}`];
}

export function proofText(proof: Proof, look: Look = PLAIN): string {
  const { frames, pts, streams, output } = proof;
  const offset = proof.av_offset_error_ms;
  const head = fields(
    [
      ["job", proof.job_id],
      ["verdict", verdictOf(proof)],
      ["frames", `${frames.expected} expected, ${frames.encoded} encoded, ${frames.in_output} in the output`],
      ["PTS", `${pts.equal ? "equal" : "NOT EQUAL"}, largest error ${pts.max_error_ticks} ticks`],
      ["A/V offset", offset === null ? "not measured" : `${offset.toFixed(2)} ms from the source's at worst`],
      ["in the source", streams.in.map(streamText).join(", ")],
      ["in the output", streams.out.map(streamText).join(", ")],
      ...streams.left_out.map((stream): [string, string] => ["left out", `${streamText(stream)}: ${stream.reason}`]),
      ...(proof.lost ?? []).map((loss): [string, string] => ["lost", loss]),
      ["encoder", `${proof.encoder.name} (${proof.encoder.family}), ffmpeg ${proof.encoder.versions.join(", ")}`],
      ["output", `${output.name}, ${formatBytes(output.bytes)}, sha256 ${output.sha256}`],
      ["wall time", `${proof.wall_seconds.toFixed(1)} s`],
      ...proof.notes.map((note): [string, string] => ["note", note]),
    ],
    look.width,
  );
  const checks = table(
    [{ title: "CHECK" }, { title: "RESULT", tone: toneOf }, { title: "DETAIL", wraps: true }],
    proof.checks.map((check) => [check.name, resultOf(check), check.detail ?? ""]),
    look,
  );
  const segments = table(
    [
      { title: "SEGMENT", align: "right" },
      { title: "FRAMES", align: "right", drop: 3 },
      { title: "CLIENT", shorten: 20 },
      { title: "TRIES", align: "right", drop: 1 },
      { title: "SECONDS", align: "right", drop: 2 },
      { title: "NOTES", wraps: true },
    ],
    proof.segments.map((segment) => [
      String(segment.index),
      String(segment.frames),
      segment.client,
      String(segment.attempts),
      segment.seconds.toFixed(1),
      segment.notes.join("; "),
    ]),
    look,
  );
  return `${head}\n${checks}\n${segments}`;
}
