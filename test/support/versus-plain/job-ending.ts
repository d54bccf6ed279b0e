// One job through a running cluster, as `submit --json` tells of its end, and whether any work was done for it.
import type { JobDetailView } from "../../../src/cluster/server/views.ts";
import type { Proof } from "../../../src/media/model/proof.ts";
import type { Cluster } from "../cluster.ts";

export type JobEnding =
  | { readonly kind: "completed"; readonly proof: Proof }
  /** Before any segment was given to a client. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export interface JobAsked {
  readonly source: string;
  /** Its ending gives the container. */
  readonly output: string;
  readonly params: string;
  readonly boundMs: number;
}

interface LastEvent {
  readonly event?: string;
  readonly job_id?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly proof?: Proof;
}

function lastEvent(stdout: string): LastEvent {
  return JSON.parse(stdout.trim().split("\n").at(-1) || "{}") as LastEvent;
}

async function wasWorkDone(cluster: Cluster, jobId: string): Promise<boolean> {
  const detail: JobDetailView = await cluster.jobDetail(jobId);
  return detail.attempts.length > 0 || detail.segment_list.some(({ attempts }) => attempts > 0);
}

/** Submits and waits for the end. One that takes longer than its bound is a failure that says so. */
export async function endOf(cluster: Cluster, { source, output, params, boundMs }: JobAsked): Promise<JobEnding> {
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const asked = ["-o", output, "--ffmpeg-params", params, "--json", "--force"];
  const running = cluster.start("submit", ["submit", ...asked, ...where, "--", source]);
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    running.kill("SIGKILL");
  }, boundMs);
  const exitCode = await running.exited;
  clearTimeout(limit);
  if (isLate) return { kind: "failed", reason: `no end within ${boundMs} ms: ${running.stdout().slice(-200)}` };
  const { event, job_id, error, proof } = lastEvent(running.stdout());
  if (event === "completed" && proof !== undefined) return { kind: "completed", proof };
  if (error === undefined) return { kind: "failed", reason: `unexplained, exit ${exitCode}: ${running.stderr()}` };
  const reason = `${error.code}: ${error.message} (${error.hint})`;
  const isRefusal = error.code !== "E_INTERNAL" && (job_id === undefined || !(await wasWorkDone(cluster, job_id)));
  return { kind: isRefusal ? "refused" : "failed", reason };
}
