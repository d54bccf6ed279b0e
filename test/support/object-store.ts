// A real S3 server for tests: versitygw over a folder, with signatures. Skipped where there is none
// (`go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`).
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { freePort, until } from "./cluster.ts";
import type { Needed } from "./programs.ts";

export const VERSITYGW: Needed = {
  programs: ["versitygw"],
  install: "it with go install github.com/versity/versitygw/cmd/versitygw@v1.8.0",
};

export class ObjectStore implements AsyncDisposable {
  static readonly keys = { accessKeyId: "test-user", secretAccessKey: "test-secret-0123456789" };
  readonly port: number;
  readonly #child: Bun.Subprocess;
  readonly #client = new AwsClient({ ...ObjectStore.keys, service: "s3", region: "us-east-1", retries: 0 });

  private constructor(port: number, child: Bun.Subprocess) {
    this.port = port;
    this.#child = child;
  }

  static async open(program: string, folder: string, buckets: readonly string[]): Promise<ObjectStore> {
    const port = await freePort();
    const [data, side] = [join(folder, "buckets"), join(folder, "side")];
    for (const path of [side, ...buckets.map((bucket) => join(data, bucket))]) await mkdir(path, { recursive: true });
    const { accessKeyId, secretAccessKey } = ObjectStore.keys;
    const child = Bun.spawn([program, "--port", `127.0.0.1:${port}`, "posix", "--sidecar", side, data], {
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      ...{ stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    });
    const store = new ObjectStore(port, child);
    await until("the object store answers", 30_000, async () =>
      store.ask("GET", "").then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  ask(method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
    return this.#client.fetch(`${this.url}/${path}`, { method, body: body ?? null });
  }

  /** Uploads that have begun and not ended. */
  async openUploads(bucket: string): Promise<number> {
    const text = await (await this.ask("GET", `${bucket}?uploads=`)).text();
    return text.split("<UploadId>").length - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
