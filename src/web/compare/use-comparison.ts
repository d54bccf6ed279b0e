// What is known of a finished output beside its source.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { ComparisonView } from "../../cluster/server/views.ts";
import { ApiError, ask, type Failure } from "../live/api.ts";

/** The picture that somebody chose on another page; null: the worst one is shown first. */
export const chosenFrame = signal<number | null>(null);

export type Comparison = ComparisonView | { readonly failure: Failure } | null;

/** Null until it has come. */
export function useComparison(id: string): Comparison {
  const [found, setFound] = useState<Comparison>(null);
  useEffect(() => {
    const stop = new AbortController();
    ask<ComparisonView>(`/api/v1/jobs/${id}/comparison`, { signal: stop.signal })
      .then(setFound)
      .catch((thrown: unknown) => {
        if (stop.signal.aborted) return;
        if (!(thrown instanceof ApiError)) throw thrown;
        setFound({ failure: thrown.failure });
      });
    return () => stop.abort();
  }, [id]);
  return found;
}
