// Sources that are made where no real clip is needed: many key frames, moving pictures, cheap to encode.

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

/** 25 frames per second of moving noise, in H.264 unless asked otherwise, and a tone. The name's ending gives the container. */
export async function makeSynthetic(path: string, about: Synthetic): Promise<void> {
  const { frames, gop, size = "320x180", withSound = false, noise = 20, encoders = H264 } = about;
  const video = `testsrc2=s=${size}:r=25,trim=end_frame=${frames},noise=alls=${noise}:allf=t:all_seed=3`;
  const sound = ["-f", "lavfi", "-i", `sine=f=440:r=48000:d=${frames / 25}`];
  const made = Bun.spawn([
    ...["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, ...(withSound ? sound : [])],
    ...[...encoders, "-g", String(gop), path],
  ]);
  if ((await made.exited) !== 0) throw new Error("could not make the source");
}
