import { expect, test } from "bun:test";
import { isPublicAddress } from "../../../base/network/public-address.ts";
import { leadsToPrivateAddress, parseTarget, publicLookup, targetOf } from "./addresses.ts";

test("only global unicast addresses are public, in whatever form they are written", () => {
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
  const kept = [
    ...["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    ...["224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fd00::1", "fec0::1"],
    ...["::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:1::1", "ff02::1", "2001:db8::1"],
    ...["example.com", ""],
  ];
  for (const address of kept) expect([address, isPublicAddress(address)]).toEqual([address, false]);
});

test("an address in a URL is seen in every spelling of it", () => {
  const leads = (text: string) => leadsToPrivateAddress(new URL(text));
  const inside = [
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
  ];
  const names = ["http://localhost/", "http://LOCALHOST./", "http://a.localhost:80/", "http://10.0.0.8:9/x"];
  for (const text of [...inside, ...names]) expect([text, leads(text)]).toEqual([text, true]);
  for (const text of ["https://example.com/", "https://8.8.8.8/", "https://mylocalhost/"])
    expect(leads(text)).toBe(false);
});

test("a name that leads inside is not connected to", async () => {
  const answer = Promise.withResolvers<unknown>();
  publicLookup("localhost", { all: true }, (error, addresses) => answer.resolve(error ?? addresses));
  expect(await answer.promise).toMatchObject({ code: "ERR_PRIVATE_ADDRESS" });
});

test("a webhook's URL is http or https, without a password; people see its host alone", () => {
  for (const text of ["", "example.com", "file:///etc/passwd", "ftp://example.com", "https://me:pass@example.com/"])
    expect(() => parseTarget(text)).toThrow("the webhook's URL");
  expect(() => parseTarget(`https://example.com/${"x".repeat(2000)}`)).toThrow("is none");
  expect(parseTarget("HTTPS://Example.com/a?b").href).toBe("https://example.com/a?b");
  expect(targetOf("https://hooks.slack.com/services/SECRET")).toBe("https://hooks.slack.com/…");
  expect(["https://a.b:8443/", "https://a.b/?key=1"].map(targetOf)).toEqual(["https://a.b:8443", "https://a.b/…"]);
});
