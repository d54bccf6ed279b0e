// What a server's user wants to hear of: clients that come and go, jobs that start and end. Views in, lines out.
import { type ClientView, isTerminal, type JobView } from "../../api/contract.ts";
import { formatSeconds, shortId } from "../output/format.ts";

type Status = JobView["status"];

const hasBegun = (status: Status): boolean => ["Benchmarking", "Processing", "Combining"].includes(status);

function took({ started_at: started, completed_at: ended }: JobView): string {
  if (started === null || ended === null) return "";
  const seconds = Math.max(0, Math.round((Date.parse(ended) - Date.parse(started)) / 1000));
  return ` in ${seconds < 60 ? `${seconds} s` : formatSeconds(seconds)}`;
}

function endOf(job: JobView): string {
  if (job.status === "Completed") return `done${took(job)}`;
  return job.status === "Failed" ? `failed: ${job.error?.message ?? "for no known reason"}` : "cancelled";
}

export class ClusterNews {
  readonly #jobs = new Map<string, Status>();
  readonly #clients = new Map<string, ClientView["status"]>();

  /** How things stand is no news. */
  begin(jobs: readonly JobView[], clients: readonly ClientView[]): void {
    for (const job of jobs) this.#jobs.set(job.job_id, job.status);
    for (const client of clients) this.#clients.set(client.client_id, client.status);
  }

  /** Null: it is no news. */
  client(view: ClientView): string | null {
    const before = this.#clients.get(view.client_id) ?? "Disconnected";
    this.#clients.set(view.client_id, view.status);
    const wasHere = before !== "Disconnected";
    if (wasHere === (view.status !== "Disconnected")) return null;
    if (!wasHere) return `+ ${view.name} joined (${view.slots} ${view.slots === 1 ? "encode" : "encodes"})`;
    return view.leased_job === null ? `- ${view.name} left` : `- ${view.name} was lost; its segments wait for it`;
  }

  /** Null: it is no news. */
  job(view: JobView): string | null {
    const before = this.#jobs.get(view.job_id) ?? "Queued";
    this.#jobs.set(view.job_id, view.status);
    if (before === view.status) return null;
    const name = `job ${shortId(view.job_id)}`;
    if (isTerminal(view.status)) return `${name} ${endOf(view)}`;
    if (isTerminal(before)) return `${name} ${view.file_name} goes on`;
    return hasBegun(view.status) && !hasBegun(before) ? `${name} ${view.file_name} started` : null;
  }
}

/** The last line of a server. */
export function stoppedText(openJobs: number): string {
  if (openJobs === 0) return "Stopped.";
  return `Stopped; ${openJobs === 1 ? "1 job goes" : `${openJobs} jobs go`} on at the next start.`;
}
