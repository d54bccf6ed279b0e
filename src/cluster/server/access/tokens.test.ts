import { expect, test } from "bun:test";
import { MemoryStore } from "../../../../test/support/memory-store.ts";
import { ADMIN_TOKEN, Tokens } from "./tokens.ts";

const FIRST = "the first admin token";

function open(store = new MemoryStore()) {
  const tokens = new Tokens(store, () => "2026-01-01T00:00:00.000Z");
  return { store, tokens };
}

test("the admin's token is rotated: kept first, then the old one ends for good, also for the next start", async () => {
  const { store, tokens } = open();
  tokens.use(ADMIN_TOKEN, "admin", FIRST);
  const kept: string[] = [];
  const { token } = await tokens.rotate(ADMIN_TOKEN, async (next) => {
    expect(tokens.standingOf(FIRST).kind).toBe("known");
    kept.push(next);
  });
  expect(kept).toEqual([token]);
  expect([tokens.standingOf(FIRST).kind, tokens.standingOf(token).kind]).toEqual(["revoked", "known"]);
  const next = open(store).tokens;
  expect(() => next.use(ADMIN_TOKEN, "admin", FIRST)).toThrow("this admin token was rotated");
  next.use(ADMIN_TOKEN, "admin", token);
  expect(next.standingOf(token)).toMatchObject({ kind: "known", principal: { role: "admin", tokenId: ADMIN_TOKEN } });
});

test("a token that cannot be kept is not rotated", async () => {
  const { tokens } = open();
  tokens.use(ADMIN_TOKEN, "admin", FIRST);
  await expect(tokens.rotate(ADMIN_TOKEN, () => Promise.reject(new Error("the disk is full")))).rejects.toThrow("full");
  expect(tokens.standingOf(FIRST).kind).toBe("known");
});

test("of several rotations at once, the one that is kept last counts", async () => {
  const { tokens } = open();
  tokens.use(ADMIN_TOKEN, "admin", FIRST);
  const kept: string[] = [];
  const waits = [30, 10, 0];
  const keep = async (token: string) => {
    await new Promise((resolve) => setTimeout(resolve, waits.pop()));
    kept.push(token);
  };
  await Promise.all([1, 2, 3].map(() => tokens.rotate(ADMIN_TOKEN, keep)));
  expect(kept.map((token) => tokens.standingOf(token).kind)).toEqual(["revoked", "revoked", "known"]);
});

test("whoever holds something open with a token is told when it expires", () => {
  let now = "2026-01-01T00:00:00.000Z";
  const tokens = new Tokens(new MemoryStore(), () => now);
  const { token } = tokens.create({ name: "a", role: "read", expiresInSeconds: 60 });
  const standing = tokens.standingOf(token);
  if (standing.kind !== "known") throw new Error("it is new");
  const { ended } = standing.principal;
  tokens.endExpired();
  expect(ended.aborted).toBe(false);
  now = "2026-01-01T00:01:00.000Z";
  tokens.endExpired();
  expect(ended.reason).toMatchObject({ code: "E_TOKEN", message: "the token a has expired" });
});
