// Uploads and downloads of a test through a proxy to a real server: the product's own sender and receiver in this
// process, so that what they were told can be looked at.
import { stat } from "node:fs/promises";
import { ApiClient } from "../../src/api/client.ts";
import { downloadOutput } from "../../src/api/download.ts";
import { uploadSource } from "../../src/api/upload.ts";
import type { JobView } from "../../src/cluster/server/views.ts";
import type { Cluster } from "./cluster.ts";
import type { TcpProxy } from "./tcp-proxy.ts";

/** A file that can't be had by chance, or compressed. */
export async function makeRandomFile(path: string, bytes: number): Promise<void> {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  await Bun.write(path, content);
}

export interface Transfer {
  readonly bytes: number;
  /** Bytes of bodies that travelled for it. */
  readonly travelled: number;
  /** Where it stood whenever the link broke. */
  readonly brokenAt: readonly number[];
  /** What the server said that it has, in order. */
  readonly offsets: readonly number[];
}

/** An accident that happens once the given share is there; it goes on beside the transfer. */
export interface Accident {
  readonly share: number;
  happen(): Promise<void>;
}

class Schedule {
  readonly #ahead: Accident[];
  readonly #happening: Promise<void>[] = [];

  constructor(accidents: readonly Accident[]) {
    this.#ahead = [...accidents];
  }

  at(have: number, total: number): void {
    const [next] = this.#ahead;
    if (next === undefined || have < total * next.share) return;
    this.#ahead.shift();
    this.#happening.push(next.happen());
  }

  async over(): Promise<void> {
    await Promise.all(this.#happening);
    if (this.#ahead.length > 0) throw new Error(`${this.#ahead.length} accidents did not happen`);
  }
}

function clientOf(cluster: Cluster, proxy: TcpProxy): ApiClient {
  const server = { isTls: false, host: "127.0.0.1", port: proxy.port };
  return new ApiClient({ server, token: cluster.token });
}

export async function uploadThrough(
  cluster: Cluster,
  proxy: TcpProxy,
  path: string,
  accidents: readonly Accident[],
): Promise<Transfer & { readonly sourceId: string }> {
  const bytes = (await stat(path)).size;
  const before = proxy.bodyBytes["to-server"];
  const schedule = new Schedule(accidents);
  const brokenAt: number[] = [];
  const offsets: number[] = [];
  const source = await uploadSource(clientOf(cluster, proxy), path, {
    onBytes(have) {
      offsets.push(have);
      schedule.at(have, bytes);
    },
    onBroken: (have) => brokenAt.push(have),
  });
  await schedule.over();
  const travelled = proxy.bodyBytes["to-server"] - before;
  return { sourceId: source.source_id, bytes, travelled, brokenAt, offsets };
}

export async function downloadThrough(
  cluster: Cluster,
  proxy: TcpProxy,
  job: JobView,
  path: string,
  accidents: readonly Accident[],
): Promise<Transfer> {
  const { output } = job;
  if (output === null) throw new Error("the job has no output");
  const before = proxy.bodyBytes["to-client"];
  const schedule = new Schedule(accidents);
  const brokenAt: number[] = [];
  const offsets: number[] = [];
  const wanted = { jobId: job.job_id, bytes: output.bytes, sha256: output.sha256 };
  await downloadOutput(
    clientOf(cluster, proxy),
    wanted,
    { path, mayOverwrite: false },
    {
      onBytes(have) {
        offsets.push(have);
        schedule.at(have, output.bytes);
      },
      onBroken: (have) => brokenAt.push(have),
    },
  );
  await schedule.over();
  return { bytes: output.bytes, travelled: proxy.bodyBytes["to-client"] - before, brokenAt, offsets };
}
