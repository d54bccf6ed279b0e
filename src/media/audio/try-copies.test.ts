import { expect, test } from "bun:test";
import type { Container, SourceInfo } from "../model/source.ts";
import type { StreamAction } from "../plan/stream-decision.ts";
import { encodedInstead, type PlannedStream, type StreamPlan } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { copyTrialArgs, demandsCopies, mustTryCopies } from "./try-copies.ts";

const info = (formatName: string) => ({ formatName }) as SourceInfo;

function plan(container: Container, ...actions: StreamAction[]): StreamPlan {
  const streams = actions.map((action, index) => {
    const type = action.kind === "encode-video" ? "video" : "audio";
    return { source: { index, type }, number: Math.max(0, index - 1), action } as PlannedStream;
  });
  return { container, streams } as unknown as StreamPlan;
}

const VIDEO: StreamAction = { kind: "encode-video" };
const COPY: StreamAction = { kind: "copy" };
const FLAC = { kind: "encode-audio", encoder: "flac", settings: {}, file: 0 } as unknown as StreamAction;

test("only copies of packets that are rewritten on their way are tried", () => {
  expect(mustTryCopies(info("mpegts"), plan("mkv", VIDEO, COPY))).toBe(true);
  expect(mustTryCopies(info("mpegts"), plan("mkv", VIDEO, FLAC))).toBe(false);
  expect(mustTryCopies(info("matroska,webm"), plan("mp4", VIDEO, COPY))).toBe(false);
  expect(mustTryCopies(info("matroska,webm"), plan("ts", VIDEO, COPY))).toBe(true);
});

test("a copy that the request demands is tried before work, one that may be encoded instead is not", () => {
  const demands = (params: string, ...actions: StreamAction[]) =>
    demandsCopies(parseEncodeParams(`-c:v libx264 ${params}`), plan("mkv", VIDEO, ...actions));
  expect([demands("-c:a copy", COPY), demands("", COPY), demands("-c:a copy", FLAC)]).toEqual([true, false, false]);
});

test("the trial is the muxer's own work on the copied streams alone", () => {
  expect(copyTrialArgs(info("mpegts"), "mp4", [1, 3], "file:/in.ts")).toEqual([
    ...["-hide_banner", "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", "mpegts"],
    ...["-f", "mpegts", "-i", "file:/in.ts", "-map", "0:1", "-map", "0:3", "-c", "copy"],
    ...["-map_metadata", "-1", "-map_chapters", "-1", "-strict", "-2"],
    ...["-max_interleave_delta", "0", "-f", "mp4", "-y", process.platform === "win32" ? "\\\\.\\nul" : "/dev/null"],
  ]);
});

test("what is encoded instead gets a file of its own, in the order of the output", () => {
  const { streams } = encodedInstead(plan("mkv", VIDEO, COPY, FLAC, COPY), [1]);
  expect(streams.map(({ action }) => action)).toMatchObject([
    VIDEO,
    { kind: "encode-audio", encoder: "aac", file: 0 },
    { kind: "encode-audio", encoder: "flac", file: 1 },
    COPY,
  ]);
});
