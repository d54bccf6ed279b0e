// The pixel formats of the comparison: planar, 8 bits or 16 bits little-endian per sample, one for each chroma layout
// and depth. Knows ffmpeg's format names and the layout of planes in raw frames. Pure.

export interface RawPlane {
  /** "Y", "U", "V", "G", "B", "R" or "A". */
  readonly name: string;
  /** How often its width and height are halved relative to the picture's. */
  readonly log2Width: number;
  readonly log2Height: number;
}

export interface RawFormat {
  /** ffmpeg's name. */
  readonly name: string;
  readonly planes: readonly RawPlane[];
  readonly bytesPerSample: 1 | 2;
  /** The highest sample. */
  readonly peak: number;
}

interface Layout {
  readonly base: string;
  readonly log2Width: number;
  readonly log2Height: number;
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  "410": { base: "yuv410p", log2Width: 2, log2Height: 2 },
  "411": { base: "yuv411p", log2Width: 2, log2Height: 0 },
  "420": { base: "yuv420p", log2Width: 1, log2Height: 1 },
  "422": { base: "yuv422p", log2Width: 1, log2Height: 0 },
  "440": { base: "yuv440p", log2Width: 0, log2Height: 1 },
  "444": { base: "yuv444p", log2Width: 0, log2Height: 0 },
};

/** Semi-planar and packed formats, by the planar one that holds the same samples. */
const SAME_SAMPLES: Readonly<Record<string, string>> = {
  nv12: "yuv420p",
  nv21: "yuv420p",
  nv16: "yuv422p",
  nv24: "yuv444p",
  p010le: "yuv420p10le",
  p012le: "yuv420p12le",
  p016le: "yuv420p16le",
  p210le: "yuv422p10le",
  p410le: "yuv444p10le",
  yuyv422: "yuv422p",
  uyvy422: "yuv422p",
  y210le: "yuv422p10le",
  uyyvyy411: "yuv411p",
  ayuv64le: "yuva444p16le",
  ya8: "yuva444p",
  ya16le: "yuva444p16le",
  monob: "gray",
  monow: "gray",
  rgb48le: "gbrp16le",
  bgr48le: "gbrp16le",
  rgba64le: "gbrap16le",
  bgra64le: "gbrap16le",
  x2rgb10le: "gbrp10le",
  x2bgr10le: "gbrp10le",
};

const RGB = /^(rgb|bgr|gbr|0rgb|0bgr|argb|abgr|pal8|x2rgb|x2bgr)/;
const RGB_WITH_ALPHA = /^(rgba|bgra|argb|abgr|gbrap|pal8)/;
/** Depths of ffmpeg's planar formats; others are compared in the next higher one. */
const YUV_DEPTHS = [8, 9, 10, 12, 14, 16];
const ALPHA_DEPTHS: Readonly<Record<string, readonly number[]>> = {
  yuva420p: [8, 9, 10, 16],
  yuva422p: [8, 9, 10, 12, 16],
  yuva444p: [8, 9, 10, 12, 16],
  gbrap: [8, 10, 12, 16],
};

/** Depth in the name of a planar format: "yuv420p10le" → 10, "yuv420p" → 8. */
function depthOf(name: string): number {
  return Number(/(?:p|gray)(\d+)(?:le|be)$/.exec(name)?.[1] ?? 8);
}

function nextDepth(depths: readonly number[], depth: number): number {
  return depths.find((each) => each >= depth) ?? 16;
}

function build(base: string, depth: number, planes: readonly RawPlane[]): RawFormat {
  return {
    name: depth === 8 ? base : `${base}${depth}le`,
    planes,
    bytesPerSample: depth === 8 ? 1 : 2,
    peak: 2 ** depth - 1,
  };
}

const whole = (name: string): RawPlane => ({ name, log2Width: 0, log2Height: 0 });

export function isRgb(pixelFormat: string): boolean {
  return RGB.test(pixelFormat);
}

function rgb(name: string): RawFormat {
  const hasAlpha = RGB_WITH_ALPHA.test(name);
  const base = hasAlpha ? "gbrap" : "gbrp";
  const depths = hasAlpha ? (ALPHA_DEPTHS.gbrap ?? []) : YUV_DEPTHS;
  const planes = ["G", "B", "R", ...(hasAlpha ? ["A"] : [])].map(whole);
  return build(base, nextDepth(depths, depthOf(name)), planes);
}

/**
 * The format in which pictures of `pixelFormat` are compared, without loss where ffmpeg has a planar one. Null: ffmpeg's
 * name is not known here, or the samples are no integers.
 */
export function comparedFormat(pixelFormat: string): RawFormat | null {
  const name = SAME_SAMPLES[pixelFormat] ?? pixelFormat.replace(/^yuvj/, "yuv");
  if (/f(16|32)(le|be)$/.test(name)) return null;
  if (isRgb(name)) return rgb(name);
  if (name.startsWith("gray")) return build("gray", nextDepth([8, 9, 10, 12, 14, 16], depthOf(name)), [whole("Y")]);
  const found = /^yuv(a?)(\d{3})p/.exec(name);
  const layout = LAYOUTS[found?.[2] ?? ""];
  if (found === null || layout === undefined) return null;
  const hasAlpha = found[1] === "a";
  const base = hasAlpha ? layout.base.replace("yuv", "yuva") : layout.base;
  const depths = hasAlpha ? ALPHA_DEPTHS[base] : YUV_DEPTHS;
  if (depths === undefined) return null;
  const chroma = { log2Width: layout.log2Width, log2Height: layout.log2Height };
  const planes = [whole("Y"), { name: "U", ...chroma }, { name: "V", ...chroma }, ...(hasAlpha ? [whole("A")] : [])];
  return build(base, nextDepth(depths, depthOf(name)), planes);
}

/** Width and height of a plane; odd pictures have their chroma rounded up. */
export function planeSize(plane: RawPlane, width: number, height: number): { width: number; height: number } {
  return {
    width: Math.ceil(width / 2 ** plane.log2Width),
    height: Math.ceil(height / 2 ** plane.log2Height),
  };
}

/** Bytes of one raw frame. */
export function frameBytes(format: RawFormat, width: number, height: number): number {
  let samples = 0;
  for (const plane of format.planes) {
    const size = planeSize(plane, width, height);
    samples += size.width * size.height;
  }
  return samples * format.bytesPerSample;
}
