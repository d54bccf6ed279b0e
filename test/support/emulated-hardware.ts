// EMULATED hardware, for tests on machines without any: an ffmpeg in front of the real one that answers for one
// hardware encoder by running libx264, libx265 or SVT-AV1 with its options translated, and fails as the real one fails. Run as
// a program by the launchers that `emulatedFfmpeg` writes, which hand to the real ffmpeg what does not name the encoder.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inheritedFiles } from "../../src/base/process/inherited-files.ts";

export interface Emulation {
  readonly encoder: "h264_nvenc" | "hevc_nvenc" | "av1_nvenc" | "h264_vaapi";
  /** Encodes at a time that its driver allows, as with consumer NVENC; null: any number. */
  readonly sessions: number | null;
  /** The device is lost after so many encodes of segments; null: never. */
  readonly lostAfter: number | null;
  /** After so many encodes of segments the next ones wait, without an end; absent: never. */
  readonly waitsAfter?: number;
}

/** Makes a folder for FFCLUSTER_FFMPEG_DIR; counters and sessions of the emulated device are kept in it. */
export async function emulatedFfmpeg(folder: string, emulation: Emulation): Promise<string> {
  await mkdir(folder, { recursive: true });
  const real = { ffmpeg: Bun.which("ffmpeg"), ffprobe: Bun.which("ffprobe") };
  if (real.ffmpeg === null || real.ffprobe === null) throw new Error("ffmpeg and ffprobe are needed on PATH");
  const settings = JSON.stringify({ ...emulation, folder, real: real.ffmpeg });
  const exec = (words: readonly string[]) =>
    `exec ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")} "$@"`;
  const launcher = (...lines: readonly string[]) => ["#!/bin/sh", ...lines, ""].join("\n");
  const emulated = exec([process.execPath, import.meta.path, settings]);
  const ffmpeg = join(folder, "ffmpeg");
  const ffprobe = join(folder, "ffprobe");
  await writeFile(
    ffmpeg,
    launcher(`for word; do [ "$word" = ${emulation.encoder} ] && ${emulated}; done`, exec([real.ffmpeg])),
  );
  await writeFile(ffprobe, launcher(exec([real.ffprobe])));
  await writeFile(join(folder, "encoder"), emulation.encoder);
  await chmod(ffmpeg, 0o755);
  await chmod(ffprobe, 0o755);
  return folder;
}

/** The environment that makes a program take them; the emulated device keeps its state where a sandbox lets nobody write. */
export function withEmulation(folder: string): { FFCLUSTER_FFMPEG_DIR: string; FFCLUSTER_SANDBOX: string } {
  return { FFCLUSTER_FFMPEG_DIR: folder, FFCLUSTER_SANDBOX: "off" };
}

/**
 * The encoder that the folder's ffmpeg emulates; null: another kind of ffmpeg. How many sessions it has makes no difference
 * to a client that tries encoders one after another.
 */
export async function emulatedEncoderIn(folder: string): Promise<string | null> {
  return await readFile(join(folder, "encoder"), "utf8").catch(() => null);
}

/** Encodes of segments that the emulated device has begun, and sessions that it refused. */
export function emulatedLog(folder: string): string[] {
  const path = join(folder, "log");
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

// ── the program ────────────────────────────────────────────────────────────────────────────────────────────────────

interface Settings extends Emulation {
  readonly folder: string;
  readonly real: string;
}

class Refusal extends Error {}

type Words = Readonly<Record<string, (value: string) => string[]>>;

function nvenc(preset: string, also: Words = {}): Words {
  return {
    "-cq": (value) => ["-crf", value],
    "-preset": () => ["-preset", preset],
    "-tune": () => [],
    "-rc": () => [],
    "-forced-idr": () => [],
    "-gpu": (value) => {
      if (value !== "0") throw new Refusal("[h264_nvenc @ 0x1] No capable devices found");
      return [];
    },
    ...also,
  };
}

/** Like the real ones before ffmpeg 8, none of these writes HDR10 metadata. */
const STAND_INS: Readonly<Record<Emulation["encoder"], readonly string[]>> = {
  h264_nvenc: ["-c:v", "libx264"],
  hevc_nvenc: ["-c:v", "libx265", "-x265-params", "log-level=error:open-gop=0"],
  av1_nvenc: ["-c:v", "libsvtav1"],
  h264_vaapi: ["-c:v", "libx264"],
};

/** Options of each emulated encoder: what becomes of them for its stand-in. Any other is an error, as with the real one. */
const OPTIONS: Readonly<Record<Emulation["encoder"], Words>> = {
  h264_nvenc: nvenc("ultrafast"),
  hevc_nvenc: nvenc("ultrafast"),
  av1_nvenc: nvenc("12", { "-profile:v": () => [], "-bf": () => [] }),
  h264_vaapi: {
    "-qp": (value) => ["-crf", value],
    "-rc_mode": () => [],
    "-compression_level": () => ["-preset", "ultrafast"],
    "-idr_interval": () => [],
  },
};
const SHARED = new Set(["-b:v", "-maxrate", "-bufsize", "-g", "-bf", "-profile:v", "-pix_fmt", "-frames:v", "-f"]);

/** The encoder's options run from `-c:v` to the muxer's; everything before and after stays, but for the device. */
function translate(args: readonly string[], { encoder }: Settings): string[] {
  const out: string[] = [];
  let isOfEncoder = false;
  for (let i = 0; i < args.length; i++) {
    const name = args[i] ?? "";
    const value = args[i + 1] ?? "";
    if (name === "-init_hw_device" || name === "-filter_hw_device") {
      i++;
    } else if (name === "-c:v" && value === encoder) {
      out.push(...STAND_INS[encoder]);
      isOfEncoder = true;
      i++;
    } else if (isOfEncoder && OPTIONS[encoder][name] !== undefined) {
      out.push(...(OPTIONS[encoder][name]?.(value) ?? []));
      i++;
    } else if (isOfEncoder && name === "-b:v" && value === "0") {
      i++;
    } else if (isOfEncoder && (name === "-fps_mode" || name === "-frames:v" || name === "-f")) {
      isOfEncoder = false;
      out.push(name);
    } else if (isOfEncoder && name.startsWith("-") && !SHARED.has(name)) {
      throw new Refusal(`Unrecognized option '${name.slice(1)}'.`);
    } else if (isOfEncoder && name.startsWith("-")) {
      out.push(name, value);
      i++;
    } else {
      out.push(name.replace(/format=(?:pix_fmts=)?(nv12|p010le),hwupload/, "format=yuv420p"));
    }
  }
  return out;
}

/** One file per session that is open, made by whoever comes first: of two at the same moment one gets it. */
function openSession({ folder, sessions }: Settings): () => void {
  const open = join(folder, "sessions");
  mkdirSync(open, { recursive: true });
  if (sessions === null) return () => {};
  for (let number = 0; number < sessions; number += 1) {
    const path = join(open, String(number));
    if (existsSync(path) && !isAlive(Number(readFileSync(path, "utf8")))) rmSync(path, { force: true });
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch {
      // somebody else holds this one
    }
  }
  appendFileSync(join(folder, "log"), "refused\n");
  throw new Refusal(
    "[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10): (no details)\n" +
      "[h264_nvenc @ 0x1] No capable devices found",
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ended without closing its session
  }
}

/** True when this one must wait. */
function beginEncode({ folder, lostAfter, waitsAfter }: Settings): boolean {
  const begun = emulatedLog(folder).filter((line) => line === "encode").length;
  if (lostAfter !== null && begun >= lostAfter) {
    throw new Refusal(
      "[h264_nvenc @ 0x1] cuCtxPushCurrent(ctx) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device",
    );
  }
  appendFileSync(join(folder, "log"), "encode\n");
  return waitsAfter !== undefined && begun >= waitsAfter;
}

/** As NVENC's H.264: at most 4096 samples wide. */
function checkSize(args: readonly string[]): void {
  const width = /size=(\d+)x/.exec(args.join(" "))?.[1];
  if (width !== undefined && Number(width) > 4096) throw new Refusal("[h264_nvenc @ 0x1] No capable devices found");
}

async function runEmulated(settings: Settings, args: readonly string[]): Promise<number> {
  let close = () => {};
  try {
    checkSize(args);
    const translated = translate(args, settings);
    close = openSession(settings);
    // A segment reads a source; a trial makes its own picture.
    if (!args.includes("lavfi") && beginEncode(settings)) await new Promise(() => setInterval(() => {}, 60_000));
    return await run(settings.real, translated);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    process.stderr.write(`${thrown.message}\nConversion failed!\n`);
    return 1;
  } finally {
    close();
  }
}

async function run(program: string, args: readonly string[]): Promise<number> {
  // The source is given to it open.
  const { descriptors, forProgram } = inheritedFiles(args);
  const stdio: [null, "inherit", "inherit", ...number[]] = [null, "inherit", "inherit", ...descriptors];
  const child = Bun.spawn([program, ...args.map(forProgram)], { stdio });
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => child.kill(name));
  return await child.exited;
}

if (import.meta.main) {
  const [settings = "{}", ...args] = process.argv.slice(2);
  process.exit(await runEmulated(JSON.parse(settings) as Settings, args));
}
