// The timeline: who worked on which segment, when, and what became of it.
import type { JobDetailView } from "../../../cluster/server/views.ts";
import { clients } from "../../live/cluster.ts";
import { clock } from "../../text/format.ts";
import { type Bar, type Row, ticksOf, timelineOf } from "./layout.ts";
import { rowProps, selected } from "./selection.ts";

const LANE = 16;
const GAP = 2;
/** A bar too short to be seen is drawn this wide, of a thousand. */
const LEAST_WIDTH = 3;

export function Timeline({ job }: { readonly job: JobDetailView }) {
  const { spanMs, rows } = timelineOf(job, clients.value, Date.now());
  if (rows.length === 0) return null;
  const all = rows.flatMap(({ bars }) => bars);
  const looked = all.find(({ id }) => id === selected.value);
  return (
    <section>
      <h2>Who worked when</h2>
      <div class="card timeline">
        {rows.map((row) => (
          <ClientRow key={row.clientId} row={row} spanMs={spanMs} />
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

function ClientRow({ row, spanMs }: { readonly row: Row; readonly spanMs: number }) {
  const height = row.lanes * (LANE + GAP) - GAP;
  const ids = row.bars.map(({ id }) => id);
  return (
    <div class="row">
      <span class="name" title={row.name}>
        {row.name}
      </span>
      <svg
        viewBox={`0 0 1000 ${height}`}
        height={height}
        preserveAspectRatio="none"
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: SVG has no element for what the arrow keys go through
        role="listbox"
        aria-label={`Attempts of ${row.name}`}
        {...rowProps(ids)}
      >
        {row.bars.map((bar) => (
          <AttemptBar key={bar.id} bar={bar} scale={1000 / spanMs} />
        ))}
      </svg>
    </div>
  );
}

function AttemptBar({ bar, scale }: { readonly bar: Bar; readonly scale: number }) {
  const isSelected = selected.value === bar.id;
  const look = () => {
    selected.value = bar.id;
  };
  const width = Math.max(LEAST_WIDTH, (bar.to - bar.from) * scale - 1);
  const place = { y: bar.lane * (LANE + GAP), height: LANE };
  return (
    <g
      id={`at-${bar.id}`}
      class={`attempt ${bar.tone} ${bar.isLive ? "live" : ""} ${isSelected ? "looked-at" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-label={bar.text}
      onMouseEnter={look}
      onFocus={look}
    >
      <rect {...place} x={bar.from * scale} width={width} />
      {bar.pieces
        .filter(({ stage }) => stage !== "encoding")
        .map(({ stage, from, to }) => (
          <rect key={stage} {...place} class={stage} x={from * scale} width={Math.max(0, (to - from) * scale)} />
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
