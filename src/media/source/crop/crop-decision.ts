// What is cut away by `--crop auto`: the part of the picture that is black at every place that was looked at. Pure. It keeps
// whatever was seen anywhere, and where it can't be sure it cuts nothing.

/** The part of a picture that is not black; its last column and row are inside. */
export interface VisibleArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Crop {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

export type CropFinding =
  /** `found`: at so many of the places each edge was seen. */
  | { readonly kind: "crop"; readonly crop: Crop; readonly found: number; readonly places: number }
  /** There are no bars. */
  | { readonly kind: "whole"; readonly places: number }
  | { readonly kind: "uncertain"; readonly reason: string; readonly places: number };

export interface LookedAt {
  readonly width: number;
  readonly height: number;
  readonly isInterlaced: boolean;
  /** One for each place; null: the picture there is black. */
  readonly areas: readonly (VisibleArea | null)[];
}

const LEAST_PLACES = 6;
/** An edge counts when it was seen at so many places, and at this share of them. */
const LEAST_SEEN = 3;
const LEAST_SHARE = 0.1;
/** Edges of films are soft: by so much two places may differ. */
const SOFT = 4;
/** Narrower bars, both sides together, are lines that encoders leave, and not worth a cut. */
const LEAST_BARS = 8;
const LEAST_AREA = 0.25;

function union(areas: readonly VisibleArea[]): VisibleArea {
  return {
    left: Math.min(...areas.map(({ left }) => left)),
    top: Math.min(...areas.map(({ top }) => top)),
    right: Math.max(...areas.map(({ right }) => right)),
    bottom: Math.max(...areas.map(({ bottom }) => bottom)),
  };
}

/** At how many places the edge of the union that was seen least was seen. */
function leastSeen(areas: readonly VisibleArea[], whole: VisibleArea): number {
  const edges = ["left", "top", "right", "bottom"] as const;
  return Math.min(...edges.map((edge) => areas.filter((area) => Math.abs(area[edge] - whole[edge]) <= SOFT).length));
}

/** Outwards to multiples of `step`, which chroma (and fields) need; the whole side where the bars are too narrow. */
function side(first: number, last: number, length: number, step: number): readonly [from: number, size: number] {
  const from = Math.floor(first / step) * step;
  const to = Math.min(length, Math.ceil((last + 1) / step) * step);
  return length - (to - from) < LEAST_BARS ? [0, length] : [from, to - from];
}

export function decideCrop({ width, height, isInterlaced, areas }: LookedAt): CropFinding {
  const places = areas.length;
  const uncertain = (reason: string): CropFinding => ({ kind: "uncertain", reason, places });
  const seen = areas.filter((area) => area !== null);
  if (places < LEAST_PLACES) return uncertain(`only ${places} places could be looked at`);
  if (seen.length < LEAST_SEEN) return uncertain("nearly all of it is black");
  const whole = union(seen);
  const [x, cropWidth] = side(whole.left, whole.right, width, 2);
  const [y, cropHeight] = side(whole.top, whole.bottom, height, isInterlaced ? 4 : 2);
  if (cropWidth === width && cropHeight === height) return { kind: "whole", places };
  const found = leastSeen(seen, whole);
  if (found < Math.max(LEAST_SEEN, places * LEAST_SHARE)) {
    return uncertain(`an edge of the picture was seen at ${found} of ${places} places only`);
  }
  if (cropWidth * cropHeight < width * height * LEAST_AREA) return uncertain("most of the picture is black");
  return { kind: "crop", crop: { width: cropWidth, height: cropHeight, x, y }, found, places };
}

/** As ffmpeg's filter takes it: `1920:800:0:140`. */
export function cropText({ width, height, x, y }: Crop): string {
  return `${width}:${height}:${x}:${y}`;
}
