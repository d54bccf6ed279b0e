// What the server does at regular times: it sends ticks to the scheduler, checks that the sources of running jobs are
// unchanged, and removes files that are no longer needed.
import type { Clock } from "../../base/clock.ts";
import { toAppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Tokens } from "./access/tokens.ts";
import type { Engine } from "./engine.ts";
import type { KeptSources } from "./job/kept-sources.ts";
import type { JobRegistry } from "./job-registry.ts";
import type { Retention } from "./retention.ts";
import type { ResultReceiver } from "./transfers/result-receiver.ts";
import type { SourceRegistry } from "./transfers/source-registry.ts";
import { KEEP_PARTIAL_MS, type SourceUploads } from "./transfers/source-uploads.ts";

const TICK_MS = 250;
const TIDY_EVERY_MS = 30_000;
const WATCH_SOURCES_EVERY_MS = 1000;
const END_EXPIRED_EVERY_MS = 1000;
/** A command submits its job right after its source; a source that no job uses after an hour is left over. */
const UNUSED_SOURCE_MS = 60 * 60_000;

export interface MaintenanceParts {
  readonly engine: Engine;
  readonly registry: JobRegistry;
  readonly retention: Retention;
  readonly kept: KeptSources;
  readonly sources: SourceRegistry;
  readonly uploads: SourceUploads;
  readonly results: ResultReceiver;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts at once; the returned function stops it. */
export function startMaintenance({
  engine,
  registry,
  retention,
  kept,
  sources,
  uploads,
  results,
  tokens,
  clock,
  log,
}: MaintenanceParts): () => void {
  const watchSources = () => {
    for (const work of registry.running.values()) {
      work.watchSource().catch((thrown: unknown) => {
        log.warn("a source could not be checked", { error: toAppError(thrown).message });
      });
    }
  };
  const tidy = () =>
    Promise.all([
      retention.sweep(Date.parse(clock.nowIso())),
      kept.sweep(Date.parse(clock.nowIso())),
      sources.expire(UNUSED_SOURCE_MS),
      uploads.expire(KEEP_PARTIAL_MS),
      results.sweep(),
    ]).catch((thrown: unknown) => log.warn("old files could not be removed", { error: toAppError(thrown).message }));
  const timers = [
    setInterval(() => engine.dispatch({ type: "tick" }), TICK_MS),
    setInterval(watchSources, WATCH_SOURCES_EVERY_MS),
    setInterval(tidy, TIDY_EVERY_MS),
    setInterval(() => tokens.endExpired(), END_EXPIRED_EVERY_MS),
  ];
  void tidy();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
