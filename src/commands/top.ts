// `ffcluster top`: the cluster at a glance, live on a terminal until q or Ctrl-C, once elsewhere.
import type { ApiClient } from "../api/client.ts";
import type { JobView } from "../api/contract.ts";
import { hostPort } from "../api/server-address.ts";
import { delay } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { type CommandContext, defineCommand, printDocument } from "./cli/command.ts";
import { jsonOption, serverOptions } from "./cli/common-options.ts";
import { connect } from "./cli/connect.ts";
import { type ClusterMoment, clusterFrame } from "./output/live/cluster-frame.ts";
import { JobPace } from "./output/live/job-pace.ts";
import { canRedraw, createLiveArea } from "./output/live/live-area.ts";
import { lookOf } from "./output/style.ts";
import { PLAIN } from "./output/table.ts";
import { askCluster, type ClusterAnswer } from "./overview/ask-cluster.ts";
import { listenForKeys } from "./overview/end-keys.ts";

const ASK_EVERY_MS = 1000;
/** With --json and without a terminal: all of it. */
const NO_LIMIT = Number.POSITIVE_INFINITY;

class Paces {
  readonly #paces = new Map<string, JobPace>();

  note({ jobs }: ClusterAnswer): void {
    const ids = new Set(jobs.map(({ job_id: id }) => id));
    for (const id of this.#paces.keys()) if (!ids.has(id)) this.#paces.delete(id);
    for (const job of jobs) {
      const pace = this.#paces.get(job.job_id) ?? new JobPace();
      this.#paces.set(job.job_id, pace);
      pace.note(job, performance.now());
    }
  }

  readonly etaOf = (job: JobView): number | null => this.#paces.get(job.job_id)?.etaSeconds(performance.now()) ?? null;
}

const isPassing = (thrown: unknown): thrown is AppError =>
  thrown instanceof AppError && (thrown.retry || thrown.code === "E_UNREACHABLE");

/** Until `signal` is aborted. Errors: those of the API, but for a link that breaks. */
async function show(api: ApiClient, context: CommandContext, signal: AbortSignal): Promise<void> {
  const area = createLiveArea(context.stdout);
  const paces = new Paces();
  const server = hostPort(api.connection.server);
  let moment: ClusterMoment = { server, ...(await askCluster(api)), etaOf: paces.etaOf, trouble: null };
  const frame = (columns: number, rows: number) =>
    clusterFrame(moment, { ...lookOf(context, context.stdout), width: columns - 1 }, rows - 2);
  try {
    while (!signal.aborted) {
      paces.note(moment);
      area.show((columns, rows) => [...frame(columns, rows), "q ends it"]);
      await delay(ASK_EVERY_MS, signal);
      moment = { ...moment, ...(await askAgain(api, signal)) };
    }
  } finally {
    area.end();
  }
  for (const line of frame(context.stdout.columns, context.stdout.rows ?? 24)) context.stdout.write(`${line}\n`);
}

async function askAgain(api: ApiClient, signal: AbortSignal): Promise<Partial<ClusterMoment>> {
  if (signal.aborted) return {};
  try {
    return { ...(await askCluster(api)), trouble: null };
  } catch (thrown) {
    if (!isPassing(thrown)) throw thrown;
    return { trouble: `${thrown.message}; trying again` };
  }
}

export const top = defineCommand({
  path: ["top"],
  summary: "Watch the whole cluster: jobs with their time left, clients with what they do",
  positionals: [],
  options: { ...serverOptions, ...jsonOption },
  examples: ["ffcluster top", "ffcluster top --server node-1:5001", "ffcluster top --json"],
  printsEvents: false,
  async run({ options, context }) {
    const api = await connect(options, context);
    if (options.json) {
      printDocument(context, await askCluster(api));
      return 0;
    }
    if (!canRedraw(context.stdout)) {
      const server = hostPort(api.connection.server);
      const moment = { server, ...(await askCluster(api)), etaOf: (job: JobView) => job.eta_seconds, trouble: null };
      for (const line of clusterFrame(moment, PLAIN, NO_LIMIT)) context.stdout.write(`${line}\n`);
      return 0;
    }
    const keys = listenForKeys(process.stdin);
    const signal = AbortSignal.any([context.signal, keys.signal]);
    try {
      await show(api, context, signal);
    } finally {
      keys.stop();
    }
    return signal.reason?.cause === "SIGINT" ? 130 : 0;
  },
});
