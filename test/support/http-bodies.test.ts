import { expect, test } from "bun:test";
import fc from "fast-check";
import { HttpBodies } from "./http-bodies.ts";

const message = (body: string) => `PATCH /a HTTP/1.1\r\nContent-Length: ${body.length}\r\nx: y\r\n\r\n${body}`;

test("the bodies of all messages of a connection are found, however the stream is cut into chunks", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme-ascii" })), fc.array(fc.nat(200)), (bodies, cuts) => {
      const stream = Buffer.from(bodies.map(message).join(""), "latin1");
      const finder = new HttpBodies();
      let found = "";
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        const chunk = stream.subarray(at, at + cut);
        at += chunk.length;
        for (const { start, end } of finder.find(chunk)) found += chunk.subarray(start, end).toString("latin1");
      }
      expect(found).toBe(bodies.join(""));
    }),
  );
});

test("a WebSocket and a stream of unknown length have none", () => {
  for (const head of ["HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]) {
    const finder = new HttpBodies();
    expect(finder.find(Buffer.from(`${head}${message("abc")}`))).toEqual([]);
    expect(finder.find(Buffer.from(message("abc")))).toEqual([]);
  }
});
