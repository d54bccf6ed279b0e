// A job's state in the words that people read; the API has names of its own. Pure.
import type { JobView } from "../../../api/contract.ts";
import { formatSeconds } from "../format.ts";

/** From the longest to the shortest. */
const LABELS: Readonly<Record<JobView["status"], readonly string[]>> = {
  Queued: ["Queued"],
  WaitingForClients: ["Waiting for clients", "Waiting"],
  Benchmarking: ["Encoding (measuring machines)", "Encoding (measuring)", "Measuring"],
  Processing: ["Encoding"],
  Combining: ["Combining"],
  Completed: ["Completed"],
  Failed: ["Failed"],
  Cancelled: ["Cancelled"],
};

export function statusLabels(status: JobView["status"]): readonly string[] {
  return LABELS[status];
}

/** The first segments of a job measure the machines, and are encoded all the same. */
export function statusWords(status: JobView["status"]): string {
  return LABELS[status][0] ?? status;
}

/** No finer than it is known: `about 25s left`, `about 3m20s left`. */
export function roughly(seconds: number): string {
  const step = seconds < 60 ? 5 : seconds < 600 ? 10 : 60;
  return formatSeconds(Math.max(step, Math.ceil(seconds / step) * step));
}

/** Some clients could work on the job, and none does yet. */
export function waitsForSlot({ status, clients, capable_clients: capable, required_clients: required }: JobView) {
  return status === "Queued" && clients === 0 && capable >= required;
}
