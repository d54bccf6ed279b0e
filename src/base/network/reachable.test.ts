import { expect, test } from "bun:test";
import { canConnect, hasProxy, watchReachable } from "./reachable.ts";

test("a port with a server is told from one without", async () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const place = { host: "127.0.0.1", port: listener.port };
  expect(await canConnect(place)).toBe(true);
  listener.stop(true);
  expect(await canConnect(place)).toBe(false);
});

test("a call is ended for a server that can't be connected to, and for no other", async () => {
  const none = Promise.withResolvers<void>();
  using _ = watchReachable(async () => false, none.resolve, 1);
  await none.promise;
  const asked = Promise.withResolvers<void>();
  let isEnded = false;
  const isReachable = async () => {
    asked.resolve();
    return true;
  };
  using __ = watchReachable(
    isReachable,
    () => {
      isEnded = true;
    },
    1,
  );
  await asked.promise;
  await Bun.sleep(0);
  expect(isEnded).toBe(false);
});

test("a call that is over while it is asked is not ended any more", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<boolean>();
  let isEnded = false;
  const isReachable = () => {
    asked.resolve();
    return answer.promise;
  };
  const watch = watchReachable(
    isReachable,
    () => {
      isEnded = true;
    },
    1,
  );
  await asked.promise;
  watch[Symbol.dispose]();
  answer.resolve(false);
  await Bun.sleep(0);
  expect(isEnded).toBe(false);
});

test("behind a proxy this machine's own reach says nothing", () => {
  expect(hasProxy({ HTTPS_PROXY: "http://proxy:3128" })).toBe(true);
  expect(hasProxy({ http_proxy: "", PATH: "/bin" })).toBe(false);
});
