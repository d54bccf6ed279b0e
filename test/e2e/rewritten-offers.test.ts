// Over plain http somebody on the line can write offers. What a client makes of them is bounded all the same: it runs no
// other filter, option, file or size than a request may have, and goes on with the next honest offer.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import type { Offer, ServerMessage } from "../../src/cluster/protocol/messages.ts";
import { Cluster, until } from "../support/cluster.ts";
import { RewritingProxy } from "../support/rewriting-proxy.ts";
import { expectWhole } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const BOUND_MS = 120_000;
const FRAMES = 50;
const SERVER = ["--tls", "off", "--max-retries", "60", "--retry-delay", "0", "--max-segment-duration", "1"];

type Json = Record<string, unknown>;
interface Task extends Json {
  request: Json & { video: Json; filters: Json[] };
  video: Json;
}
type Rewrite = (task: Task, offer: Json, evil: string) => void;

/** Each once; `evil`: a file that must never be there. */
const REWRITES: Readonly<Record<string, Rewrite>> = {
  "a filter in the pixel format": ({ video }, _, evil) => {
    video.pixelFormat = `yuv420p,metadata=print:file=${evil}`;
  },
  "a filter that writes a file": ({ request }, _, evil) => {
    const options = [
      ["mode", "print"],
      ["file", evil],
    ];
    request.filters = [{ name: "metadata", options }];
  },
  "a filter that reads a file": ({ request }) => {
    request.filters = [{ name: "movie", options: [["filename", "/etc/passwd"]] }];
  },
  "a name that is an option": ({ request }, _, evil) => {
    request.video.encoder = `libx264 -report ${evil}`;
  },
  "an encoder that is a device": ({ request }) => {
    request.video.encoder = "rawvideo";
  },
  "a file of statistics": ({ request }, _, evil) => {
    request.video.encoderParams = [
      ["pass", "1"],
      ["stats", evil],
    ];
  },
  "an option of ffmpeg's own": ({ request }, _, evil) => {
    request.video.privateOptions = [["passlogfile", evil]];
  },
  "pictures without end": ({ request }) => {
    request.video.size = { width: 32_768, height: 32_768 };
  },
  "a demuxer that opens other files": (task) => {
    task.formatName = "concat";
  },
  "a field that nobody knows": (task, _, evil) => {
    task.output = evil;
  },
  "a burn-in file larger than the disk": ({ request }, offer) => {
    request.filters = [{ name: "subtitles", options: [["filename", "0"]] }];
    offer.sideFiles = [{ bytes: 2 ** 50, sha256: "0".repeat(64) }];
  },
};

test(
  "each rewritten offer is refused by the client, and the job ends exact",
  async () => {
    await using cluster = await Cluster.make();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: FRAMES, gop: 25 });
    await cluster.serve({ args: SERVER });
    const evil = cluster.path("written-by-the-proxy");
    const left = Object.entries(REWRITES);
    const rewritten = new Map<string, string>();
    const rewrite = (message: ServerMessage): object => {
      if (message.type === "welcome") return { ...message, nonce: { ...message.nonce, path: "/dev/zero" } };
      const next = message.type === "offer" ? left.shift() : undefined;
      if (message.type !== "offer" || next === undefined) return message;
      const [name, change] = next;
      const offer = structuredClone(message) as Offer & Json;
      change(offer.task as unknown as Task, offer, evil);
      rewritten.set(message.attemptId, name);
      return offer;
    };
    await using proxy = new RewritingProxy(() => cluster.url, rewrite);
    await cluster.joinThrough([], proxy.address, "victim", ["--slots", "1", "--reconnect-delay", "0.3"]);
    const before = await readdir(cluster.folder);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), "-c:v libx264 -qp 0 -preset ultrafast");

    const answers = () => proxy.heard.filter((message) => message.type === "attempt-failed");
    await until("each is refused", BOUND_MS, async () => {
      // Three refusals in a row look like a machine that is broken; its operator knows better.
      const [client] = await cluster.clients();
      if (client?.quarantine) await cluster.command(["clients", "resume", client.client_id]);
      return answers().length >= Object.keys(REWRITES).length;
    });
    const refused = new Map(answers().map((message) => [rewritten.get(message.attemptId), message.kind]));
    for (const name of Object.keys(REWRITES)) expect([name, refused.get(name)]).toEqual([name, "refused"]);
    expect((await readdir(cluster.folder)).filter((name) => !before.includes(name))).toEqual([]);
    await until("it works again", BOUND_MS, async () => {
      const [client] = await cluster.clients();
      if (client?.quarantine) await cluster.command(["clients", "resume", client.client_id]);
      return (await cluster.job(jobId)).status === "Completed";
    });
    await expectWhole(cluster, jobId, { path: source, frames: FRAMES }, BOUND_MS);
    expect(await cluster.api<object>(`/jobs/${jobId}/proof`)).toMatchObject({ exact: true });
  },
  3 * BOUND_MS,
);
