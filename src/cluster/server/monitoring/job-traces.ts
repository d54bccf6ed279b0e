// One trace for each job: a span for the whole, one for each attempt on a segment, one for each step of the server. All of it
// follows from what the engine commits; the scheduler knows nothing of it.
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { SchedulerEvent } from "../../scheduler/model/decision.ts";
import { isTerminal, type Job } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import type { RunStep } from "../job/steps.ts";
import { rootSpanIdOf, type TraceIds, traceIdOf } from "./trace-ids.ts";

interface OpenJob {
  readonly span: Span;
  readonly context: Context;
  readonly attempts: Map<string, Span>;
}

/** Of an attempt that begins, or goes on. */
const BEGINNINGS: readonly string[] = ["segment-leased", "lease-renewed"];
const SUCCESSES: readonly string[] = ["segment-verified", "segment-measured"];
const LONGEST_TEXT = 500;

export class JobTraces {
  readonly #tracer: Tracer;
  readonly #ids: TraceIds;
  readonly #open = new Map<string, OpenJob>();
  readonly #ended = new Set<string>();

  constructor(tracer: Tracer, ids: TraceIds) {
    this.#tracer = tracer;
    this.#ids = ids;
  }

  /** What the engine has just committed. */
  committed(state: SchedulerState, events: readonly SchedulerEvent[]): void {
    for (const event of events) {
      const job = event.jobId === null ? undefined : state.jobs.get(event.jobId);
      if (job === undefined) continue;
      if (event.type === "job-status") this.#noteStatus(job, event);
      else if (event.attemptId !== null) this.#noteAttempt(job, event, event.attemptId, state);
    }
  }

  /** A step of the server, as a span of the job's trace. */
  step(state: () => SchedulerState): RunStep {
    return async (jobId, name, piece) => {
      const job = state().jobs.get(jobId);
      if (job === undefined || isTerminal(job.status)) return await piece();
      const span = this.#tracer.startSpan(name, {}, this.#jobOf(job).context);
      try {
        return await piece();
      } catch (thrown) {
        fail(span, thrown instanceof Error ? thrown.message : String(thrown));
        throw thrown;
      } finally {
        span.end();
      }
    };
  }

  #jobOf(job: Job): OpenJob {
    const known = this.#open.get(job.id);
    if (known !== undefined) return known;
    const attributes = { "ffcluster.job": job.id, "ffcluster.file": job.fileName, "ffcluster.encoder": job.encoder };
    const isAgain = this.#ended.has(job.id);
    const options = { attributes, startTime: isAgain ? new Date() : new Date(job.createdAt) };
    const span = isAgain
      ? this.#tracer.startSpan("job, again", options, contextOf(job.id))
      : this.#ids.asRoot(job.id, () => this.#tracer.startSpan("job", { ...options, root: true }, ROOT_CONTEXT));
    const opened = { span, context: trace.setSpan(ROOT_CONTEXT, span), attempts: new Map<string, Span>() };
    this.#open.set(job.id, opened);
    return opened;
  }

  #noteStatus(job: Job, { at, detail }: SchedulerEvent): void {
    const { span, attempts } = this.#jobOf(job);
    span.addEvent(detail, new Date(at));
    if (!isTerminal(job.status)) return;
    for (const attempt of attempts.values()) attempt.end(new Date(at));
    const done = job.segments.reduce((sum, { frames, phase }) => sum + (phase.kind === "verified" ? frames : 0), 0);
    span.setAttributes({ "ffcluster.status": job.status, "ffcluster.frames": done });
    if (job.status === "Failed") fail(span, job.error === null ? "failed" : `${job.error.code}: ${job.error.message}`);
    span.end(new Date(at));
    this.#open.delete(job.id);
    this.#ended.add(job.id);
  }

  #noteAttempt(job: Job, event: SchedulerEvent, attemptId: string, state: SchedulerState): void {
    const { attempts, context } = this.#jobOf(job);
    const at = new Date(event.at);
    if (BEGINNINGS.includes(event.type)) {
      const client = event.clientId ?? "";
      const attributes = {
        "ffcluster.job": job.id,
        "ffcluster.attempt": attemptId,
        "ffcluster.segment": event.segmentIndex ?? -1,
        "ffcluster.client": client,
        "ffcluster.client.name": state.clients.get(client)?.name ?? client,
      };
      attempts.set(attemptId, this.#tracer.startSpan("attempt", { attributes, startTime: at }, context));
      return;
    }
    const span = attempts.get(attemptId);
    if (span === undefined) return;
    span.setAttributes({ "ffcluster.outcome": event.type });
    if (!SUCCESSES.includes(event.type)) fail(span, event.detail);
    span.end(at);
    attempts.delete(attemptId);
  }
}

/** Below the span of the whole job, which has ended. */
function contextOf(jobId: string): Context {
  const spanContext = { traceId: traceIdOf(jobId), spanId: rootSpanIdOf(jobId), traceFlags: TraceFlags.SAMPLED };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

function fail(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, LONGEST_TEXT) });
}
