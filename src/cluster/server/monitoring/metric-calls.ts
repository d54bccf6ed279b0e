// The façade's calls for metrics, and its calls that move bytes, counted: all of that in one place.
import type { SchedulerState } from "../../scheduler/model/state.ts";
import type { Coordinator } from "../ports.ts";
import type { Metrics } from "./metrics.ts";

type Transfers = Pick<Coordinator, "appendUpload" | "appendResult" | "sourceBlock">;
type MetricCalls = Transfers & Pick<Coordinator, "metrics" | "noteOutputSent">;

/** `calls`, counted, and what was counted. */
export function metricCalls(calls: Transfers, metrics: Metrics, state: () => SchedulerState): MetricCalls {
  return {
    async appendUpload(sourceId, append, sha256) {
      const kept = await calls.appendUpload(sourceId, append, sha256);
      metrics.moved("in", "source", kept.offset - append.offset);
      return kept;
    },
    async appendResult(attemptId, report, append) {
      const kept = await calls.appendResult(attemptId, report, append);
      metrics.moved("in", "segment", kept.offset - append.offset);
      return kept;
    },
    async sourceBlock(sourceId, block) {
      const found = await calls.sourceBlock(sourceId, block);
      metrics.moved("out", "source", found.bytes.length);
      return found;
    },
    metrics: () => metrics.text(state()),
    noteOutputSent: (bytes) => metrics.moved("out", "output", bytes),
  };
}
