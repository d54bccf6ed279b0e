// The rules of ffmpeg's output stage against ffmpeg itself: what `-r` shows of sources of several rates and containers,
// frame by frame. The rule is the one that this ffmpeg was found to follow.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodedFrames } from "../../../test/support/decoded.ts";
import { parseRational } from "../../base/rational.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { indexSource } from "../index/index-source.ts";
import { probeSource } from "../source/probe.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";
import { Durations } from "./find-cadence.ts";
import { framesShown, learnSyncRule } from "./learn-sync-rule.ts";
import { type SyncRule, syncOutput } from "./output-sync.ts";

const TIMEOUT_MS = 90_000;
let tools: Tools;
let folder: string;
let rule: SyncRule | null;

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-sync-"));
  rule = await learnSyncRule(tools, folder);
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("this ffmpeg follows a known rule", () => expect(rule).not.toBeNull());

test("a duration that ends on a half after a pause: up to 6.0 the time is a little later, and the picture stays", () => {
  const pts = [...Array.from({ length: 25 }, (_, number) => 20 * number), 800, 820, 840, 860];
  const source = {
    pts,
    durations: pts.map(() => 20),
    timeBase: { num: 1, den: 1000 },
    hasFilters: false,
    isAlone: true,
  };
  const rates = { rate: { num: 25, den: 1 }, sourceFrameRate: { num: 50, den: 1 } };
  const old = syncOutput({ ...source, ...rates, rule: "rounded" });
  expect([old?.begins.slice(-5), old?.frames]).toEqual([[14, 19, 21, 22, 23], 24]);
  const since = syncOutput({ ...source, ...rates, rule: "exact" });
  expect([since?.begins.slice(-5), since?.frames]).toEqual([[14, 19, 20, 21, 22], 23]);
});

const pictures = (rate: string) => `nullsrc=s=16x16:r=${rate}:d=2,geq=lum=mod(N*37\\,251):cb=mod(N\\,200):cr=128`;
const AS_MADE = ["-fps_mode", "passthrough", "-enc_time_base", "1/90000"];
/** Uneven distances, a gap of 0.7 s and a first frame at 0.3 s, while the sound begins at zero. */
const UNEVEN = "settb=1/1000,setpts=(N/24+0.01*mod(N*N\\,5)+0.7*gte(N\\,20)+0.3)/TB";
const SOURCES = [
  ["steady.mp4", pictures("24"), ["30", "10"]],
  ["rounded.mkv", pictures("24000/1001"), ["60"]],
  ["fast.ts", pictures("60"), ["24"]],
  ["uneven.mkv", `${pictures("24")},${UNEVEN}`, ["24000/1001", "12"]],
] as const;

for (const [name, graph, rates] of SOURCES) {
  test(
    `${name} at ${rates.join(", ")}`,
    async () => {
      const path = join(folder, name);
      const sound = ["-f", "lavfi", "-i", "sine=d=2"];
      const encoder = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-threads", "1"];
      const made = await runUnconfined({
        program: tools.ffmpeg,
        args: [
          ...["-v", "error", "-nostdin", "-f", "lavfi", "-i", graph, ...sound, ...AS_MADE],
          ...[...encoder, "-y", path],
        ],
      });
      expect(made.stderrTail).toBe("");
      const info = await probeSource(tools, path);
      const durations = new Durations();
      const index = await indexSource(tools, path, info, {
        onGops: () => undefined,
        onPacket: (packet) => durations.add(packet),
      });
      const times = index.framePts(null, null);
      const shift = clockShift(clockOffsetUs(info), info.video.timeBase);
      const both = ["-i", fileUrl(path), "-map", "0:v:0", "-map", "0:a:0", "-c:a", "copy"];
      const source = await decodedFrames(tools.ffmpeg, both);
      expect(new Set(source.map(({ md5 }) => md5)).size).toBe(times.length);
      for (const asked of rates)
        for (const chain of [[], ["-vf", "null"]]) {
          const rate = parseRational(asked);
          if (rate === null || rule === null) throw new Error("no rate, or no rule");
          const shown = syncOutput({
            rule,
            rate,
            timeBase: info.video.timeBase,
            sourceFrameRate: info.video.realFrameRate,
            pts: times.map((pts) => pts + shift),
            durations: times.map((pts) => durations.of(pts)),
            hasFilters: chain.length > 0,
            isAlone: false,
          });
          const planned = shown === null ? [] : framesShown(shown.begins, shown.first, shown.frames);
          const plain = await decodedFrames(tools.ffmpeg, [...both, ...chain, "-r", asked], "cfr");
          expect(plain.map(({ md5 }) => md5)).toEqual(planned.map((position) => source[position]?.md5 ?? ""));
        }
    },
    TIMEOUT_MS,
  );
}
