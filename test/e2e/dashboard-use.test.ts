// The dashboard in a real browser, beyond the way of dashboard.test.ts: the order of the queue, an upload that breaks off with
// its page, pictures by keyboard. All of it belongs to the long run.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { JobView } from "../../src/cluster/server/views.ts";
import { BrowserPage } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { mediaPath } from "../support/media.ts";
import { CHROMIUM, testWithProgram } from "../support/programs.ts";

const TIMEOUT_MS = 300_000;
const SOON_MS = 90_000;
const CLIP = "cars-432p12.5-30s.mp4";

async function signedIn(chromium: string, cluster: Cluster): Promise<BrowserPage> {
  const page = await BrowserPage.open(chromium, `${cluster.url}/`);
  await signIn(page, cluster.token);
  return page;
}

async function signIn(page: BrowserPage, token: string): Promise<void> {
  await page.untilText("Sign in", SOON_MS);
  await page.type("#token", token);
  await page.press("Enter");
  await page.untilText("Sign out", SOON_MS);
}

const go = (page: BrowserPage, hash: string) => page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);

async function requireClean(page: BrowserPage): Promise<void> {
  expect(await page.seriousFindings()).toEqual([]);
  expect([page.errors, page.strays]).toEqual([[], []]);
}

const clip = (): string => {
  const path = mediaPath(CLIP);
  if (path === null) throw new Error(`${CLIP} is missing`);
  return path;
};

/** Nobody works, so the jobs wait. */
async function orderOfQueue(chromium: string): Promise<void> {
  await using cluster = await Cluster.make();
  await cluster.serve();
  for (const name of ["one", "two", "three"])
    await cluster.command(["submit", clip(), "--detach", "--name", name, "-o", join(cluster.folder, `${name}.mp4`)]);
  await using page = await signedIn(chromium, cluster);
  await page.untilTrue("three jobs wait", `document.querySelectorAll(".queued").length === 3`, SOON_MS);
  await page.drag(`document.querySelectorAll(".queued")[2]`, `document.querySelectorAll(".queued")[0]`);
  const ids = async () =>
    await page.evaluate<string[]>(`[...document.querySelectorAll(".queued h3 a")].map(({ hash }) => hash.slice(7))`);
  const byPlace = async () => {
    const jobs = await cluster.api<JobView[]>("/jobs");
    return jobs.toSorted((a, b) => (a.queue_place ?? 0) - (b.queue_place ?? 0)).map(({ job_id: id }) => id);
  };
  const before = (await cluster.api<JobView[]>("/jobs")).map(({ job_id: id }) => id);
  const wanted = [before[2] ?? "", before[0] ?? "", before[1] ?? ""];
  const shown = `[...document.querySelectorAll(".queued h3 a")].map(({ hash }) => hash.slice(7)).join()`;
  await page.untilTrue("the last is first", `${shown} === ${JSON.stringify(wanted.join())}`, SOON_MS);
  expect([await ids(), await byPlace()]).toEqual([wanted, wanted]);
  await requireClean(page);
}

const NOTE = `Object.entries(localStorage).find(([key]) => key.startsWith("tus::"))?.[1]`;

/** The page is gone in the midst of an upload; the same file, dropped again, goes on where it was. */
async function uploadAfterReload(chromium: string): Promise<void> {
  await using cluster = await Cluster.make();
  await cluster.serve();
  await cluster.join("attic");
  await using page = await signedIn(chromium, cluster);
  const choose = async () => {
    await go(page, "#/submit");
    await page.untilText("Drop films or folders here", SOON_MS);
    await page.drop(".drop", [clip()]);
    await page.untilText("Upload 1 film and look", SOON_MS);
    await page.click("#main > .actions button.main");
  };
  await page.sendAt(400_000);
  await choose();
  await page.untilTrue("its header is read on the way", `document.body.innerText.includes("By its header")`, SOON_MS);
  const { uploadUrl } = JSON.parse(await page.evaluate<string>(NOTE)) as { uploadUrl: string };
  await page.reload();
  await page.untilText("Sign out", SOON_MS);
  await page.sendAt(null);
  await go(page, "#/submit");
  await page.untilText("the upload broke off", SOON_MS);
  await requireClean(page);
  const path = new URL(uploadUrl, cluster.url).pathname;
  const arrived = await page.evaluate<number>(
    `fetch(${JSON.stringify(path)}, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } }).then((r) => Number(r.headers.get("upload-offset")))`,
  );
  expect(arrived).toBeGreaterThan(500_000);
  await choose();
  await page.untilText("377 frames", SOON_MS);
  const asked = await page.evaluate<string[]>(
    `performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname).filter((name) => name.startsWith("/api/v1/tus"))`,
  );
  expect([...new Set(asked)]).toEqual([path]);
  await page.click("#main .cards button.main");
  await page.untilTrue("the film is a job", `document.querySelector('a[href^="#/jobs/"]')`, SOON_MS);
  const id = (await page.evaluate<string>(`document.querySelector('a[href^="#/jobs/"]').hash`)).slice(7);
  await cluster.untilComplete(id, TIMEOUT_MS);
  await byKeyboard(page, cluster, id);
}

const SHOWN = (frame: number) => `document.querySelector(".stack").dataset.frame === "${frame}"`;

/** The next picture, the other side, and what a reader is refused. */
async function byKeyboard(page: BrowserPage, cluster: Cluster, id: string): Promise<void> {
  await go(page, `#/jobs/${id}/compare`);
  await page.untilTrue("both pictures", `document.querySelectorAll(".stack[data-frame] img").length === 2`, SOON_MS);
  const frame = await page.evaluate<number>(`document.querySelector("#moment").valueAsNumber`);
  await page.evaluate(`document.querySelector("#moment").focus()`);
  await page.press("ArrowRight");
  await page.untilTrue("the next picture", SHOWN(frame + 1), SOON_MS);
  const sides = `[...document.querySelectorAll(".stack img")].map(({ className }) => className).join()`;
  for (const side of ["source", "output"]) {
    await page.evaluate(`dispatchEvent(new KeyboardEvent("keydown", { key: "x" }))`);
    await page.untilTrue(`the ${side} alone`, `${sides} === "${side}"`, SOON_MS);
  }
  await requireClean(page);
  const made = await cluster.json<{ token: string }>(["token", "create", "--name", "looker", "--role", "read"]);
  await page.click(".who button");
  await signIn(page, made.token);
  await go(page, `#/jobs/${id}`);
  await page.untilText("Quality and bit rate over the film", SOON_MS);
  expect(await page.evaluate(`document.querySelector('a[href$="/compare"]')`)).toBeNull();
  const status = await page.evaluate<number>(`fetch("/api/v1/jobs/${id}/frames/0").then((r) => r.status)`);
  expect(status).toBe(403);
}

const LONG = {
  "jobs that wait are dragged into another order": orderOfQueue,
  "an upload goes on after a reload, and its output is looked at by keyboard": uploadAfterReload,
};
for (const [title, run] of Object.entries(LONG)) {
  if (IS_LONG) testWithProgram(CHROMIUM, title, run, TIMEOUT_MS);
  else test.skip(`${title} (npm run test:long)`, () => undefined);
}
