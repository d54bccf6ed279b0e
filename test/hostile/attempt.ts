// One hostile file through a real server and its clients, within a bound: what became of it, and whether that is the
// truth by ffmpeg's own decoding.
import { rm } from "node:fs/promises";
import type { Proof } from "../../src/media/model/proof.ts";
import type { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { differenceOf, differsByDamageAlone, pictureOf, yardstickDecoder } from "../support/yardstick.ts";

export type Outcome = "exact" | "failed" | "refused" | "WRONG" | "HUNG" | "UNEXPLAINED";

export interface Ending {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly seconds: number;
}

interface LastEvent {
  readonly event?: string;
  readonly job_id?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  readonly proof?: Proof;
}

/** A second job of the same file may still be writing its own output. */
let serial = 0;

function lastEvent(stdout: string): LastEvent {
  return JSON.parse(stdout.trim().split("\n").at(-1) || "{}") as LastEvent;
}

async function judgeCompleted(path: string, output: string, proof: Proof): Promise<readonly [Outcome, string]> {
  if (!proof.exact) return ["failed", "completed, and its proof says that it is not proven exact"];
  const decoder = yardstickDecoder(await pictureOf(path));
  const [want, got] = await Promise.all([framesOf(path, null, decoder), framesOf(output)]);
  const difference = differenceOf(want, got);
  if (difference === null) return ["exact", `${want.md5.length} frames`];
  const source = { path, filter: null, inputArgs: decoder };
  if (difference.kind === "pictures" && (await differsByDamageAlone(source, want, got))) {
    return [
      "exact",
      `${want.md5.length} frames, but for damaged ones that plain ffmpeg itself decodes in several ways`,
    ];
  }
  return ["WRONG", difference.text];
}

export async function attempt(cluster: Cluster, path: string, boundMs: number): Promise<Ending> {
  const startedAt = performance.now();
  serial += 1;
  const output = cluster.path(`hostile-${serial}.mkv`);
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const asked = ["-o", output, "--ffmpeg-params", "-c:v ffv1", "--json"];
  const running = cluster.start("submit", ["submit", ...asked, ...where, "--", path]);
  const ending = (outcome: Outcome, reason: string): Ending => ({
    outcome,
    reason: reason.replaceAll(/\s+/g, " ").slice(0, 300),
    seconds: (performance.now() - startedAt) / 1000,
  });
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    running.kill("SIGKILL");
  }, boundMs);
  try {
    const exitCode = await running.exited;
    if (isLate) return ending("HUNG", `no end within ${boundMs} ms: ${running.stdout().slice(-200)}`);
    const { event, job_id, proof, error } = lastEvent(running.stdout());
    if (event === "completed" && proof !== undefined) return ending(...(await judgeCompleted(path, output, proof)));
    if (error === undefined) return ending("UNEXPLAINED", `exit ${exitCode}: ${running.stderr()}`);
    const told = `${error.code}: ${error.message}`;
    if (error.code === "E_INTERNAL" || error.message === "" || error.hint === "") return ending("UNEXPLAINED", told);
    return ending(job_id === undefined && exitCode === 1 ? "refused" : "failed", told);
  } finally {
    clearTimeout(limit);
    await rm(output, { force: true });
  }
}
