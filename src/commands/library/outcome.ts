// What became of one file of a library.
import type { JobView, Proof } from "../../api/contract.ts";
import type { AppError } from "../../base/errors.ts";
import type { FoundFile } from "./find-files.ts";
import type { LibraryState } from "./library-state.ts";

/** A file and where its output goes. */
export interface PlannedFile extends FoundFile {
  /** Absolute path of the folder that its output is below. */
  readonly home: string;
  /** Of that folder. */
  readonly state: LibraryState;
  /** Path below the library's folder, with `/`. */
  readonly output: string;
}

export type Outcome =
  | {
      readonly kind: "encoded";
      readonly job: JobView;
      readonly proof: Proof;
      /** Absolute path. */
      readonly output: string;
      readonly outputBytes: number;
    }
  /** Its output was larger. */
  | { readonly kind: "kept"; readonly jobId: string; readonly outputBytes: number }
  | { readonly kind: "submitted"; readonly jobId: string }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly error: AppError; readonly jobId: string | null };
