// The dashboard in a real browser, on a real cluster: sign in, drop a film, watch two clients encode it, read the proof, compare; and
// in the long run lose a client, download, and keep pictures to look at (test-output/dashboard/).
import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { sha256OfFile } from "../../src/base/digest.ts";
import type { JobView } from "../../src/cluster/server/views.ts";
import { BrowserPage } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { mediaPath } from "../support/media.ts";
import { CHROMIUM, testWithProgram } from "../support/programs.ts";

const TIMEOUT_MS = 300_000;
const SOON_MS = 90_000;
const PICTURES = resolve(import.meta.dir, "../../test-output/dashboard");

function clipOf(name: string): string {
  const path = mediaPath(name);
  if (path === null) throw new Error(`${name} is missing`);
  return path;
}

async function signIn(page: BrowserPage, token: string): Promise<void> {
  await page.untilText("Sign in", SOON_MS);
  await page.type("#token", token);
  await page.press("Enter");
  await page.untilText("Sign out", SOON_MS);
}

/** Drops the film on the page with a quick request; the job's id. */
async function submit(page: BrowserPage, clip: string, request: string): Promise<string> {
  await page.click('nav a[href="#/submit"]');
  await page.untilText("Drop films or folders here", SOON_MS);
  await page.drop(".drop", [clip]);
  await page.untilText("Upload 1 film and look", SOON_MS);
  await page.type("#request", request);
  await page.untilText("Makes ", SOON_MS);
  await page.click("button.main");
  await page.untilText("is encoded by libx264", SOON_MS);
  await page.click("#main .cards button.main");
  await page.untilTrue("the film is a job", `document.querySelector('a[href^="#/jobs/"]')`, SOON_MS);
  const link = await page.evaluate<string>(`document.querySelector('a[href^="#/jobs/"]').hash`);
  return link.replace("#/jobs/", "");
}

const go = (page: BrowserPage, hash: string) => page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);

/** How many clients have a bar that matches. */
const bars = (selector: string) => `document.querySelectorAll(".timeline .row:has(${selector})").length`;

/** Source and output, both of the moment that is chosen. */
const BOTH_SHOWN = `document.querySelectorAll(".stack[data-frame] img").length === 2`;

async function requireClean(page: BrowserPage): Promise<void> {
  expect(await page.seriousFindings()).toEqual([]);
  expect([page.errors, page.strays]).toEqual([[], []]);
}

testWithProgram(
  CHROMIUM,
  "a film that is dropped on the dashboard is encoded by two clients and proven, and nothing goes elsewhere",
  async (chromium) => {
    await using cluster = await Cluster.make();
    await cluster.serve();
    const joining = Promise.all([cluster.join("attic"), cluster.join("desk")]);
    await using page = await BrowserPage.open(chromium, `${cluster.url}/`);
    await signIn(page, cluster.token);
    await page.untilText("No jobs yet", SOON_MS);
    expect(await page.evaluate("document.cookie")).toBe("");
    await joining;
    const id = await submit(page, clipOf("flower-540p29.97-5s.mp4"), "-c:v libx264 -preset ultrafast");
    await go(page, `#/jobs/${id}`);
    await page.untilTrue("both clients have bars", `${bars(".attempt")} === 2`, SOON_MS);
    await requireClean(page);
    await cluster.untilComplete(id, SOON_MS);
    await page.untilTrue("both clients' bars are verified", `${bars(".attempt.ok")} === 2`, SOON_MS);
    await go(page, `#/jobs/${id}/proof`);
    await page.untilText("is in the output once, at its time", SOON_MS);
    await requireClean(page);
    await go(page, `#/jobs/${id}/compare`);
    await page.untilTrue("both pictures are there", BOTH_SHOWN, SOON_MS);
    await requireClean(page);
  },
  TIMEOUT_MS,
);

/** A picture of each page, as a desk and as a phone show it. */
async function keepPictures(page: BrowserPage, id: string): Promise<void> {
  const pages = {
    jobs: "#/jobs",
    job: `#/jobs/${id}`,
    proof: `#/jobs/${id}/proof`,
    compare: `#/jobs/${id}/compare`,
    clients: "#/clients",
    submit: "#/submit",
  };
  for (const [device, width, height, scheme] of [
    ["desk", 1280, 900, "light"],
    ["phone", 390, 844, "dark"],
  ] as const) {
    await page.size(width, height, scheme);
    for (const [name, hash] of Object.entries(pages)) {
      await go(page, hash);
      if (name === "compare") await page.untilTrue("both pictures are there", BOTH_SHOWN, SOON_MS);
      await page.untilTrue(`${name} is shown`, `!document.body.innerText.includes("Loading …")`, SOON_MS);
      expect([name, device, await page.evaluate("document.documentElement.scrollWidth <= innerWidth")]).toEqual([
        name,
        device,
        true,
      ]);
      await requireClean(page);
      await page.picture(PICTURES, `${name}-${device}`);
    }
  }
}

async function longWay(chromium: string): Promise<void> {
  await using cluster = await Cluster.make();
  await cluster.serve();
  const [, desk] = await Promise.all([cluster.join("attic"), cluster.join("desk")]);
  await using page = await BrowserPage.open(chromium, `${cluster.url}/`);
  await signIn(page, cluster.token);
  const id = await submit(page, clipOf("cars-432p12.5-30s.mp4"), "-c:v libx264 -preset slow");
  await go(page, `#/jobs/${id}`);
  await page.untilTrue("both clients have bars", `${bars(".attempt.live")} === 2`, SOON_MS);
  desk.kill("SIGKILL");
  await page.untilTrue("the lost attempt is seen", `${bars(".attempt.failed")} === 1`, SOON_MS);
  await cluster.untilComplete(id, TIMEOUT_MS);
  await page.untilText("Download", SOON_MS);
  const { output } = await cluster.job(id);
  const path = join(cluster.folder, "downloaded.mp4");
  const bytes = await page.evaluate<number[]>(
    `fetch(document.querySelector("a[download]").href).then((r) => r.arrayBuffer()).then((b) => [...new Uint8Array(b)])`,
  );
  await Bun.write(path, Uint8Array.from(bytes));
  expect(await sha256OfFile(path, 0, bytes.length)).toBe(output?.sha256 ?? "");
  await keepPictures(page, id);

  const made = await cluster.json<{ token: string }>(["token", "create", "--name", "looker", "--role", "read"]);
  await page.click(".who button");
  await signIn(page, made.token);
  await go(page, `#/jobs/${id}`);
  await page.untilText("What was asked", SOON_MS);
  expect(await page.evaluate(`document.querySelector("a[download], .actions button")`)).toBeNull();
  const refused = await page.evaluate<number>(
    `fetch("/api/v1/jobs/${id}/cancel", { method: "POST" }).then((r) => r.status)`,
  );
  expect(refused).toBe(403);
  const jobs = await page.evaluate<JobView[]>(`fetch("/api/v1/jobs").then((r) => r.json())`);
  expect(jobs.map(({ job_id }) => job_id)).toEqual([id]);
}

const TITLE = "a client is lost in sight of the dashboard, the download has its digest, a reader can't act";
if (IS_LONG) testWithProgram(CHROMIUM, TITLE, longWay, TIMEOUT_MS * 2);
else test.skip(`${TITLE} (npm run test:long)`, () => undefined);
