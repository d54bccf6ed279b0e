// What can happen to a cluster, each accident with its end: what it breaks it mends again, or leaves to the product.
import { delay } from "../../src/base/clock.ts";
import { errnoOf } from "../../src/base/errors.ts";
import type { Random } from "../sim/random.ts";
import { type Cluster, processesNaming, until } from "../support/cluster.ts";
import type { SmallDisk } from "../support/small-disk.ts";
import type { WallClock } from "../support/wall-clock.ts";
import { type ClientMember, freezeEncoder, type Member } from "./members.ts";

export interface Scene {
  readonly random: Random;
  readonly cluster: Cluster;
  readonly server: Member;
  /** Null where this machine can't have one, as the clients' disks. */
  readonly serverDisk: SmallDisk | null;
  readonly clock: WallClock | null;
  readonly clients: readonly ClientMember[];
  /** Also those that take longer than a lease. */
  readonly isLong: boolean;
}

export interface Accident {
  readonly name: string;
  readonly isLong?: boolean;
  /** What it takes that not every machine has; absent: nothing. */
  isPossible?(scene: Scene): boolean;
  happen(scene: Scene): Promise<void>;
}

function anyClient({ random, clients }: Scene): ClientMember {
  const client = clients[random.whole(0, clients.length - 1)];
  if (client === undefined) throw new Error("a chaos run has clients");
  return client;
}

async function freeze(member: Member, ms: number): Promise<void> {
  member.signal("SIGSTOP");
  await delay(ms);
  member.signal("SIGCONT");
}

async function cutOff(client: ClientMember, ms: number): Promise<void> {
  client.proxy.cut();
  await delay(ms);
  client.proxy.heal();
}

/** As a laptop that is closed: the client and all that it runs. */
async function closeLid({ workDir }: ClientMember, ms: number): Promise<void> {
  const all = (await processesNaming(workDir)).map(({ pid }) => pid);
  const toAll = (name: "SIGSTOP" | "SIGCONT") => {
    for (const pid of all) {
      try {
        process.kill(pid, name);
      } catch (thrown) {
        if (errnoOf(thrown) !== "ESRCH") throw thrown; // it has ended meanwhile
      }
    }
  };
  toAll("SIGSTOP");
  await delay(ms);
  toAll("SIGCONT");
}

async function runFull(disk: SmallDisk | null, ms: number): Promise<void> {
  await disk?.fillUpTo(0);
  await delay(ms);
  await disk?.relieve();
}

/** Somebody holds a client back and lets it go again. */
async function holdBack(scene: Scene, verb: "pause" | "drain"): Promise<void> {
  const { name } = anyClient(scene);
  const known = (await scene.cluster.clients()).find((client) => client.name === name);
  if (known === undefined) return; // the server has not heard of it since its first start
  await scene.cluster.json(["clients", verb, known.client_id]);
  await delay(scene.random.between(200, 3000));
  await scene.cluster.json(["clients", "resume", known.client_id]);
}

export const ACCIDENTS: readonly Accident[] = [
  {
    name: "client killed, started again",
    async happen(scene) {
      const client = anyClient(scene);
      await client.kill();
      await delay(scene.random.between(0, 2000));
      await client.start();
    },
  },
  {
    name: "server killed, started again",
    async happen({ server, random }) {
      await server.kill();
      await delay(random.between(0, 1500));
      await server.start();
    },
  },
  {
    name: "network of a client cut",
    happen: (scene) => cutOff(anyClient(scene), scene.random.between(100, scene.isLong ? 20_000 : 2500)),
  },
  {
    name: "client asleep for a moment",
    happen: (scene) => freeze(anyClient(scene), scene.random.between(500, 2500)),
  },
  {
    name: "client asleep past its lease",
    isLong: true,
    happen: (scene) => freeze(anyClient(scene), scene.random.between(16_000, 25_000)),
  },
  {
    name: "server asleep for a moment",
    happen: ({ server, random, isLong }) => freeze(server, random.between(500, isLong ? 20_000 : 2000)),
  },
  {
    name: "an ffmpeg hangs",
    async happen(scene) {
      await freezeEncoder(anyClient(scene).workDir);
    },
  },
  {
    name: "bytes flipped in transit",
    async happen(scene) {
      const { proxy } = anyClient(scene);
      const usual = proxy.flipEvery;
      proxy.flipEvery = scene.random.whole(20_000, 200_000);
      await delay(scene.random.between(500, 3000));
      proxy.flipEvery = usual;
    },
  },
  {
    name: "a body cut short",
    async happen(scene) {
      anyClient(scene).proxy.truncateAt = scene.random.whole(5000, 60_000);
    },
  },
  {
    name: "an ffmpeg that crashes, for a while",
    async happen(scene) {
      const { wrong } = anyClient(scene);
      await wrong.become("crash");
      await delay(scene.random.between(200, 2000));
      await wrong.become("right");
    },
  },
  {
    name: "an ffmpeg that loses frames, for a while",
    async happen(scene) {
      const { wrong } = anyClient(scene);
      await wrong.become("drop-frame");
      await delay(scene.random.between(200, 2000));
      await wrong.become("right");
    },
  },
  {
    name: "client stopped by SIGTERM, started again",
    async happen(scene) {
      const client = anyClient(scene);
      await client.stop();
      await delay(scene.random.between(0, 1000));
      await client.start();
    },
  },
  {
    name: "server stopped by SIGTERM, started again",
    async happen({ server, random }) {
      await server.stop();
      await delay(random.between(0, 1500));
      await server.start();
    },
  },
  {
    name: "laptop closed, with its ffmpeg",
    happen: (scene) => {
      const ms = scene.isLong ? scene.random.between(5000, 25_000) : scene.random.between(500, 2500);
      return closeLid(anyClient(scene), ms);
    },
  },
  {
    name: "cable of a client out, nobody is told",
    async happen(scene) {
      const { proxy } = anyClient(scene);
      proxy.silence();
      await delay(scene.random.between(500, scene.isLong ? 20_000 : 2500));
      proxy.heal();
    },
  },
  {
    name: "a slow and distant line, for a while",
    async happen(scene) {
      const { proxy } = anyClient(scene);
      Object.assign(proxy, { latencyMs: 100, holdUpChance: 0.02, bytesPerSecond: 125_000 });
      await delay(scene.random.between(1000, scene.isLong ? 20_000 : 3000));
      Object.assign(proxy, { latencyMs: 0, holdUpChance: 0, bytesPerSecond: 0 });
    },
  },
  { name: "client paused, resumed", happen: (scene) => holdBack(scene, "pause") },
  { name: "client drained, resumed", happen: (scene) => holdBack(scene, "drain") },
  {
    name: "disk of a client full, for a while",
    isPossible: ({ clients }) => clients.every(({ disk }) => disk !== null),
    happen: (scene) => runFull(anyClient(scene).disk, scene.random.between(500, 3000)),
  },
  {
    name: "disk of the server full, for a while",
    isLong: true,
    isPossible: ({ serverDisk }) => serverDisk !== null,
    async happen({ cluster, server, serverDisk, random }) {
      await runFull(serverDisk, random.between(500, 5000));
      // It ends where its database has found no room.
      await until("the server works on or has ended", 60_000, async () => {
        if (server.running === null) return true;
        const answer = await fetch(`${cluster.url}/healthz`).catch(() => null); // it is on its way out
        return answer?.ok === true;
      });
      await server.start();
    },
  },
  {
    name: "the wall clock jumps an hour",
    isPossible: ({ clock }) => clock !== null,
    async happen({ clock, random }) {
      await clock?.setAhead(random.chance(0.5) ? 3600 : -3600);
    },
  },
];
