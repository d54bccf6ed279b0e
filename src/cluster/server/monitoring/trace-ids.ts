// The ids of traces and spans. A job's trace and its first span have ids made of the job's own, so that a restarted server goes
// on in the same trace, and whoever knows the job finds it.
import { randomBytes } from "node:crypto";
import type { IdGenerator } from "@opentelemetry/sdk-trace-base";

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const SPAN_DIGITS = 2 * SPAN_BYTES;

const random = (bytes: number) => randomBytes(bytes).toString("hex");

/** A job's id is a UUID: 32 hex digits, as a trace's. */
export function traceIdOf(jobId: string): string {
  return jobId.replaceAll("-", "").toLowerCase();
}

/** Of the span of the whole job. */
export function rootSpanIdOf(jobId: string): string {
  return traceIdOf(jobId).slice(-SPAN_DIGITS);
}

export class TraceIds implements IdGenerator {
  #next: { readonly traceId: string; readonly spanId: string } | null = null;

  /** What `start` begins is the span of the whole job. */
  asRoot<T>(jobId: string, start: () => T): T {
    this.#next = { traceId: traceIdOf(jobId), spanId: rootSpanIdOf(jobId) };
    try {
      return start();
    } finally {
      this.#next = null;
    }
  }

  generateTraceId = (): string => this.#next?.traceId ?? random(TRACE_BYTES);
  generateSpanId = (): string => this.#next?.spanId ?? random(SPAN_BYTES);
}
