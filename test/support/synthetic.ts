// Sources that are made where no real clip is needed: many key frames, moving pictures, cheap to encode.
import { copyFile, rename } from "node:fs/promises";
import { extname, join } from "node:path";
import { exists } from "../../src/base/files.ts";

export interface Synthetic {
  readonly frames: number;
  /** Frames from key frame to key frame. */
  readonly gop: number;
  readonly size?: string;
  readonly withSound?: boolean;
  /** Other encoders than H.264 and AAC, and their options. */
  readonly encoders?: readonly string[];
  /** Strength of the noise in the pictures, 20 when not given. */
  readonly noise?: number;
}

const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-sc_threshold", "0", "-c:a", "aac"];

/** Of one run of scripts/test.mjs: the same source is made once. */
const KEPT = process.env.FFCLUSTER_TEST_CACHE;

/** 25 frames per second of moving noise, in H.264 unless asked otherwise, and a tone. The name's ending gives the container. */
export async function makeSynthetic(path: string, about: Synthetic): Promise<void> {
  if (KEPT === undefined || KEPT === "") return await make(path, about);
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify(about)).digest("hex").slice(0, 16);
  const kept = join(KEPT, `${digest}${extname(path)}`);
  if (!(await exists(kept))) {
    const own = join(KEPT, `${digest}.${process.pid}${extname(path)}`);
    await make(own, about);
    await rename(own, kept);
  }
  await copyFile(kept, path);
}

async function make(path: string, about: Synthetic): Promise<void> {
  const { frames, gop, size = "320x180", withSound = false, noise = 20, encoders = H264 } = about;
  const video = `testsrc2=s=${size}:r=25,trim=end_frame=${frames},noise=alls=${noise}:allf=t:all_seed=3`;
  const sound = ["-f", "lavfi", "-i", `sine=f=440:r=48000:d=${frames / 25}`];
  const made = Bun.spawn([
    ...["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, ...(withSound ? sound : [])],
    ...[...encoders, "-g", String(gop), path],
  ]);
  if ((await made.exited) !== 0) throw new Error("could not make the source");
}
