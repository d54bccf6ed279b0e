import { expect, test } from "bun:test";
import { resolveId } from "./ids.ts";

const clients = [
  { id: "9b1c0000-aaaa", names: ["attic"] },
  { id: "9b1d0000-bbbb", names: ["9b1c"] },
  { id: "77770000-cccc", names: ["nas", "nas.mkv"] },
  { id: "77780000-dddd", names: ["nas"] },
];
const find = (given: string) => resolveId(given, clients, "client");

test("an id, a name, or the beginning of an id, in this order", () => {
  expect(find("9B1C0000-AAAA")).toBe("9b1c0000-aaaa");
  expect(find("attic")).toBe("9b1c0000-aaaa");
  expect(find("nas.mkv")).toBe("77770000-cccc");
  expect(find("9b1c")).toBe("9b1d0000-bbbb");
  expect(find("9b1c0")).toBe("9b1c0000-aaaa");
});

test("none and several are told apart, and several are named", () => {
  expect(() => find("cellar")).toThrow("no client with id or name cellar");
  expect(() => find("")).toThrow("no client with id or name ");
  expect(() => find("777")).toThrow("2 clients start with 777");
  expect(() => find("nas")).toThrow("2 clients are called nas");
  const hintOf = () => {
    try {
      return find("nas");
    } catch (thrown) {
      return (thrown as { hint: string }).hint;
    }
  };
  expect(hintOf()).toBe("Give the id: 77770000, 77780000.");
});
