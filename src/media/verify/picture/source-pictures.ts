// Keeps decoded source pictures until the output is compared with them, keyed by the command line that decodes them.

import type { ComparedForm } from "./compared-form.ts";
import type { Strips } from "./measure/strips.ts";

/** Of a picture of 1920x1080 in 8 bits 0.3 MB are compared, four to six of a segment: two dozen segments. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What a source's pictures are made to. */
export interface SourceForm {
  readonly shown: ComparedForm;
  /** What the output says of its colours; null: nothing. */
  readonly matrix: string | null;
}

function bytesOf(pictures: readonly Strips[]): number {
  return pictures.flat().reduce((sum, { samples }) => sum + samples.byteLength, 0);
}

export class SourcePictures {
  readonly #kept = new Map<string, readonly Strips[]>();
  #bytes = 0;
  #form: SourceForm | null = null;

  /** As they were compared last; null: nothing has been compared yet. */
  get form(): SourceForm | null {
    return this.#form;
  }

  compareAs(form: SourceForm): void {
    this.#form = form;
  }

  get isFull(): boolean {
    return this.#bytes >= MOST_BYTES;
  }

  /** `args`: of ffmpeg, for these pictures alone. */
  get(args: readonly string[]): readonly Strips[] | undefined {
    return this.#kept.get(args.join("\n"));
  }

  /** Keeps the pictures of one sample, while there is space. */
  keep(args: readonly string[], pictures: readonly Strips[]): void {
    const key = args.join("\n");
    if (this.isFull || this.#kept.has(key)) return;
    this.#kept.set(key, pictures);
    this.#bytes += bytesOf(pictures);
  }
}
