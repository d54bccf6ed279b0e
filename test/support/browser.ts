// A page in a real Chromium, as a person uses it. It notes what no page of ours may have: errors on the console, and
// requests to another origin.
import { join, resolve } from "node:path";
import { until } from "./cluster.ts";

const ARGUMENTS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const AXE = resolve(import.meta.dir, "../../node_modules/axe-core/axe.min.js");
const RELOAD_MS = 60_000;
const SERIOUS: readonly string[] = ["serious", "critical"];

/** Of the DevTools protocol, what is listened to. */
type Told =
  | { readonly entry: { readonly level: string; readonly text: string; readonly url?: string } }
  | { readonly exceptionDetails: { readonly text: string; readonly exception?: { readonly description?: string } } }
  | { readonly request: { readonly url: string } };

interface Found {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

export class BrowserPage implements AsyncDisposable {
  readonly #view: Bun.WebView;
  readonly #origin: string;
  /** What stood on the console as an error, and what was thrown. */
  readonly errors: string[] = [];
  /** Requests to other places than the server. */
  readonly strays: string[] = [];

  private constructor(view: Bun.WebView, origin: string) {
    this.#view = view;
    this.#origin = origin;
  }

  /** `program`: a Chromium. */
  static async open(program: string, url: string): Promise<BrowserPage> {
    const backend = { type: "chrome", path: program, argv: ARGUMENTS } as const;
    const view = new Bun.WebView({ width: 1280, height: 900, backend });
    await view.navigate("about:blank");
    const page = new BrowserPage(view, new URL(url).origin);
    await page.#listen();
    await view.navigate(url);
    return page;
  }

  async #listen(): Promise<void> {
    const on = (event: string, note: (told: Told) => void) => {
      this.#view.addEventListener(event, (message) => note((message as MessageEvent<Told>).data));
    };
    on("Log.entryAdded", (told) => {
      if ("entry" in told && told.entry.level === "error")
        this.errors.push(`${told.entry.text} ${told.entry.url ?? ""}`);
    });
    on("Runtime.exceptionThrown", (told) => {
      if (!("exceptionDetails" in told)) return;
      const { text, exception } = told.exceptionDetails;
      this.errors.push(exception?.description ?? text);
    });
    on("Network.requestWillBeSent", (told) => {
      if (!("request" in told) || /^(data|blob):/.test(told.request.url)) return;
      if (new URL(told.request.url).origin !== this.#origin) this.strays.push(told.request.url);
    });
    for (const domain of ["Log", "Runtime", "Network"]) await this.#view.cdp(`${domain}.enable`);
  }

  /** Of an expression. */
  async evaluate<T>(expression: string): Promise<T> {
    return await this.#view.evaluate<T>(expression);
  }

  async text(): Promise<string> {
    return await this.evaluate<string>("document.body.innerText");
  }

  /** Waits until the expression is true; the page's text is in the error. */
  async untilTrue(what: string, expression: string, boundMs: number): Promise<void> {
    try {
      await until(what, boundMs, async () => await this.evaluate<boolean>(`Boolean(${expression})`), 100);
    } catch (thrown) {
      throw new Error(`${String(thrown)}\nthe page: ${await this.text()}\n${this.errors.join("\n")}`);
    }
  }

  async untilText(wanted: string, boundMs: number): Promise<void> {
    await this.untilTrue(
      `the page says ${wanted}`,
      `document.body.innerText.includes(${JSON.stringify(wanted)})`,
      boundMs,
    );
  }

  async click(selector: string): Promise<void> {
    await this.#view.click(selector);
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#view.click(selector);
    await this.#view.type(text);
  }

  async press(key: "Tab" | "Enter" | "Escape" | "ArrowRight"): Promise<void> {
    await this.#view.press(key);
  }

  /** Of an expression that is an element. */
  async #middleOf(element: string): Promise<{ x: number; y: number }> {
    return await this.evaluate<{ x: number; y: number }>(
      `(({x, y, width, height}) => ({x: x + width / 2, y: y + height / 2}))(${element}.getBoundingClientRect())`,
    );
  }

  /** Drags one element to the middle of another, with the mouse; both are expressions. */
  async drag(from: string, to: string): Promise<void> {
    const [start, end] = [await this.#middleOf(from), await this.#middleOf(to)];
    const begun = Promise.withResolvers<unknown>();
    const take = (message: Event) => begun.resolve((message as MessageEvent<{ data: unknown }>).data.data);
    this.#view.addEventListener("Input.dragIntercepted", take);
    await this.#view.cdp("Input.setInterceptDrags", { enabled: true });
    const mouse = (type: string, at: object) =>
      this.#view.cdp("Input.dispatchMouseEvent", { type, ...at, button: "left", buttons: 1, clickCount: 1 });
    await mouse("mousePressed", start);
    await mouse("mouseMoved", { x: start.x + 8, y: start.y + 8 });
    await mouse("mouseMoved", end);
    const data = await begun.promise;
    for (const type of ["dragEnter", "dragOver", "drop"])
      await this.#view.cdp("Input.dispatchDragEvent", { type, ...end, data });
    await mouse("mouseReleased", end);
    await this.#view.cdp("Input.setInterceptDrags", { enabled: false });
    this.#view.removeEventListener("Input.dragIntercepted", take);
  }

  /** Bytes a second that leave the browser; null: as many as may be. */
  async sendAt(bytesPerSecond: number | null): Promise<void> {
    const rates = { latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond ?? -1 };
    await this.#view.cdp("Network.emulateNetworkConditions", { offline: false, ...rates });
  }

  async reload(): Promise<void> {
    await this.evaluate("void (globalThis.isOld = true)");
    await this.#view.cdp("Page.reload", {});
    const isThere = `globalThis.isOld !== true && document.readyState === "complete"`;
    await until("the page is there again", RELOAD_MS, () => this.evaluate<boolean>(isThere), 100);
  }

  /** Drops files from the desktop on the middle of an element. */
  async drop(selector: string, files: readonly string[]): Promise<void> {
    const at = await this.#middleOf(`document.querySelector(${JSON.stringify(selector)})`);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"])
      await this.#view.cdp("Input.dispatchDragEvent", { type, ...at, data });
  }

  /** What axe finds that keeps people out. */
  async seriousFindings(): Promise<string[]> {
    const source = await Bun.file(AXE).text();
    // The page's policy lets no script in but its own; the debugger is none.
    await this.#view.cdp("Runtime.evaluate", { expression: source });
    const found = await this.evaluate<Found[]>("axe.run(document).then(({ violations }) => violations)");
    return found
      .filter(({ impact }) => SERIOUS.includes(impact ?? ""))
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }

  async size(width: number, height: number, scheme: "light" | "dark"): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#view.cdp("Emulation.setDeviceMetricsOverride", metrics);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#view.cdp("Emulation.setEmulatedMedia", { features });
  }

  /** Processor time of the page's main thread since it was loaded. */
  async busySeconds(): Promise<number> {
    await this.#view.cdp("Performance.enable", {});
    const { metrics } = await this.#view.cdp<{ metrics: readonly { name: string; value: number }[] }>(
      "Performance.getMetrics",
      {},
    );
    return metrics.find(({ name }) => name === "ThreadTime")?.value ?? Number.NaN;
  }

  /** Kept for people to look at: `folder`/`name`.png. */
  async picture(folder: string, name: string): Promise<void> {
    const { data } = await this.#view.cdp<{ data: string }>("Page.captureScreenshot", { format: "png" });
    await Bun.write(join(folder, `${name}.png`), Buffer.from(data, "base64"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#view.close();
    Bun.WebView.closeAll();
  }
}
