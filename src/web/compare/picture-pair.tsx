// Source and output in one place: a wipe that is drawn across, or one of the two; fitted, or pixel for pixel.
import type { Signal } from "@preact/signals";
import type { ComparisonView } from "../../cluster/server/views.ts";
import { Words } from "../parts/words.tsx";
import { type Picture, usePicture } from "./use-picture.ts";

export type Shown = "wipe" | "source" | "output";

interface PairProps {
  readonly id: string;
  readonly film: ComparisonView;
  readonly frame: number;
  readonly shown: Shown;
  readonly isWhole: boolean;
  /** Where the wipe stands, percent of the width. */
  readonly wipe: Signal<number>;
}

export function PicturePair({ id, film, frame, shown, isWhole, wipe }: PairProps) {
  const hasSource = film.source_gone === null;
  const source = usePicture(id, "source", frame, hasSource);
  const output = usePicture(id, "output", frame, true);
  const isBusy = output.frame !== frame || (hasSource && source.frame !== frame);
  const failure = output.failure ?? source.failure;
  // Pixels of the screen, where it has more of them than the page counts.
  const scale = isWhole ? undefined : { width: `${film.width / devicePixelRatio}px`, maxWidth: "none" };
  const cut = shown === "wipe" && hasSource ? `inset(0 0 0 ${wipe.value}%)` : undefined;
  const move = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (shown !== "wipe" || event.buttons !== 1) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    wipe.value = Math.min(100, Math.max(0, ((event.clientX - left) / width) * 100));
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="pair" aria-label="The pictures" aria-busy={isBusy} tabIndex={0}>
        <div
          class="stack"
          style={{ ...scale, aspectRatio: ratioOf(film) }}
          onPointerDown={move}
          onPointerMove={move}
          data-frame={isBusy ? undefined : frame}
        >
          {hasSource && shown !== "output" && (
            <Side picture={source} name="source" text={`Picture ${frame} of the source`} />
          )}
          {(shown !== "source" || !hasSource) && (
            <Side picture={output} name="output" text={`Picture ${frame} of the output`} cut={cut} />
          )}
          {shown === "wipe" && hasSource && <i class="wipe" style={{ left: `${wipe.value}%` }} aria-hidden="true" />}
        </div>
      </section>
      {failure !== null && (
        <p class="failure" role="alert">
          <Words text={failure.message} /> <Words text={failure.hint} />
        </p>
      )}
    </>
  );
}

/** As it is shown: the pixels of some films are not square. */
function ratioOf({ width, height, pixel_shape: shape }: ComparisonView): string {
  const [across = 1, down = 1] = (shape ?? "1:1").split(":").map(Number);
  return `${width * across} / ${height * down}`;
}

interface SideProps {
  readonly picture: Picture;
  readonly name: string;
  readonly text: string;
  readonly cut?: string | undefined;
}

function Side({ picture, name, text, cut }: SideProps) {
  if (picture.address === null) return null;
  return <img class={name} src={picture.address} alt={text} draggable={false} style={{ clipPath: cut ?? "none" }} />;
}
