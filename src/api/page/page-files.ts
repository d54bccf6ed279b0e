// The files of the dashboard (src/web): as they lie in the executable, or, where the sources run, bundled when somebody
// first asks. Each is packed once, and has a name or an ETag that says what is in it.
import { basename } from "node:path";
import { sha256Of } from "../../base/digest.ts";
import page from "../../web/index.html";

export interface PageFile {
  readonly type: string;
  /** Of its content, quoted (RFC 9110 §8.8.3). */
  readonly etag: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

/** By the path that they are served at. */
export type PageFiles = ReadonlyMap<string, PageFile>;

interface Bundled {
  readonly name: string;
  readonly type: string;
  readonly blob: Blob;
}

/** Bun 1.4.5 says in an executable which files the page was bundled to, and from its sources only where the page is. */
async function bundledFiles(): Promise<readonly Bundled[]> {
  if (page.files !== undefined) {
    return page.files.map(({ path, headers }) => {
      return { name: basename(path), type: headers["content-type"] ?? "", blob: Bun.file(path) };
    });
  }
  const { outputs } = await Bun.build({ entrypoints: [page.index], target: "browser", minify: true, publicPath: "/" });
  return outputs.map((blob) => ({ name: basename(blob.path), type: blob.type, blob }));
}

/** The page itself is at "/". */
function pathOf({ name, type }: Bundled): string {
  return type.startsWith("text/html") ? "/" : `/${name}`;
}

async function packed(file: Bundled): Promise<PageFile> {
  const bytes = new Uint8Array(await file.blob.arrayBuffer());
  const gzip = Bun.gzipSync(bytes, { level: 9 });
  return { type: file.type, etag: `"${sha256Of(bytes)}"`, bytes, gzip };
}

let files: Promise<PageFiles> | null = null;

async function readAll(): Promise<PageFiles> {
  const found = await bundledFiles();
  return new Map(await Promise.all(found.map(async (file) => [pathOf(file), await packed(file)] as const)));
}

/** Made once. */
export function pageFiles(): Promise<PageFiles> {
  files ??= readAll();
  return files;
}
