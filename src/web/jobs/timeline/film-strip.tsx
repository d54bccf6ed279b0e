// The film as a strip of its segments, each as wide as it is long.
import type { JobDetailView, SegmentView } from "../../../cluster/server/views.ts";
import { count } from "../../text/format.ts";
import { rowProps, selected } from "./selection.ts";
import { useKept } from "./use-kept.ts";

const HEIGHT = 32;

const STATES: Readonly<Record<SegmentView["state"], { readonly word: string; readonly tone: string }>> = {
  pending: { word: "waits", tone: "idle" },
  leased: { word: "is encoded", tone: "busy" },
  measured: { word: "is measured", tone: "busy" },
  verifying: { word: "is verified", tone: "busy" },
  referencing: { word: "is decoded by the server itself", tone: "busy" },
  verified: { word: "is verified and in", tone: "ok" },
};

const idOf = ({ index }: SegmentView) => `segment-${index}`;

function textOf(segment: SegmentView): string {
  const { word } = STATES[segment.state];
  const tries = segment.attempts > 1 ? `, ${count(segment.attempts, "try", "tries")}` : "";
  const by = segment.client === null ? "" : ` by ${segment.client}`;
  return [`Segment ${segment.index} ${word}${by}, ${count(segment.frames, "frame")}${tries}`, ...segment.notes].join(
    ". ",
  );
}

/** Frames of a segment that are made, by the attempt that is ahead. */
function framesMade(job: JobDetailView): ReadonlyMap<number, number> {
  const made = new Map<number, number>();
  for (const { segment_index: index, frames = 0, ended_at: ended } of job.attempts) {
    if (ended === null) made.set(index, Math.max(made.get(index) ?? 0, frames));
  }
  return made;
}

export function FilmStrip({ job }: { readonly job: JobDetailView }) {
  const keep = useKept();
  const segments = job.segment_list;
  if (segments.length === 0) return null;
  const known = segments.reduce((sum, { frames }) => sum + frames, 0);
  const total = Math.max(known, job.frames.total ?? 0, 1);
  const made = framesMade(job);
  const looked = segments.find((segment) => idOf(segment) === selected.value);
  let before = 0;
  return (
    <section>
      <h2>
        The film in {count(segments.length, "segment")}
        {job.frames.total === null && ", more to come"}
      </h2>
      <div class="card timeline">
        <svg
          class="film"
          viewBox={`0 0 1000 ${HEIGHT}`}
          height={HEIGHT}
          preserveAspectRatio="none"
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: SVG has no element for what the arrow keys go through
          role="listbox"
          aria-label="Segments of the film"
          {...rowProps(segments.map(idOf))}
        >
          {segments.map((segment) => {
            const x = (before * 1000) / total;
            before += segment.frames;
            const now = { segment, x, total, made: made.get(segment.index) ?? 0, isSelected: segment === looked };
            return keep(idOf(segment), JSON.stringify(now), () => segmentOf(now));
          })}
        </svg>
        <p class="looked" aria-live="polite">
          {looked === undefined
            ? `${segments.filter(({ state }) => state === "verified").length} verified`
            : textOf(looked)}
        </p>
      </div>
    </section>
  );
}

interface SegmentProps {
  readonly segment: SegmentView;
  readonly x: number;
  readonly total: number;
  readonly made: number;
  readonly isSelected: boolean;
}

function segmentOf({ segment, x, total, made, isSelected }: SegmentProps) {
  const width = Math.max(1, (segment.frames * 1000) / total - 1);
  const look = () => {
    selected.value = idOf(segment);
  };
  return (
    <g
      key={segment.index}
      id={`at-${idOf(segment)}`}
      class={`attempt ${STATES[segment.state].tone} ${segment.state} ${isSelected ? "looked-at" : ""}`}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-label={textOf(segment)}
      onMouseEnter={look}
      onFocus={look}
    >
      <rect x={x} y={0} width={width} height={HEIGHT} />
      {segment.state === "leased" && segment.frames > 0 && (
        <rect class="made" x={x} y={0} width={width * Math.min(1, made / segment.frames)} height={HEIGHT} />
      )}
      {segment.attempts > 1 && <rect class="again" x={x} y={HEIGHT - 4} width={width} height={4} />}
    </g>
  );
}
