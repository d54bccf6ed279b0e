// Finds out what an `s3://` or `https://` address of a job means here: which store or host, how it is trusted, who signs, and
// whether jobs may use it at all. Keys stay in here; whoever shows an address shows `shown`.
import { readFile } from "node:fs/promises";
import { AwsClient } from "aws4fetch";
import type { Environment } from "../../../base/config/resolve-options.ts";
import { AppError, errnoOf } from "../../../base/errors.ts";
import type { HostTrust } from "../../../base/network/pinned-fetch.ts";
import { nameOfAddress, shownAddress } from "../../../base/network/remote-address.ts";
import type { HostConfig, S3StoreConfig, StoresFile } from "./stores-file.ts";

export interface RemotePlace {
  /** What is asked for; of a web address with everything that it holds. */
  readonly url: URL;
  /** Only of a store. */
  readonly key?: string;
  /** Only of a store: where the bucket itself is asked. */
  readonly bucketPath?: string;
  /** For people: without what may be a secret. */
  readonly shown: string;
  /** The last part of its path, as a file would be called. */
  readonly name: string;
  readonly trust: HostTrust;
  /** Null: nobody signs. */
  readonly signer: AwsClient | null;
}

type Use = "sources" | "outputs";

const S3_ADDRESS = /^s3(?:\+([a-z0-9-]+))?:\/\/([a-z0-9][a-z0-9.-]{1,62})\/(.+)$/;
const LONGEST_ADDRESS = 4000;
const GUIDE = "docs/guides/stores.md shows how";

function malformed(what: string, hint: string): AppError {
  return new AppError("E_MALFORMED", `the address ${what}`, hint);
}

/** RFC 3986: what signers and stores agree on. */
function encodePart(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isWithin(places: readonly string[], bucket: string, key: string): boolean {
  const path = `${bucket}/${key}`;
  return places.some((place) => place === "*" || path.startsWith(place.endsWith("/") ? place : `${place}/`));
}

export class Places {
  readonly #file: StoresFile;
  readonly #env: Environment;
  readonly #certificates: ReadonlyMap<string, string>;

  private constructor(file: StoresFile, env: Environment, certificates: ReadonlyMap<string, string>) {
    this.#file = file;
    this.#env = env;
    this.#certificates = certificates;
  }

  /** Errors: E_BAD_OPTION for certificates that can't be read. */
  static async open(file: StoresFile, env: Environment): Promise<Places> {
    const named = [...Object.values(file.s3), ...Object.values(file.hosts)].flatMap(({ ca_file }) => ca_file ?? []);
    const certificates = new Map<string, string>();
    for (const path of new Set(named)) {
      const text = await readFile(path, "utf8").catch((thrown: unknown) => {
        const message = `--stores: the certificates ${path} can't be read (${errnoOf(thrown) ?? String(thrown)})`;
        throw new AppError("E_BAD_OPTION", message, "Check the path and its permissions.", { cause: thrown });
      });
      certificates.set(path, text);
    }
    return new Places(file, env, certificates);
  }

  /** Errors: E_MALFORMED, E_FORBIDDEN. */
  source(address: string): RemotePlace {
    return this.#find(address, "sources");
  }

  /** Errors: E_MALFORMED, E_FORBIDDEN. */
  output(address: string): RemotePlace {
    return this.#find(address, "outputs");
  }

  #find(address: string, use: Use): RemotePlace {
    if (address.length > LONGEST_ADDRESS) throw malformed("is too long", `Give at most ${LONGEST_ADDRESS} characters.`);
    return /^s3(?:\+|:)/.test(address) ? this.#inStore(address, use) : this.#onHost(address, use);
  }

  #inStore(address: string, use: Use): RemotePlace {
    const [, named, bucket = "", key = ""] = S3_ADDRESS.exec(address) ?? [];
    const isPlain = key !== "" && !key.split("/").some((part) => part === "." || part === "..");
    if (!isPlain || /\p{Cc}/u.test(key) || !key.isWellFormed() || key.endsWith("/"))
      throw malformed("is none of an object", "Give one like s3://bucket/folder/film.mkv.");
    const known = Object.entries(this.#file.s3).filter(([name]) => named === undefined || name === named);
    const open = known.filter(([, store]) => isWithin(store[use], bucket, key));
    const [first, second] = open;
    if (first === undefined) {
      const what = use === "sources" ? "read" : "write";
      const hint = `The server's operator names stores and their buckets in the file of \`serve --stores\`; ${GUIDE}.`;
      throw new AppError("E_FORBIDDEN", `this server lets no job ${what} ${address}`, hint);
    }
    if (second !== undefined) {
      const names = open.map(([name]) => `s3+${name}://`).join(" or ");
      throw malformed("is one of several stores", `Say which: ${names}.`);
    }
    return this.#placeIn(first[1], { bucket, key, shown: address });
  }

  #placeIn(
    store: S3StoreConfig,
    at: { readonly bucket: string; readonly key: string; readonly shown: string },
  ): RemotePlace {
    const url = new URL(store.endpoint);
    const key = at.key.split("/").map(encodePart).join("/");
    const base = url.pathname.replace(/\/$/, "");
    if (!store.path_style) url.hostname = `${at.bucket}.${url.hostname}`;
    const bucketPath = store.path_style ? `${base}/${at.bucket}` : base;
    url.pathname = `${bucketPath}/${key}`;
    const trust = { mayBePrivate: true, ca: this.#certificate(store.ca_file) };
    const signer = this.#signerFor(store);
    return { url, key: at.key, bucketPath, shown: at.shown, name: nameOfAddress(at.shown), trust, signer };
  }

  /** Errors: E_FORBIDDEN without keys. */
  #signerFor(store: S3StoreConfig): AwsClient {
    const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = this.#env;
    const isOwn = store.access_key_id !== undefined;
    const accessKeyId = store.access_key_id ?? AWS_ACCESS_KEY_ID;
    const secretAccessKey = (isOwn ? store.secret_access_key : AWS_SECRET_ACCESS_KEY) ?? "";
    const sessionToken = isOwn ? store.session_token : AWS_SESSION_TOKEN;
    if (accessKeyId === "" || secretAccessKey === "") {
      const hint =
        "The server's operator gives access_key_id and secret_access_key, or AWS_ACCESS_KEY_ID and its secret.";
      throw new AppError("E_FORBIDDEN", "this server has no keys for that store", hint);
    }
    return new AwsClient({
      ...{ accessKeyId, secretAccessKey, service: "s3", region: store.region, retries: 0 },
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
  }

  #onHost(address: string, use: Use): RemotePlace {
    const url = URL.parse(address);
    if (url === null) throw malformed("is none", "Give one like https://host/film.mp4.");
    if (url.username !== "" || url.password !== "") {
      throw malformed("holds a user or password", "Use a pre-signed address; what stands in its query is never shown.");
    }
    url.hash = "";
    const trust = this.trustOf(url);
    if (use === "outputs" && this.#hostOf(url)?.outputs !== true) {
      const hint = `The server's operator allows hosts for outputs in the file of \`serve --stores\`; ${GUIDE}.`;
      throw new AppError("E_FORBIDDEN", `this server lets no job write to ${url.host}`, hint);
    }
    return { url, shown: shownAddress(url.href), name: nameOfAddress(url.href), trust, signer: null };
  }

  #hostOf(url: URL): HostConfig | undefined {
    const { hosts } = this.#file;
    const name = [url.host, url.hostname].find((each) => Object.hasOwn(hosts, each));
    return name === undefined ? undefined : hosts[name];
  }

  #certificate(path: string | undefined): string | null {
    return path === undefined ? null : (this.#certificates.get(path) ?? null);
  }

  /** How a host is trusted, also one that a redirect leads to. Errors: E_MALFORMED, E_FORBIDDEN. */
  trustOf(url: URL): HostTrust {
    const host = this.#hostOf(url);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && host?.http === true)) {
      const hint = `Use https; the server's operator may allow http for a host (${GUIDE}).`;
      throw malformed(`begins with ${url.protocol}//`, hint);
    }
    if (host === undefined && !this.#file.public_sources) {
      const hint = `The server's operator names hosts in the file of \`serve --stores\`; ${GUIDE}.`;
      throw new AppError("E_FORBIDDEN", `this server lets no job read from ${url.host}`, hint);
    }
    return { mayBePrivate: host?.private === true, ca: this.#certificate(host?.ca_file) };
  }
}
