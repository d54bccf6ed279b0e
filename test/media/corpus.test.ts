// `npm run test:media`: lossless identity of every clip of the corpus, through a server and two clients (one reads the
// file, one goes through the gateway). A table at the end says of each clip: exact, refused or failed, and why.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Proof } from "../../src/media/types.ts";
import { Cluster, type Ended } from "../support/cluster.ts";
import { type Clip, corpus } from "../support/corpus.ts";
import { type Frames, framesOf, largestTimingError } from "../support/frames.ts";

/** The long ones are minutes of 1080p. */
const SUBMIT_WITHIN_MS = 300_000;
/** Never to be reached: Bun then ends every process of the test, the cluster among them. */
const CLIP_WITHIN_MS = SUBMIT_WITHIN_MS + 900_000;

type Outcome = "exact" | "refused" | "failed" | "WRONG";

interface Row {
  readonly clip: Clip;
  readonly outcome: Outcome;
  readonly frames: number | null;
  readonly segments: number | null;
  readonly seconds: number;
  readonly reason: string;
}

interface LastEvent {
  readonly event?: string;
  readonly job_id?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly proof?: Proof;
}

const { clips, missing } = await corpus();
const rows: Row[] = [];
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1.5", "--max-segment-duration", "1.5", "--retry-delay", "0"] });
  await cluster.join("direct", ["--source-access", "direct"]);
  await cluster.join("gateway", ["--source-access", "gateway"]);
}, 60_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  printTable();
});

interface Picture {
  readonly codec: string;
  readonly format: string;
  readonly pixels: number;
  readonly hasAlpha: boolean;
}

async function pictureOf(clip: Clip): Promise<Picture> {
  const entries = "stream=codec_name,pix_fmt,width,height:stream_tags=alpha_mode";
  const asked = ["ffprobe", "-v", "error", "-select_streams", "V:0", "-show_entries", entries, "-of", "default=nw=1"];
  const child = Bun.spawn([...asked, `file:${clip.path}`], { stdout: "pipe", stderr: "ignore" });
  const lines = (await child.stdout.text())
    .split("\n")
    .map((line) => line.toLowerCase().split("=") as [string, string]);
  await child.exited; // a file without video has no lines, and the product is what must refuse it
  const told = new Map(lines);
  const pixels = Number(told.get("width")) * Number(told.get("height"));
  const [codec = "", format = ""] = [told.get("codec_name"), told.get("pix_fmt")];
  return { codec, format, pixels, hasAlpha: told.get("tag:alpha_mode") === "1" };
}

/** Full-range formats have no FFV1 form, and FFV1 of minutes of 1080p fills disks: both go to x264, lossless too. */
function losslessFor({ format, pixels }: Picture): string {
  const isLarge = pixels >= 1280 * 720 && /^yuv4[0-9]{2}p$/.test(format);
  return format.startsWith("yuvj") || isLarge ? "-c:v libx264 -qp 0 -preset ultrafast" : "-c:v ffv1";
}

/** FFV1 has no 12-bit form with alpha: the encoder is given 16 bits, and so is the yardstick. */
function comparedAs({ format }: Picture): string | null {
  return /^yuva4[0-9]{2}p12/.test(format) ? `format=${format.replace("p12", "p16")}` : null;
}

/** ffmpeg's own VP8 and VP9 decoders drop the alpha plane. */
function yardstickDecoder({ codec, hasAlpha }: Picture): string[] {
  return hasAlpha && (codec === "vp8" || codec === "vp9") ? ["-c:v", codec === "vp8" ? "libvpx" : "libvpx-vp9"] : [];
}

async function submit(clip: Clip, params: string, output: string): Promise<Ended> {
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const args = ["submit", clip.path, "-o", output, "--ffmpeg-params", params, "--json", ...where];
  const running = cluster.start("submit", args);
  const limit = setTimeout(() => running.kill("SIGKILL"), SUBMIT_WITHIN_MS);
  try {
    return { exitCode: await running.exited, stdout: running.stdout(), stderr: running.stderr() };
  } finally {
    clearTimeout(limit);
  }
}

/** Matroska's own tick, and a little for floating point. */
const MILLISECOND = 0.001_001;

/** Null: the output decodes to what the source decodes to. */
function differenceOf(want: Frames, got: Frames): string | null {
  if (want.md5.length !== got.md5.length) return `${got.md5.length} frames instead of ${want.md5.length}`;
  const at = want.md5.findIndex((md5, index) => md5 !== got.md5[index]);
  if (at >= 0) return `frame ${at} of ${want.md5.length} differs`;
  const error = largestTimingError(want, got);
  return error <= MILLISECOND ? null : `times differ by up to ${(error * 1000).toFixed(3)} ms`;
}

async function rowOf(clip: Clip): Promise<Row> {
  const startedAt = performance.now();
  const output = cluster.path(`${Bun.hash(clip.name).toString(36)}.mkv`);
  const picture = await pictureOf(clip);
  const ended = await submit(clip, losslessFor(picture), output);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) || "{}") as LastEvent;
  const row = (outcome: Outcome, reason: string, frames: number | null = null): Row => {
    const seconds = (performance.now() - startedAt) / 1000;
    return { clip, outcome, reason, frames, segments: last.proof?.segments.length ?? null, seconds };
  };
  try {
    if (last.event !== "completed" || last.proof === undefined) {
      const reason = last.error === undefined ? ended.stderr.trim() : `${last.error.code}: ${last.error.message}`;
      return row(last.job_id === undefined && ended.exitCode === 1 ? "refused" : "failed", reason);
    }
    const decoder = yardstickDecoder(picture);
    const [want, got] = await Promise.all([framesOf(clip.path, comparedAs(picture), decoder), framesOf(output)]);
    const difference = differenceOf(want, got);
    const { exact, checks } = last.proof;
    if (exact && difference?.includes("differs") && clip.kind === "damaged") {
      const again = await framesOf(clip.path, null, ["-threads", "1"]);
      const byChance = "its damaged pictures decode differently each time: count and times are equal";
      const onTime = largestTimingError(want, got) <= MILLISECOND;
      if (onTime && differenceOf(want, again) !== null) return row("exact", byChance, want.md5.length);
    }
    if (exact) return row(difference === null ? "exact" : "WRONG", difference ?? "", want.md5.length);
    const unmet = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name} (${detail ?? ""})`);
    return row(
      "failed",
      `${difference ?? "frames and times equal"}, but not proven: ${unmet.join("; ")}`,
      want.md5.length,
    );
  } finally {
    await rm(output, { force: true });
  }
}

/** What a clip of each kind may end as. "WRONG", an output called exact that is not, is never among them. */
const ALLOWED: Readonly<Record<Clip["kind"], readonly Outcome[]>> = {
  clean: ["exact"],
  damaged: ["exact", "failed", "refused"],
  "no-video": ["refused"],
};

/** Clean clips that fail today, each with a part of the reason it must give. */
const NOT_YET: Readonly<Record<string, RegExp>> = {
  "dup-timestamps.mkv": /two frames share one timestamp/,
  "ts-resolution-change.ts": /E_NOT_EXACT/,
};

function isAllowed({ clip, outcome, reason }: Row): boolean {
  const excuse = NOT_YET[clip.name];
  if (excuse !== undefined) return outcome === "failed" && excuse.test(reason);
  return ALLOWED[clip.kind].includes(outcome);
}

function printTable(): void {
  const widest = Math.max(4, ...rows.map(({ clip }) => clip.name.length));
  const lines = rows.map(({ clip, outcome, frames, segments, seconds, reason }) =>
    [
      clip.name.padEnd(widest),
      clip.kind.padEnd(8),
      outcome.padEnd(7),
      String(frames ?? "").padStart(6),
      String(segments ?? "").padStart(4),
      `${seconds.toFixed(1)} s`.padStart(8),
      reason.replaceAll(/\s+/g, " ").slice(0, 200),
    ].join("  "),
  );
  const counts = (["exact", "refused", "failed", "WRONG"] as const).map(
    (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  const absent = missing.length === 0 ? "" : `, not here: ${missing.join(" ")}`;
  process.stderr.write(
    `\n${lines.join("\n")}\n\n${rows.length} of ${clips.length} clips: ${counts.join(", ")}${absent}\n`,
  );
}

for (const clip of clips) {
  test(
    `${clip.name} (${clip.kind})`,
    async () => {
      const row = await rowOf(clip);
      rows.push(row);
      expect({ ...row, isAllowed: isAllowed(row) }).toMatchObject({ isAllowed: true });
    },
    CLIP_WITHIN_MS,
  );
}
