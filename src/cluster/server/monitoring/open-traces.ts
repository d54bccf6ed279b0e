// Sends traces to a collector, by OTLP over HTTP. Loaded only by a server that has one.
import type { ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import type { Log } from "../../../base/log.ts";
import { VERSION } from "../../../base/version.ts";
import { JobTraces } from "./job-traces.ts";
import { TraceIds } from "./trace-ids.ts";

/** What is not sent then is lost: a collector that hangs must not keep a server from ending. */
const SENT_WITHIN_MS = 5000;
const SEND_EVERY_MS = 2000;
/** More than this wait for a slow collector no longer. */
const MOST_WAITING = 5000;
const SUCCESS = 0;

export interface OpenTraces {
  readonly traces: JobTraces;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** Says once that the collector takes nothing, and once that it does again. */
class Exporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #endpoint: string;
  readonly #log: Log;
  #isLost = false;

  constructor(inner: SpanExporter, endpoint: string, log: Log) {
    this.#inner = inner;
    this.#endpoint = endpoint;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      const isLost = result.code !== SUCCESS;
      const error = result.error?.message ?? "";
      if (isLost && !this.#isLost) this.#log.warn(`traces can't be sent to ${this.#endpoint}`, { error });
      if (!isLost && this.#isLost) this.#log.info(`traces are sent to ${this.#endpoint} again`);
      this.#isLost = isLost;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}

/** `endpoint`: a collector's address, as OTEL_EXPORTER_OTLP_ENDPOINT has it. */
export function openTraces(endpoint: string, log: Log): OpenTraces {
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = new Exporter(new OTLPTraceExporter({ url, timeoutMillis: SENT_WITHIN_MS }), endpoint, log);
  const ids = new TraceIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ "service.name": "ffcluster", "service.version": VERSION }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SENT_WITHIN_MS,
        maxQueueSize: MOST_WAITING,
      }),
    ],
  });
  return {
    traces: new JobTraces(provider.getTracer("ffcluster", VERSION), ids),
    async close() {
      const sent = provider.shutdown().catch((thrown: unknown) => {
        log.warn("the last traces were not sent", { error: String(thrown) });
      });
      const timer = Promise.withResolvers<void>();
      const late = setTimeout(timer.resolve, SENT_WITHIN_MS);
      await Promise.race([sent, timer.promise]);
      clearTimeout(late);
    },
  };
}
