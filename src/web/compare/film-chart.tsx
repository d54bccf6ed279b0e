// Quality and bit rate over the length of a film, as lines; a click, or the arrow keys, choose a moment.
import type { ComparisonView } from "../../cluster/server/views.ts";
import { frameAt, momentText, secondsAt } from "./moments.ts";

const WIDTH = 1000;
const HEIGHT = 64;

interface Line {
  readonly label: string;
  /** Of the highest and the lowest. */
  readonly top: string;
  readonly bottom: string;
  readonly path: string;
  readonly dots: readonly (readonly [x: number, y: number])[];
}

/** "2.4 Mbit/s" */
export function bitrateText(bits: number): string {
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

function bitrateLine({ bitrate }: ComparisonView): Line | null {
  const highest = Math.max(...bitrate, 0);
  if (bitrate.length < 2 || highest === 0) return null;
  const step = WIDTH / bitrate.length;
  const path = bitrate
    .map((bits, at) => `${at === 0 ? "M" : "L"}${at * step},${yOf(bits, 0, highest)}H${(at + 1) * step}`)
    .join("");
  return { label: "Bit rate of the picture", top: bitrateText(highest), bottom: "0", path, dots: [] };
}

const yOf = (value: number, low: number, high: number) =>
  Math.round((HEIGHT - 4 - ((value - low) / Math.max(1e-9, high - low)) * (HEIGHT - 8)) * 10) / 10;

function qualityLine({ scores, frames, every_picture: isEvery }: ComparisonView): Line | null {
  const known = scores.flatMap(({ frame, psnr }) => (psnr === null ? [] : [{ frame, psnr }]));
  if (known.length === 0) return null;
  const values = known.map(({ psnr }) => psnr);
  const [low, high] = [Math.floor(Math.min(...values)) - 1, Math.ceil(Math.max(...values)) + 1];
  const dots = known.map(({ frame, psnr }) => [(frame * WIDTH) / frames, yOf(psnr, low, high)] as const);
  // Between the few that were looked at nobody knows.
  const path = isEvery ? `M${dots.map(([x, y]) => `${x},${y}`).join("L")}` : "";
  const label = isEvery
    ? "Quality (PSNR of the worst pictures)"
    : "Quality (PSNR of the pictures that the proof looked at)";
  return { label, top: `${high} dB`, bottom: `${low} dB`, path, dots: isEvery ? [] : dots };
}

export interface ChartProps {
  readonly film: ComparisonView;
  /** The moment that is looked at; null: none. */
  readonly frame: number | null;
  readonly onChoose?: ((frame: number) => void) | undefined;
}

export function FilmCharts(props: ChartProps) {
  const lines = [qualityLine(props.film), bitrateLine(props.film)].filter((line) => line !== null);
  return (
    <>
      {lines.map((line) => (
        <Chart key={line.label} line={line} {...props} />
      ))}
      {lines.length > 0 && (
        <p class="axis-line quiet">
          <span>0:00</span>
          <span>{momentText(props.film.seconds).replace(/\.\d+$/, "")}</span>
        </p>
      )}
    </>
  );
}

function Chart({ line, film, frame, onChoose }: ChartProps & { readonly line: Line }) {
  const choose = ({ currentTarget, clientX }: MouseEvent & { currentTarget: Element }) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    onChoose?.(frameAt(film, film.seconds * Math.min(1, Math.max(0, (clientX - left) / width))));
  };
  const x = frame === null ? null : (secondsAt(film, frame) * WIDTH) / Math.max(film.seconds, 1e-9);
  return (
    <figure class="chart">
      <figcaption>
        {line.label} <span class="quiet">{`${line.bottom} to ${line.top}`}</span>
      </figcaption>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the slider and the buttons of the page do the same by keyboard */}
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        height={HEIGHT}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${line.label} over the film, ${line.bottom} to ${line.top}`}
        class={onChoose === undefined ? "" : "choosable"}
        onClick={choose}
      >
        <path d={line.path} />
        {line.dots.map(([cx, cy]) => (
          <path key={cx} class="point" d={`M${cx},${cy}h0`} />
        ))}
        {x !== null && <path class="now" d={`M${x},0V${HEIGHT}`} />}
      </svg>
    </figure>
  );
}
