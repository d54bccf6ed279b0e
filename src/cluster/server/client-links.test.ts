import { expect, test } from "bun:test";
import { newId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { Input } from "../scheduler/types.ts";
import { ClientLinks } from "./client-links.ts";

test("a goodbye counts at once, not when the socket has closed", () => {
  const inputs: Input[] = [];
  const dispatch = (input: Input) => void inputs.push(input);
  const links = new ClientLinks({ noncePath: "/nonce", nonce: "nonce", dispatch, log: silentLog });
  const link = links.open({ send: () => true, close() {} });
  const clientId = newId();
  const hello = {
    ...{ type: "hello", protocol: PROTOCOL_VERSION, version: "0.1.0", clientId, name: "node", platform: "linux-x64" },
    ...{ ffmpeg: "5.1", slots: 1, encoders: [], families: [], benchmarkSeconds: null, heldAttempts: [] },
  };
  link.received(JSON.stringify(hello));
  link.received(JSON.stringify({ type: "goodbye" }));
  expect(inputs.at(-1)).toMatchObject({ type: "client-link-closed", clientId, saidGoodbye: true });
  link.closed();
  links.shutDown();
});
