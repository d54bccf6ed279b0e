// The dashboard in a real browser, on a real cluster: sign in, watch two clients encode a film, and act as the role may.
import { expect } from "bun:test";
import { BrowserPage } from "../support/browser.ts";
import { Cluster } from "../support/cluster.ts";
import { mediaPath } from "../support/media.ts";
import { CHROMIUM, testWithProgram } from "../support/programs.ts";

const TIMEOUT_MS = 180_000;
const SOON_MS = 60_000;

async function signIn(page: BrowserPage, token: string): Promise<void> {
  await page.untilText("Sign in", SOON_MS);
  await page.type("#token", token);
  await page.press("Enter");
}

testWithProgram(
  CHROMIUM,
  "the dashboard shows a job on two clients, lets nothing in or out, and keeps nobody out",
  async (chromium) => {
    const clip = mediaPath("flower-540p29.97-5s.mp4");
    if (clip === null) throw new Error("the clip is missing");
    await using cluster = await Cluster.make();
    await cluster.serve();
    const joining = Promise.all([cluster.join("attic"), cluster.join("desk")]);
    await using page = await BrowserPage.open(chromium, `${cluster.url}/`);
    await signIn(page, cluster.token);
    await page.untilText("No jobs yet", SOON_MS);
    expect(await page.evaluate("document.cookie")).toBe("");
    await joining;
    const jobId = await cluster.submit(clip, "flower.mp4", "-c:v libx264 -preset ultrafast");
    await page.untilText("flower-540p29.97-5s.mp4", SOON_MS);
    await page.click('nav a[href="#/clients"]');
    await page.untilTrue(
      "both clients are shown",
      '["attic", "desk"].every((name) => document.body.innerText.includes(name))',
      SOON_MS,
    );
    expect(await page.seriousFindings()).toEqual([]);
    await page.click('nav a[href="#/jobs"]');
    await cluster.untilComplete(jobId, SOON_MS);
    await page.untilText("Done", SOON_MS);
    expect(await page.seriousFindings()).toEqual([]);
    expect(page.errors).toEqual([]);
    expect(page.strays).toEqual([]);
  },
  TIMEOUT_MS,
);
