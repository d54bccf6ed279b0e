// The timeline: who worked on which segment, when, and what became of it.
import type { JobDetailView } from "../../../cluster/server/views.ts";
import { clients } from "../../live/cluster.ts";
import { clock } from "../../text/format.ts";
import { type Bar, type Row, ticksOf, timelineOf } from "./layout.ts";
import { rowProps, selected } from "./selection.ts";
import { useKept } from "./use-kept.ts";

const LANE = 16;
const GAP = 2;
/** A bar too short to be seen is drawn this wide, of a thousand. */
const LEAST_WIDTH = 3;

export function Timeline({ job }: { readonly job: JobDetailView }) {
  const { spanMs: exactMs, rows } = timelineOf(job, clients.peek(), Date.now());
  const spanMs = job.completed_at === null ? roundedUp(exactMs) : exactMs;
  if (rows.length === 0) return null;
  const all = rows.flatMap(({ bars }) => bars);
  const looked = all.find(({ id }) => id === selected.value);
  return (
    <section>
      <h2>Who worked when</h2>
      <div class="card timeline">
        {rows.map((row) => (
          <ClientRow key={row.clientId} row={row} spanMs={spanMs} lookedAt={selected.value} />
        ))}
        <div class="axis" aria-hidden="true">
          {ticksOf(spanMs).map((second) => (
            <span key={second} style={{ left: `${(second * 100_000) / spanMs}%` }}>
              {clock(second)}
            </span>
          ))}
        </div>
        <p class="looked" aria-live="polite">
          {looked === undefined ? <Legend /> : looked.text}
        </p>
      </div>
    </section>
  );
}

/** A live job's time grows in steps: in between, what has ended stays where it is. */
function roundedUp(spanMs: number): number {
  return Math.ceil(1.05 ** Math.ceil(Math.log(spanMs) / Math.log(1.05)));
}

interface RowProps {
  readonly row: Row;
  readonly spanMs: number;
  readonly lookedAt: string | null;
}

function ClientRow({ row, spanMs, lookedAt }: RowProps) {
  const keep = useKept();
  const height = row.lanes * (LANE + GAP) - GAP;
  const ids = row.bars.map(({ id }) => id);
  return (
    <div class="row">
      <span class="name" title={row.name}>
        {row.name}
      </span>
      <svg
        viewBox={`0 0 ${spanMs} ${height}`}
        height={height}
        preserveAspectRatio="none"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: SVG has no element for what the arrow keys go through
        role="listbox"
        aria-label={`Attempts of ${row.name}`}
        {...rowProps(ids)}
      >
        {row.bars.map((bar) => {
          const isSelected = bar.id === lookedAt;
          return keep(bar.id, JSON.stringify([bar, spanMs, isSelected]), () => barOf(bar, spanMs, isSelected));
        })}
      </svg>
    </div>
  );
}

function barOf(bar: Bar, spanMs: number, isSelected: boolean) {
  const look = () => {
    selected.value = bar.id;
  };
  const thousandth = spanMs / 1000;
  const width = Math.max(LEAST_WIDTH * thousandth, bar.to - bar.from - thousandth);
  const place = { y: bar.lane * (LANE + GAP), height: LANE };
  return (
    <g
      key={bar.id}
      id={`at-${bar.id}`}
      class={`attempt ${bar.tone} ${bar.isLive ? "live" : ""} ${isSelected ? "looked-at" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-label={bar.text}
      onMouseEnter={look}
      onFocus={look}
    >
      <rect {...place} x={bar.from} width={width} />
      {bar.pieces
        .filter(({ stage }) => stage !== "encoding")
        .map(({ stage, from, to }) => (
          <rect key={stage} {...place} class={stage} x={from} width={Math.max(0, to - from)} />
        ))}
    </g>
  );
}

const LEGEND = [
  ["ok", "verified"],
  ["busy", "under way"],
  ["failed", "failed or lost"],
  ["paused", "stopped: another was sooner"],
] as const;

function Legend() {
  return (
    <span class="legend">
      {LEGEND.map(([tone, word]) => (
        <span key={tone} class={`key ${tone}`}>
          {word}
        </span>
      ))}
    </span>
  );
}
