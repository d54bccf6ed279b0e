// `ffcluster join` without an address: who is known is decided by certificates, never by what was announced.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FoundServer } from "../../api/lan/find-servers.ts";
import { NoCertificate } from "../../api/peer-certificate.ts";
import { rememberedPin, rememberPin } from "../../base/config/pin-store.ts";
import { userConfigDir } from "../../base/config/user-config-dir.ts";
import { ownCertificate } from "../../base/tls/own-certificate.ts";
import { fingerprintOf } from "../../base/tls/trust.ts";
import type { CommandContext } from "../cli/command.ts";
import { chooseFound } from "./choose-server.ts";
import { knownServers } from "./known-servers.ts";

let folder: string;
let mine: X509Certificate;
let theirs: X509Certificate;
let context: CommandContext;
const nobody = { isTty: false, columns: 80, write: () => {} };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-joining-"));
  const made = await Promise.all(["mine", "theirs"].map((name) => ownCertificate(join(folder, name))));
  const [one, other] = made.map(({ cert }) => new X509Certificate(cert));
  if (one === undefined || other === undefined) throw new Error("unreachable");
  mine = one;
  theirs = other;
  context = {
    env: { XDG_CONFIG_HOME: folder },
    cwd: folder,
    stdout: nobody,
    stderr: nobody,
    isInteractive: false,
    signal: new AbortController().signal,
    setLastWords: () => {},
    allCommands: async () => [],
  };
});
afterAll(() => rm(folder, { recursive: true }));

const server = (name: string, host: string, isTls = true): FoundServer => ({
  name,
  address: { host, port: 5001, isTls, hasScheme: true },
});
const attic = server("attic", "10.0.0.1");
const barn = server("barn", "10.0.0.2");
const plain = server("plain", "10.0.0.3", false);
const away = server("away", "10.0.0.4");
const nothing = { "tls-ca": null, "tls-fingerprint": null };

const fetch = async ({ host }: { readonly host: string }) => {
  if (host === plain.address.host) throw new Error("a server without TLS must not be called");
  if (host === away.address.host) throw new NoCertificate("ECONNREFUSED");
  return host === attic.address.host ? mine : theirs;
};
const known = (given: typeof nothing | { "tls-ca": null; "tls-fingerprint": string }) =>
  knownServers([attic, barn, plain, away], given, context, fetch);

test("by the fingerprint; by a certificate that is pinned for another address, and from then on for this one; else nobody", async () => {
  expect(await known(nothing)).toEqual([]);
  expect(await known({ ...nothing, "tls-fingerprint": fingerprintOf(theirs) })).toEqual([barn]);
  const folderOfPins = userConfigDir(context.env);
  expect(await rememberedPin(folderOfPins, "10.0.0.2:5001")).toBeNull();
  await rememberPin(folderOfPins, ["192.168.1.5:5001"], mine.toString());
  expect(await known(nothing)).toEqual([attic]);
  expect(await rememberedPin(folderOfPins, "10.0.0.1:5001")).toBe(mine.toString());
  expect(await rememberedPin(folderOfPins, "10.0.0.2:5001")).toBeNull();
});

test("one that is known is joined; several are asked about, or named; strangers are not joined", async () => {
  expect(await chooseFound([attic, barn], [barn], context)).toEqual(barn.address);
  expect(await chooseFound([], [], context)).toBeNull();
  const refusal = (found: FoundServer[], some: FoundServer[]) =>
    chooseFound(found, some, context).then(
      () => null,
      (thrown) => thrown,
    );
  expect(await refusal([attic, barn], [attic, barn])).toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining("attic at https://10.0.0.1:5001, barn at https://10.0.0.2:5001"),
    hint: expect.stringContaining("--server https://10.0.0.1:5001"),
  });
  expect(await refusal([barn], [])).toMatchObject({
    code: "E_USAGE",
    hint: expect.stringContaining("ffcluster invite"),
  });
  expect(await refusal([plain], [])).toMatchObject({ hint: expect.stringContaining("--server http://10.0.0.3:5001") });
});
