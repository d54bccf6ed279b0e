import { expect, test } from "bun:test";
import type { JobDetailView } from "../../api/contract.ts";
import { whoIsHere } from "./who-is-here.ts";

const lacks = "has no hevc_nvenc, which the job names";
const said = (clients: readonly (readonly [name: string, reason: string])[], encoder = "hevc_nvenc") => {
  const idle_clients = clients.map(([name, reason]): JobDetailView["idle_clients"][number] => {
    return { client_id: name, name, reason };
  });
  return whoIsHere({ encoder, capable_clients: 0, idle_clients });
};

test("says who is here, that none has the encoder, and what to ask for instead", () => {
  const help = "Use --codec hevc instead: then the cluster takes an encoder that it has.";
  expect(
    said([
      ["attic", lacks],
      ["vm", lacks],
    ]),
  ).toEqual([`2 machines are here, none has hevc_nvenc: attic, vm. ${help}`]);
  expect(said([["attic", lacks]])).toEqual([`1 machine is here, without hevc_nvenc: attic. ${help}`]);
  const many = said(Array.from({ length: 9 }, (_, n) => [`n${n}`, lacks] as const));
  expect(many[0]).toContain("9 machines are here, none has hevc_nvenc: n0, n1, n2, n3, n4, n5 and 3 more.");
  expect(said([["attic", lacks]], "prores_ks")[0]).toBe("1 machine is here, without prores_ks: attic.");
});

test("machines that could but may not are named with their reasons", () => {
  const paused = "is paused (clients resume ends that)";
  expect(
    said([
      ["attic", lacks],
      ["vm", paused],
      ["nas", paused],
      ["den", "works on another job"],
    ]),
  ).toEqual([
    "attic: no hevc_nvenc. Use --codec hevc instead: then the cluster takes an encoder that it has.",
    "vm, nas: are paused (clients resume ends that).",
  ]);
  expect(said([])).toEqual(["No machine is here yet."]);
  expect(whoIsHere({ encoder: "libx264", capable_clients: 1, idle_clients: [] })).toEqual([]);
});

test("names from elsewhere can't steer the terminal", () => {
  expect(said([["\u001b[2Jx", lacks]])[0]).not.toContain("\u001b");
});
