// Asks a server what goes on: its open jobs, those that somebody works on with their crew, and its clients.
import type { ApiClient } from "../../api/client.ts";
import { type ClientView, isTerminal, JOB_STATUSES, type JobView } from "../../api/contract.ts";
import { AppError } from "../../base/errors.ts";

export interface ClusterAnswer {
  readonly jobs: readonly JobView[];
  /** Null: this token may not see them. */
  readonly clients: readonly ClientView[] | null;
}

const OPEN = JOB_STATUSES.filter((status) => !isTerminal(status)).join(",");
/** Jobs whose crew is asked for: more don't fit a screen, and each is a call. */
const MOST_CREWS = 20;

async function clientsOf(api: ApiClient): Promise<readonly ClientView[] | null> {
  try {
    return await api.listClients();
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "E_FORBIDDEN") return null;
    throw thrown;
  }
}

/** A job may end, or be removed, while it is asked for. */
async function withCrew(api: ApiClient, job: JobView): Promise<JobView> {
  try {
    return await api.job(job.job_id);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "E_UNKNOWN_ID") return job;
    throw thrown;
  }
}

/** Errors: those of the API. */
export async function askCluster(api: ApiClient): Promise<ClusterAnswer> {
  const [listed, clients] = await Promise.all([api.listJobs(OPEN), clientsOf(api)]);
  const busy = new Set(listed.filter(({ segments }) => segments.running > 0).slice(0, MOST_CREWS));
  const jobs = await Promise.all(listed.map((job) => (busy.has(job) ? withCrew(api, job) : job)));
  return { jobs: jobs.filter(({ status }) => !isTerminal(status)), clients };
}
