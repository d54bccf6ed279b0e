import { expect, jest, test } from "bun:test";
import { ADMIN } from "../../../test/support/principals.ts";
import { AppError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { PROTOCOL_VERSION, type ServerMessage } from "../protocol/messages.ts";
import type { Input } from "../scheduler/model/input.ts";
import { ClientLinks } from "./client-links.ts";
import { AttemptSecrets } from "./transfers/attempt-secrets.ts";

const secrets = new AttemptSecrets(Buffer.alloc(32));

const NO_LIMITS = { bind: () => true };

function open(known: ReadonlySet<string> = new Set(), tokens = NO_LIMITS) {
  const inputs: Input[] = [];
  const dispatch = (input: Input) => void inputs.push(input);
  const links = new ClientLinks({
    noncePath: "/nonce",
    nonce: "nonce",
    dispatch,
    log: silentLog,
    secrets,
    tokens,
    clientIds: () => known,
  });
  const connect = (ended = ADMIN.ended) => {
    const sent: ServerMessage[] = [];
    let isOpen = true;
    const close = () => {
      isOpen = false;
    };
    const send = (text: string) => sent.push(JSON.parse(text) as ServerMessage) > 0;
    const link = links.open({ send, close }, { ...ADMIN, ended });
    return { ...link, say: (message: object) => link.received(JSON.stringify(message)), sent, isOpen: () => isOpen };
  };
  return { inputs, links, connect, hellos: () => inputs.filter((input) => input.type === "client-hello") };
}

const clientId = newId();

function hello(facts: object = {}) {
  return {
    type: "hello",
    protocol: PROTOCOL_VERSION,
    version: "0.1.0",
    clientId,
    name: "node",
    platform: "linux-x64",
    instance: newId(),
    host: "alpha",
    ffmpeg: "5.1",
    slots: 1,
    encoders: [],
    families: [],
    benchmarkSeconds: null,
    heldAttempts: [],
    ...facts,
  };
}

test("a goodbye counts at once, not when the socket has closed", () => {
  const { inputs, links, connect } = open();
  const link = connect();
  link.say(hello());
  link.say({ type: "goodbye" });
  expect(inputs.at(-1)).toMatchObject({ type: "client-link-closed", clientId, saidGoodbye: true });
  link.closed();
  links.shutDown();
});

test("another protocol is refused with both versions named", () => {
  const { links, connect, hellos } = open();
  const link = connect();
  link.say(hello({ protocol: 99, version: "9.9.9" }));
  const [refusal] = link.sent;
  expect(refusal).toMatchObject({ type: "goodbye", reconnect: false, code: "E_PROTOCOL" });
  expect(JSON.stringify(refusal)).toContain(`protocol ${PROTOCOL_VERSION}, the client 9.9.9 protocol 99`);
  expect(link.isOpen()).toBe(false);
  expect(hellos()).toEqual([]);
  links.shutDown();
});

test("an identity that lives in two places: the second process is refused, both are named", () => {
  const { links, connect, hellos } = open();
  const first = connect();
  first.say(hello());
  const copy = connect();
  copy.say(hello({ name: "clone", host: "beta" }));
  expect(hellos()).toHaveLength(1);
  expect(copy.sent).toEqual([]);
  first.say({ type: "heartbeat" });
  expect(copy.sent).toMatchObject([{ type: "goodbye", reconnect: false, code: "E_IDENTITY_IN_USE" }]);
  expect(JSON.stringify(copy.sent)).toContain("node on alpha (linux-x64); clone on beta (linux-x64)");
  expect(copy.isOpen()).toBe(false);
  expect(first.isOpen()).toBe(true);
  expect(hellos()).toHaveLength(1);
  links.shutDown();
});

test("a new process after the old one's death is taken at once, and so is the same one over a newer link", () => {
  const { links, connect, hellos } = open();
  const instance = newId();
  const first = connect();
  first.say(hello({ instance }));
  const again = connect();
  again.say(hello({ instance }));
  expect(hellos()).toHaveLength(2);
  const restarted = connect();
  restarted.say(hello());
  expect(hellos()).toHaveLength(2);
  again.closed(); // the old one's socket goes with it
  expect(hellos()).toHaveLength(3);
  expect(restarted.isOpen()).toBe(true);
  links.shutDown();
});

test("a newcomer that goes before it is taken is forgotten", () => {
  const { links, connect, hellos } = open();
  const first = connect();
  first.say(hello());
  const second = connect();
  second.say(hello());
  second.closed();
  first.closed();
  expect(hellos()).toHaveLength(1);
  links.shutDown();
});

test("a client too many is refused, and those that are known come back", () => {
  const full = new Set([...Array(9999)].map((_, index) => String(index)).concat(clientId));
  const { links, connect, hellos } = open(full);
  const [known, stranger] = [connect(), connect()];
  known.say(hello());
  stranger.say(hello({ clientId: newId() }));
  expect(hellos().length).toBe(1);
  expect(stranger.isOpen()).toBe(false);
  expect(stranger.sent[0]).toMatchObject({ type: "goodbye", reconnect: true });
  links.shutDown();
});

test.each([
  ["encoders", { encoders: Array(201).fill("x") }],
  ["a long name", { encoders: ["x".repeat(101)] }],
  ["families", { families: Array(51).fill("x") }],
  ["pools", { pools: Object.fromEntries([...Array(201)].map((_, index) => [`p${index}`, 1])) }],
  ["ffmpeg", { ffmpeg: "x".repeat(301) }],
  ["version", { version: "x".repeat(101) }],
  ["platform", { platform: "x".repeat(101) }],
  ["attempts", { heldAttempts: Array(2001).fill(clientId) }],
])("a hello of more %s than any machine has is none", (_what, more) => {
  const { links, connect, hellos } = open();
  const link = connect();
  link.say(hello(more));
  expect(hellos()).toEqual([]);
  expect(link.isOpen()).toBe(false);
  links.shutDown();
});

test("a token that is another client's, or worth nothing any more, opens no link", () => {
  const others = open(new Set(), { ...NO_LIMITS, bind: () => false });
  const link = others.connect();
  link.say(hello());
  expect(link.sent).toMatchObject([{ type: "goodbye", reconnect: false, code: "E_FORBIDDEN" }]);
  expect([link.isOpen(), others.hellos()]).toEqual([false, []]);
  others.links.shutDown();
});

test("when a token ends, its links end, and the leases of its client", () => {
  const { inputs, links, connect } = open();
  const end = new AbortController();
  const [greeted, silent] = [connect(end.signal), connect(end.signal)];
  greeted.say(hello());
  const count = inputs.length;
  end.abort(new AppError("E_TOKEN", "it was revoked", ""));
  expect(greeted.sent).toMatchObject([{ type: "goodbye", reason: "it was revoked", reconnect: false }]);
  expect(silent.sent).toMatchObject([{ type: "goodbye", reason: "it was revoked", code: "E_FORBIDDEN" }]);
  expect([greeted.isOpen(), silent.isOpen()]).toEqual([false, false]);
  expect(inputs.slice(count)).toEqual([{ type: "client-disconnect-requested", clientId }]);
  links.endLeases(clientId);
  expect(inputs.length).toBe(count + 1);
  greeted.closed();
  // Its link is down: its leases end all the same.
  links.endLeases(clientId);
  expect(inputs.at(-1)).toEqual({ type: "client-disconnect-requested", clientId });
  const late = connect(end.signal);
  late.say(hello());
  expect([late.isOpen(), inputs.filter(({ type }) => type === "client-hello").length]).toEqual([false, 1]);
  links.shutDown();
});

test("who says no hello within ten seconds is cut, and who says one is not", () => {
  jest.useFakeTimers();
  try {
    const { links, connect } = open();
    const [silent, polite] = [connect(), connect()];
    polite.say(hello());
    jest.advanceTimersByTime(9900);
    expect([silent.isOpen(), polite.isOpen()]).toEqual([true, true]);
    jest.advanceTimersByTime(200);
    expect([silent.isOpen(), polite.isOpen()]).toEqual([false, true]);
    links.shutDown();
  } finally {
    jest.useRealTimers();
  }
});

test("links have a bound: those without a hello, and those with one", () => {
  const { links, connect, hellos } = open();
  const silent = Array.from({ length: 501 }, () => connect());
  expect(silent.filter((link) => !link.isOpen()).length).toBe(1);
  for (const link of silent) link.closed();
  for (let count = 0; count < 2000; count += 1) connect().say(hello({ clientId: newId() }));
  expect(hellos().length).toBe(2000);
  const late = connect();
  late.say(hello({ clientId: newId() }));
  expect(late.isOpen()).toBe(false);
  expect(hellos().length).toBe(2000);
  links.shutDown();
});

test("a link has one hello; a flood of messages ends it, and each message of a busy client is heard", () => {
  const { inputs, links, connect } = open();
  const twice = connect();
  twice.say(hello());
  twice.say(hello({ clientId: newId() }));
  expect(twice.sent).toMatchObject([{ type: "goodbye", error: { code: "E_MALFORMED" } }]);
  const flood = connect();
  flood.say(hello({ clientId: newId() }));
  for (let count = 0; count < 4000; count += 1) flood.say({ type: "heartbeat" });
  expect([flood.isOpen(), inputs.filter(({ type }) => type === "client-heard").length]).toEqual([true, 4000]);
  for (let count = 0; count < 20_000 && flood.isOpen(); count += 1) flood.say({ type: "heartbeat" });
  expect(flood.isOpen()).toBe(false);
  expect(flood.sent.at(-1)).toMatchObject({ type: "goodbye", reconnect: true, error: { code: "E_RATE_LIMIT" } });
  links.shutDown();
});

test("a client that rests says `noRoom` for earlier servers; this one takes its rest alone", () => {
  const { connect, hellos } = open();
  const resting = { reason: "on battery", until: null, isSuspended: true };
  connect().say(hello({ noRoom: "it rests: on battery", resting }));
  const [greeted] = hellos();
  expect(greeted?.client).toMatchObject({ resting });
  expect(greeted?.client).not.toHaveProperty("noRoom");
});
