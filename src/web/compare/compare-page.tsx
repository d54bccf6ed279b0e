// The output beside its source, picture by picture: the same picture of both, never merely the nearest in time.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ComparisonView } from "../../cluster/server/views.ts";
import { jobs } from "../live/cluster.ts";
import { Empty } from "../parts/empty.tsx";
import { Words } from "../parts/words.tsx";
import { FilmCharts } from "./film-chart.tsx";
import { lookOf, momentText, secondsAt, worstOf } from "./moments.ts";
import { PicturePair, type Shown } from "./picture-pair.tsx";
import { chosenFrame, useComparison } from "./use-comparison.ts";

export function ComparePage({ id }: { readonly id: string }) {
  const found = useComparison(id);
  if (found === null) return <p class="quiet">Loading …</p>;
  if ("failure" in found) return <Nothing id={id} message={found.failure.message} hint={found.failure.hint} />;
  if (found.reason !== null)
    return <Nothing id={id} message={found.reason} hint="Download the output to look at it in a player." />;
  return <Film id={id} film={found} />;
}

function Nothing({ id, message, hint }: { readonly id: string; readonly message: string; readonly hint: string }) {
  return (
    <Empty title="There are no pictures to compare">
      <p>
        <Words text={message} /> <Words text={hint} />
      </p>
      <a class="button" href={`#/jobs/${id}`}>
        Back to the job
      </a>
    </Empty>
  );
}

const WAYS: readonly (readonly [Shown, string])[] = [
  ["wipe", "Wipe"],
  ["source", "Source"],
  ["output", "Output"],
];

function Film({ id, film }: { readonly id: string; readonly film: ComparisonView }) {
  const worst = worstOf(film);
  const frame = useSignal(chosenFrame.peek() ?? worst[0]?.frame ?? Math.floor(film.frames / 2));
  const shown = useSignal<Shown>(film.source_gone === null ? "wipe" : "output");
  const isWhole = useSignal(true);
  const wipe = useSignal(50);
  const go = (to: number) => {
    frame.value = Math.min(film.frames - 1, Math.max(0, to));
  };
  useEffect(() => {
    chosenFrame.value = null;
    // A and B in the same place show what a wipe hides.
    const toggle = (event: KeyboardEvent) => {
      if (event.key !== "x" || film.source_gone !== null || event.ctrlKey || event.metaKey) return;
      shown.value = shown.value === "source" ? "output" : "source";
    };
    addEventListener("keydown", toggle);
    return () => removeEventListener("keydown", toggle);
  }, [film, shown]);
  return (
    <>
      <div class="card">
        <p class="back">
          <a href={`#/jobs/${id}`}>Back to the job</a>
        </p>
        <h1>{jobs.value.get(id)?.file_name ?? "Source"} and its output</h1>
        {film.source_gone !== null && (
          <p class="hint" role="status">
            Only the output can be shown: {film.source_gone}.
          </p>
        )}
        <div class="toolbar">
          {film.source_gone === null && (
            <fieldset class="chips">
              <legend class="hidden">What is shown</legend>
              {WAYS.map(([way, text]) => (
                <button key={way} type="button" aria-pressed={shown.value === way} onClick={() => (shown.value = way)}>
                  {text}
                </button>
              ))}
            </fieldset>
          )}
          <fieldset class="chips">
            <legend class="hidden">Size</legend>
            <button type="button" aria-pressed={isWhole.value} onClick={() => (isWhole.value = true)}>
              Fit
            </button>
            <button type="button" aria-pressed={!isWhole.value} onClick={() => (isWhole.value = false)}>
              1:1
            </button>
          </fieldset>
          {film.source_gone === null && (
            <span class="hint">
              {shown.value === "wipe" && "Left: source. Right: output."}
              <span class="keys"> Key x changes between them.</span>
            </span>
          )}
        </div>
        <PicturePair id={id} film={film} frame={frame.value} shown={shown.value} isWhole={isWhole.value} wipe={wipe} />
        {shown.value === "wipe" && (
          <label class="slider">
            <span>Wipe</span>
            <input
              type="range"
              min={0}
              max={100}
              value={wipe.value}
              onInput={(event) => (wipe.value = event.currentTarget.valueAsNumber)}
            />
          </label>
        )}
        <label class="slider">
          <span>Moment</span>
          <input
            id="moment"
            type="range"
            min={0}
            max={film.frames - 1}
            value={frame.value}
            aria-valuetext={`${momentText(secondsAt(film, frame.value))}, picture ${frame.value}`}
            onInput={(event) => go(event.currentTarget.valueAsNumber)}
          />
        </label>
        <p class="actions">
          <button type="button" aria-label="The picture before" onClick={() => go(frame.value - 1)}>
            ←
          </button>
          <button type="button" aria-label="The next picture" onClick={() => go(frame.value + 1)}>
            →
          </button>
          <span class="moment">
            {momentText(secondsAt(film, frame.value))}{" "}
            <span class="quiet">picture {frame.value.toLocaleString("en")}</span>
          </span>
        </p>
      </div>
      <section>
        <h2>Over the film</h2>
        <div class="card">
          <FilmCharts film={film} frame={frame.value} onChoose={go} />
        </div>
      </section>
      <Worst film={film} worst={worst} onChoose={go} />
    </>
  );
}

interface WorstProps {
  readonly film: ComparisonView;
  readonly worst: ReturnType<typeof worstOf>;
  readonly onChoose: (frame: number) => void;
}

function Worst({ film, worst, onChoose }: WorstProps) {
  const isAll = film.every_picture;
  return (
    <section>
      <h2>The worst moments</h2>
      <div class="card">
        {worst.length === 0 ? (
          <p>Every picture that was looked at is the source's, to the last sample.</p>
        ) : (
          <ul class="plain-list">
            {worst.map(({ frame, psnr, ssim }) => (
              <li key={frame} class="worst">
                <button type="button" onClick={() => onChoose(frame)}>
                  {momentText(secondsAt(film, frame))}
                </button>
                <span>
                  {lookOf(psnr)}{" "}
                  <span class="quiet">
                    PSNR {psnr?.toFixed(1)} dB, SSIM {ssim.toFixed(3)}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        )}
        {!isAll && (
          <p class="hint">
            The proof looked at {film.scores.length.toLocaleString("en")} pictures: the first and some in the middle of
            each segment. Jobs with <code>--verify full</code> look at all of them.
          </p>
        )}
      </div>
    </section>
  );
}
