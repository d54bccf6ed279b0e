// SMPTE timecode arithmetic as in libavutil/timecode.c: the timecode a number of frames after another.

/** At most so many frames a second, so that libavutil's 32-bit frame count holds a hundred hours. */
const MOST_FPS = 300;

interface Timecode {
  /** Frames since 00:00:00:00. */
  readonly frames: number;
  /** Whole numbers are counted: 30 at 29.97. */
  readonly fps: number;
  /** What stands before the frames; anything but a colon means drop-frame. */
  readonly separator: string;
}

/** Numbers that are left out at the start of every minute but each tenth (SMPTE ST 12-1). */
function droppedAMinute({ fps, separator }: Pick<Timecode, "fps" | "separator">): number {
  return separator === ":" ? 0 : (fps / 30) * 2;
}

/** fps_from_frame_rate: to the nearest whole number, halves up. Null: not a rate, or one that is out of bounds. */
function countedFps(rate: string): number | null {
  const [, whole = "", decimals = "", under = "1"] = /^(\d{1,7})(?:\.(\d{1,3})|[/:](\d{1,7}))?$/.exec(rate) ?? [];
  const num = Number(`${whole}${decimals}`);
  const den = Number(under) * 10 ** decimals.length;
  const fps = Math.floor((num + Math.floor(den / 2)) / den);
  return whole !== "" && den > 0 && fps >= 1 && fps <= MOST_FPS ? fps : null;
}

/** av_timecode_init_from_string. */
function parseTimecode(text: string, rate: string): Timecode | null {
  const fps = countedFps(rate);
  const [, hours, minutes, seconds, separator = ":", frames] =
    /^(\d{1,2}):(\d{1,2}):(\d{1,2})([:;.])(\d{1,3})$/.exec(text) ?? [];
  if (fps === null || frames === undefined || (separator !== ":" && fps % 30 !== 0)) return null;
  const minute = 60 * Number(hours) + Number(minutes);
  const left = droppedAMinute({ fps, separator }) * (minute - Math.floor(minute / 10));
  return { frames: (60 * minute + Number(seconds)) * fps + Number(frames) - left, fps, separator };
}

/** av_timecode_make_string: hours continue past 23; a reader wraps them. */
function formatTimecode(timecode: Timecode): string {
  const { frames, fps, separator } = timecode;
  const dropped = droppedAMinute(timecode);
  const tenMinutes = 600 * fps - 9 * dropped;
  const inTen = frames % tenMinutes;
  // The first of ten minutes is the full one.
  const minutesDropped = Math.max(0, Math.floor((inTen - dropped) / (60 * fps - dropped)));
  const numbered = frames + dropped * (9 * Math.floor(frames / tenMinutes) + minutesDropped);
  const seconds = Math.floor(numbered / fps);
  const fields = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return `${fields.map(two).join(":")}${separator}${two(numbered % fps)}`;
}

/**
 * The timecode `frames` frames after `start` ("01:00:00:00"; "01:00:00;00" is drop-frame) at `rate` ("25", "29.97",
 * "30000/1001"). Null where ffmpeg would refuse them, or reads them in a way that isn't known here.
 */
export function timecodeAfter(start: string, rate: string, frames: number): string | null {
  const timecode = parseTimecode(start, rate);
  return timecode === null ? null : formatTimecode({ ...timecode, frames: timecode.frames + frames });
}
