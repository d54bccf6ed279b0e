// A source to the server and its result back, over lines as people have them: cut for 5 and for 60 seconds, with and
// without a word to the sockets, slow, distant, damaging. The bytes that travelled are counted: a transfer goes on where
// it stopped. Runs with `npm run test:chaos`; the lines are the proxy's (network.test.ts has the kernel's).
import { expect, test } from "bun:test";
import { delay } from "../../src/base/clock.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { type Accident, downloadThrough, type Transfer, uploadThrough } from "../support/transfers.ts";

const isAsked = Number(process.env.CHAOS_MINUTES ?? "0") > 0;
if (!isAsked) console.log("skipped: transfers over bad lines are part of `npm run test:chaos`");

/** Where the accident happens; to begin anew would cost as much again. */
const SHARE = 0.3;
/** What it may cost: the piece that was on its way, about a second of the line. */
const MOST_AGAIN = 0.25;
const MBIT = 125_000;

interface Line {
  readonly name: string;
  readonly bytesPerSecond: number;
  /** Frames of the source: how long it travels. */
  readonly frames: number;
  spoil?(proxy: TcpProxy): void;
  accidents?(proxy: TcpProxy): readonly Accident[];
}

function cutFor(ms: number, isTold: boolean): (proxy: TcpProxy) => readonly Accident[] {
  const happen = async (proxy: TcpProxy) => {
    if (isTold) proxy.cut();
    else proxy.silence();
    await delay(ms);
    proxy.heal();
  };
  return (proxy) => [{ share: SHARE, happen: () => happen(proxy) }];
}

const LINES: readonly Line[] = [
  ...[5, 60].flatMap((seconds) =>
    [true, false].map((isTold) => ({
      name: `cut for ${seconds} s, ${isTold ? "the sockets are told" : "nobody is told"}`,
      bytesPerSecond: 16 * MBIT,
      frames: 250,
      accidents: cutFor(seconds * 1000, isTold),
    })),
  ),
  { name: "1 Mbit/s", bytesPerSecond: MBIT, frames: 20 },
  {
    name: "200 ms away, one chunk in fifty held up",
    bytesPerSecond: 16 * MBIT,
    frames: 100,
    spoil(proxy) {
      proxy.latencyMs = 100;
      proxy.holdUpChance = 0.02;
    },
  },
  {
    name: "a flipped byte in the midst",
    bytesPerSecond: 16 * MBIT,
    frames: 250,
    accidents: (proxy) => [
      {
        share: SHARE,
        async happen() {
          const before = proxy.flipped;
          proxy.flipEvery = 1;
          while (proxy.flipped === before) await delay(1);
          proxy.flipEvery = 0;
        },
      },
    ],
  },
];

for (const line of LINES) {
  test.skipIf(!isAsked)(
    `up and down over a line: ${line.name}`,
    async () => {
      await using cluster = await Cluster.make();
      await using proxy = await TcpProxy.open(() => cluster.port);
      const path = cluster.path("source.mp4");
      await makeSynthetic(path, { frames: line.frames, gop: 25, size: "640x360" });
      await cluster.serve();
      await cluster.join("near");
      proxy.bytesPerSecond = line.bytesPerSecond;
      line.spoil?.(proxy);
      const accidents = line.accidents?.(proxy) ?? [];
      const up = await uploadThrough(cluster, proxy, path, accidents);
      const jobId = await cluster.createJob(up.sourceId, "-c:v libx264 -qp 0 -preset veryfast", "out.mkv");
      const job = await cluster.untilComplete(jobId, 300_000);
      const output = cluster.path("result.mkv");
      const isFlipped = proxy.flipped > 0;
      const down = await downloadThrough(cluster, proxy, job, output, accidents);
      const told = ({ bytes, travelled, brokenAt }: Transfer) =>
        `${travelled} bytes for ${bytes}${brokenAt.length === 0 ? "" : `, broken at ${brokenAt.join(", ")}`}`;
      console.log(`  ${line.name}: up ${told(up)}; down ${told(down)}`);
      // Of a download only the whole has a digest: a flipped byte costs all of it, and is found all the same.
      const wholes = isFlipped ? 2 : 1;
      const again = accidents.length === 0 ? 0 : MOST_AGAIN;
      expect(up.offsets).toEqual([...up.offsets].sort((one, other) => one - other));
      expect(up.travelled).toBeLessThanOrEqual((1 + again) * up.bytes);
      expect(down.travelled).toBeLessThanOrEqual((wholes + again) * down.bytes);
      expect((await framesOf(output)).md5).toEqual([...(await framesOf(path)).md5]);
      expect((await cluster.json<{ exact: boolean }>(["jobs", "proof", jobId])).exact).toBe(true);
    },
    600_000,
  );
}
