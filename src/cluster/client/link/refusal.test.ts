import { afterEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { AppError } from "../../../base/errors.ts";
import { PROTOCOL_VERSION } from "../../protocol/messages.ts";
import { askWhyNot } from "./refusal.ts";

const open: { stop(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.stop();
});

function answering(respond: () => Response): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: respond });
  open.push({ stop: () => void server.stop(true) });
  return `127.0.0.1:${server.port}`;
}

/** A program that says `greeting` to whoever connects, or closes the connection for "". */
async function speaking(greeting: string): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {}); // whoever asked may be gone
    if (greeting === "") socket.destroy();
    else socket.end(greeting);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  open.push({ stop: () => void server.close() });
  const address = server.address();
  return typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : "";
}

const ask = (where: string, scheme = "http") =>
  askWhyNot({ serverUrl: `${scheme}://${where}`, token: "t" }, new AbortController().signal);

async function foreignError(where: string, scheme?: string): Promise<AppError> {
  const why = await ask(where, scheme);
  if (why.kind !== "foreign") throw new Error(`${why.kind}: ${JSON.stringify(why)}`);
  return why.error;
}

test("an answer that is not from an ffcluster server is recognised", async () => {
  const notFound = await foreignError(answering(() => new Response("not found", { status: 404 })));
  expect(notFound.code).toBe("E_UNREACHABLE");
  expect(notFound.message).toMatch(
    /^the program that answers at 127\.0\.0\.1:\d+ is no ffcluster server: it answers 404$/,
  );
  expect(notFound.hint).toContain("--server HOST:PORT");
  expect((await foreignError(answering(() => new Response("<html>")))).message).toContain("is no ffcluster server");
  expect((await foreignError(answering(() => Response.json({ ok: 1 })))).message).toContain("is no ffcluster server");
  const basic = await foreignError(answering(() => new Response("who are you?", { status: 401 })));
  expect(basic.message).toContain("it answers 401");
  const elsewhere = await foreignError(answering(() => Response.redirect("https://films.example/x", 301)));
  expect(elsewhere.message).toContain("redirects to https://films.example");
  expect(elsewhere.hint).toContain("--server https://films.example");
  expect((await foreignError(await speaking("SSH-2.0-OpenSSH_9.2\r\n"))).message).toContain("does not speak HTTP");
  expect(
    (
      await foreignError(
        answering(() => new Response("")),
        "https",
      )
    ).message,
  ).toContain("does not speak TLS");
});

test("a server that is not up, also behind a proxy, may come", async () => {
  for (const status of [502, 503, 504]) {
    const why = await ask(answering(() => new Response("<html>", { status })));
    expect(why).toEqual({ kind: "passing", reason: `a proxy, or another program, answers ${status}` });
  }
  const stopping = { error: { code: "E_UNREACHABLE", message: "the server is stopping", hint: "" } };
  const why = await ask(answering(() => Response.json(stopping, { status: 503 })));
  expect(why).toEqual({ kind: "passing", reason: "it answers: the server is stopping" });
  const free = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  await free.stop(true);
  expect(await ask(`127.0.0.1:${free.port}`)).toEqual({
    kind: "passing",
    reason: `no server answers at 127.0.0.1:${free.port}`,
  });
  expect((await ask(await speaking(""))).kind).toBe("passing");
});

test("a server's own no, and its yes", async () => {
  const no = { error: { code: "E_TOKEN", message: "the token is wrong", hint: "" } };
  const why = await ask(answering(() => Response.json(no, { status: 401 })));
  expect(why.kind === "refused" ? why.error.code : why).toBe("E_TOKEN");
  const other = await ask(answering(() => Response.json({ protocol: PROTOCOL_VERSION + 1, version: "9" })));
  expect(other.kind === "refused" ? other.error.code : other).toBe("E_PROTOCOL");
  const same = await ask(answering(() => Response.json({ protocol: PROTOCOL_VERSION, version: "9" })));
  expect(same).toEqual({ kind: "passing", reason: null });
});
