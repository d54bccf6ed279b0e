import { expect, test } from "bun:test";
import { makeSecret, secretBytes, signedHeaders } from "./sign.ts";

// The example of the reference implementations: github.com/standard-webhooks/standard-webhooks.
test("the signature is the one of Standard Webhooks", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(signedHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_999, '{"test": 2432232314}', secret)).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  expect(signedHeaders("msg_1", 0, "", null)).toEqual({ "webhook-id": "msg_1", "webhook-timestamp": "0" });
});

test("a secret is whsec_ and 24 to 64 bytes in base64", () => {
  const made = makeSecret();
  expect(secretBytes(made)).toHaveLength(32);
  expect(makeSecret()).not.toBe(made);
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
  expect([23, 24, 64, 65].map((bytes) => secretBytes(of(bytes)) !== null)).toEqual([false, true, true, false]);
  expect([made.slice(6), `${of(24)}%`, "whsec_", ""].map(secretBytes)).toEqual([null, null, null, null]);
});
