// How fast a client was in each of its latest attempts, over time.
import type { ClientDetailView } from "../../cluster/server/views.ts";
import { ago, fps } from "../text/format.ts";

const WIDTH = 1000;
const HEIGHT = 48;
const EDGE = 4;

type Speeds = NonNullable<ClientDetailView["speeds"]>;

export function SpeedChart({ speeds }: { readonly speeds: Speeds }) {
  const [first] = speeds;
  const last = speeds.at(-1);
  if (first === undefined || last === undefined || speeds.length < 2) return null;
  const [from, to] = [Date.parse(first.at), Date.parse(last.at)];
  const highest = Math.max(...speeds.map((each) => each.fps));
  const points = speeds.map(({ at, fps: speed }) => {
    const x = ((Date.parse(at) - from) * WIDTH) / Math.max(1, to - from);
    return `${Math.round(x)},${Math.round(HEIGHT - EDGE - (speed * (HEIGHT - 2 * EDGE)) / highest)}`;
  });
  const label = `Speed of its last ${speeds.length} encodes, the first ${ago(first.at, Date.now())}`;
  return (
    <figure class="chart">
      <figcaption>
        {label} <span class="quiet">{`0 to ${fps(highest)}`}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        height={HEIGHT}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: 0 to ${fps(highest)}`}
      >
        {points.map((point, number) => (
          <path key={number} class="point" d={`M${point}h0`} />
        ))}
        <path d={`M${points.join("L")}`} />
      </svg>
    </figure>
  );
}
