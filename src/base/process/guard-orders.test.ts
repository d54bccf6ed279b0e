// Orders as they come in through a pipe: one by one, several at once, twice the same.
import { expect, test } from "bun:test";
import { takeOrders } from "./guard-orders.ts";

const PID = 4711;

/** What is done with the process, as "+" for suspended and "-" for resumed. */
async function obeyed(parts: readonly string[], fails = false): Promise<string> {
  let done = "";
  let made = 0;
  const note = (sign: string) => (pid: number) => {
    expect(pid).toBe(PID);
    if (fails) throw new Error("refused");
    done += sign;
  };
  const rest = parts.map((part) => Buffer.from(part));
  const read = async () => ({ done: rest.length === 0, value: rest.shift() });
  await takeOrders({ read }, PID, () => {
    made += 1;
    return { suspendProcess: note("+"), resumeProcess: note("-") };
  });
  expect(made).toBe(done === "" ? 0 : 1);
  return done;
}

test("each order is obeyed once, however often it is said, because Windows counts them", async () => {
  expect(await obeyed([])).toBe("");
  expect(await obeyed(["r"])).toBe("");
  expect(await obeyed(["s", "s", "r", "r", "s"])).toBe("+-+");
  expect(await obeyed(["ssr", "", "?s\n"])).toBe("+-+");
});

test("what can't be obeyed is not passed over", async () => {
  await expect(obeyed(["s"], true)).rejects.toThrow("refused");
});
