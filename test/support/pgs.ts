// Writes small PGS subtitles (.sup): ffmpeg encodes none. The form is that of libavformat/supdec.c and
// libavcodec/pgssubdec.c; one rectangle of one colour, shown and hidden again.

const WIDTH = 320;
const HEIGHT = 180;

function bytes(...parts: readonly (readonly number[])[]): number[] {
  return parts.flat();
}
const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u32 = (value: number): number[] => [...u16(Math.floor(value / 65536)), ...u16(value & 65535)];

function segment(pts: number, type: number, data: readonly number[]): number[] {
  return bytes([0x50, 0x47], u32(pts), u32(pts), [type], u16(data.length), data);
}

function show(pts: number, number: number): number[] {
  const [w, h] = [32, 16];
  const place = bytes(u16(20), u16(100));
  const lines = Array.from({ length: h }, () => [0, 0x80 | w, 1, 0, 0]).flat();
  return bytes(
    segment(pts, 0x16, bytes(u16(WIDTH), u16(HEIGHT), [0x10], u16(number), [0x80, 0, 0, 1], [0, 0, 0, 0], place)),
    segment(pts, 0x17, bytes([1, 0], place, u16(w), u16(h))),
    segment(pts, 0x14, [0, 0, 1, 200, 128, 128, 255]),
    segment(pts, 0x15, bytes([0, 0, 0, 0xc0], u32(lines.length + 4).slice(1), u16(w), u16(h), lines)),
    segment(pts, 0x80, []),
  );
}

function hide(pts: number, number: number): number[] {
  return bytes(
    segment(pts, 0x16, bytes(u16(WIDTH), u16(HEIGHT), [0x10], u16(number), [0, 0, 0, 0])),
    segment(pts, 0x17, [0]),
    segment(pts, 0x80, []),
  );
}

/** A picture at each time, shown for 0.4 s. */
export function pgsSubtitles(seconds: readonly number[]): Uint8Array {
  return Uint8Array.from(
    seconds.flatMap((second, number) => [
      ...show(Math.round(second * 90_000), 2 * number),
      ...hide(Math.round((second + 0.4) * 90_000), 2 * number + 1),
    ]),
  );
}
