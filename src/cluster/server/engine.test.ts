import { expect, test } from "bun:test";
import { silentLog } from "../../base/log.ts";
import { emptyState } from "../scheduler/decide.ts";
import type { Effect } from "../scheduler/types.ts";
import { Engine } from "./engine.ts";
import type { Store } from "./ports.ts";

const CLIENT = "0b0e3c4e-0000-4000-8000-000000000001";

const store: Store = {
  load: () => ({ state: emptyState, records: new Map() }),
  createJob() {},
  commit() {},
  jobEvents: () => [],
  clientEvents: () => [],
  attempts: () => [],
  close() {},
};

function engineWithClient() {
  let now = 1000;
  const effects: Effect[] = [];
  const engine = new Engine(emptyState, {
    store,
    clock: { monotonicMs: () => now, nowIso: () => "2026-01-01T00:00:00.000Z" },
    log: silentLog,
    perform: (effect) => effects.push(effect),
    onCommitted() {},
    onBroken(cause) {
      throw cause;
    },
  });
  engine.dispatch({
    type: "client-hello",
    client: {
      ...{
        id: CLIENT,
        instance: "i1",
        name: "node",
        slots: 1,
        platform: "linux-x64",
        ffmpeg: "5.1",
        version: "0.1.0",
        link: 1,
      },
      ...{ encoders: ["libx264"], families: ["software"], benchmarkSeconds: null, heldAttempts: [] },
    },
  });
  const tick = (ms: number) => {
    now += ms;
    engine.dispatch({ type: "tick" });
    return engine.state.clients.get(CLIENT)?.status;
  };
  return { tick, effects };
}

test("a server that did not run for a minute takes no client for silent", () => {
  const { tick, effects } = engineWithClient();
  expect(tick(60_000)).toBe("Connected");
  expect(effects.map((effect) => effect.type)).not.toContain("close-client");
});

test("a client that is silent while the server runs is dropped after a lease time", () => {
  const { tick } = engineWithClient();
  let status: string | undefined;
  for (let passed = 0; passed < 14_750; passed += 250) status = tick(250);
  expect(status).toBe("Connected");
  for (let passed = 0; passed < 500; passed += 250) status = tick(250);
  expect(status).toBe("Disconnected");
});
