// Sources that are made where no real clip is needed: many key frames, moving pictures, cheap to encode.

export interface Synthetic {
  readonly frames: number;
  /** Frames from key frame to key frame. */
  readonly gop: number;
  readonly size?: string;
  readonly withSound?: boolean;
}

/** 25 frames per second of moving noise in H.264, and a tone. */
export async function makeSynthetic(path: string, about: Synthetic): Promise<void> {
  const { frames, gop, size = "320x180", withSound = false } = about;
  const video = `testsrc2=s=${size}:r=25,trim=end_frame=${frames},noise=alls=20:allf=t:all_seed=3`;
  const sound = ["-f", "lavfi", "-i", `sine=f=440:r=48000:d=${frames / 25}`, "-c:a", "aac"];
  const made = Bun.spawn([
    ...["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, ...(withSound ? sound : [])],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-g", String(gop), "-sc_threshold", "0", path],
  ]);
  if ((await made.exited) !== 0) throw new Error("could not make the source");
}
