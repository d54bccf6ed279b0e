// Parses ffmpeg's `-progress` output (key=value lines; a block ends with `progress=`).

export interface Progress {
  readonly frames: number;
  readonly fps: number;
  /** Microseconds of output; null until the first frame is out. */
  readonly outTimeUs: number | null;
  readonly done: boolean;
}

/** Takes single lines; returns a Progress at the end of each block, otherwise null. */
export function createProgressParser(): (line: string) => Progress | null {
  let frames = 0;
  let fps = 0;
  let outTimeUs: number | null = null;
  return (line) => {
    const separator = line.indexOf("=");
    if (separator === -1) return null;
    const value = line.slice(separator + 1).trim();
    switch (line.slice(0, separator).trim()) {
      case "frame":
        frames = Number.parseInt(value, 10) || 0;
        return null;
      case "fps":
        fps = Number.parseFloat(value) || 0;
        return null;
      case "out_time_us": {
        const microseconds = Number.parseInt(value, 10);
        outTimeUs = Number.isNaN(microseconds) ? null : microseconds;
        return null;
      }
      case "progress":
        return { frames, fps, outTimeUs, done: value === "end" };
      default:
        return null;
    }
  };
}
