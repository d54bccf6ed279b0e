// One job with its history, asked for again whenever the stream says that the job has changed, but not all the time.
import { useEffect, useState } from "preact/hooks";
import type { JobDetailView } from "../../cluster/server/views.ts";
import { ApiError, ask } from "../live/api.ts";
import { jobs } from "../live/cluster.ts";

const LEAST_PAUSE_MS = 700;
/** A film of thousands of segments takes a while to send: the page asks for a tenth of the time at most. */
const PAUSE_BY_COST = 9;

export interface Detail {
  readonly job: JobDetailView | null;
  readonly error: ApiError | null;
}

export function useDetail(id: string): Detail {
  const [detail, setDetail] = useState<Detail>({ job: null, error: null });
  useEffect(() => follow(id, setDetail), [id]);
  return detail;
}

function follow(id: string, tell: (detail: Detail) => void): () => void {
  const stop = new AbortController();
  let isBusy = false;
  let isStale = false;
  const load = async () => {
    isBusy = true;
    isStale = false;
    const begun = performance.now();
    try {
      tell({ job: await ask<JobDetailView>(`/api/v1/jobs/${id}/detail`, { signal: stop.signal }), error: null });
    } catch (thrown) {
      if (stop.signal.aborted) return;
      if (!(thrown instanceof ApiError)) throw thrown;
      tell({ job: null, error: thrown });
    }
    // When it is drawn: that is part of what it costs.
    requestAnimationFrame(() => {
      const cost = performance.now() - begun;
      setTimeout(again, Math.max(LEAST_PAUSE_MS, cost * PAUSE_BY_COST));
    });
  };
  const again = () => {
    isBusy = false;
    if (isStale && !stop.signal.aborted) void load();
  };
  let last = jobs.peek().get(id);
  const unsubscribe = jobs.subscribe((now) => {
    const job = now.get(id);
    if (job === last) return;
    last = job;
    isStale = true;
    if (!isBusy) void load();
  });
  void load();
  return () => {
    stop.abort();
    unsubscribe();
  };
}
