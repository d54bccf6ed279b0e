// What can happen to a cluster, each accident with its end: what it breaks it mends again, or leaves to the product.
import { delay } from "../../src/base/clock.ts";
import type { Random } from "../sim/random.ts";
import { type ClientMember, freezeEncoder, type Member } from "./members.ts";

export interface Scene {
  readonly random: Random;
  readonly server: Member;
  readonly clients: readonly ClientMember[];
  /** Also those that take longer than a lease. */
  readonly isLong: boolean;
}

export interface Accident {
  readonly name: string;
  readonly isLong?: boolean;
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
];
