import { expect, test } from "bun:test";
import type { ClientView, JobView } from "../views.ts";
import type { Notice } from "../webhook-views.ts";
import { render } from "./formats.ts";

const job = { file_name: "a_<b>.mkv", error: null, output: { name: "a.mp4", bytes: 12_345_678 } } as JobView;
const notice = (type: Notice["type"], data: Notice["data"]): string =>
  JSON.stringify({ type, timestamp: "2026-01-01T00:00:00.000Z", data });
const completed = notice("job.completed", { job });
const failed = notice("job.failed", {
  job: { ...job, output: null, error: { code: "E_STITCH", message: "no\u001b[31m end", hint: "h" } },
});
const left = notice("client.left", { client: { name: "@everyone", platform: "linux-x64", slots: 2 } as ClientView });

test("the standard body is the notice, to the letter", () => {
  expect(render("standard", completed)).toEqual({ body: completed, headers: { "content-type": "application/json" } });
});

test("ntfy: text in the body, the rest in headers of ASCII", () => {
  expect(render("ntfy", completed)).toEqual({
    body: "a_<b>.mkv → a.mp4 (12.3 MB)",
    headers: {
      "content-type": "text/plain; charset=utf-8",
      title: "ffcluster: Job completed",
      tags: "white_check_mark",
    },
  });
  expect(render("ntfy", failed)).toMatchObject({ body: "a_<b>.mkv: no end", headers: { priority: "4", tags: "x" } });
});

test("Discord: Markdown of strangers is escaped, and nobody is mentioned", () => {
  expect(JSON.parse(render("discord", completed).body)).toEqual({
    content: "**Job completed** a\\_\\<b\\>\\.mkv → a\\.mp4 \\(12\\.3 MB\\)",
    allowed_mentions: { parse: [] },
  });
  expect(JSON.parse(render("discord", left).body).content).toContain("\\@everyone");
});

test("Slack: plain text, with its three characters escaped", () => {
  expect(JSON.parse(render("slack", completed).body)).toEqual({
    text: "Job completed: a_&lt;b&gt;.mkv → a.mp4 (12.3 MB)",
    mrkdwn: false,
  });
});

test("however long the words are, no service refuses them", () => {
  const long = notice("job.failed", { job: { ...job, file_name: "*".repeat(5000), output: null } });
  expect((JSON.parse(render("discord", long).body).content as string).length).toBeLessThan(2000);
  expect(Buffer.byteLength(render("ntfy", long).body)).toBeLessThan(4096);
});
