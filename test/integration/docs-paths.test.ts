// What the documents name must be there: every file, folder and test that they point at, and every link.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dir, "../..");
const listed = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: REPOSITORY, dot: true })];
const FILES = [...listed("{src,test,bench,scripts,lint,docs,packaging,examples,.github}/**/*"), "build.ts"];
/** What a build, the setup or a user makes, and media types. */
const NOT_OURS = new Set([
  "tools/",
  "db/ffmpeg-lists.json",
  "dist/ffcluster",
  "../shared/media",
  "ffcluster/client",
  "client.d.ts",
]);
const isNotOurs = (name: string) => NOT_OURS.has(name) || /^(?:WORK_DIR|FOLDER|application)\//.test(name);

/** Files that a name stands for: `e2e/deaths`, `decide.ts`, `cluster/scheduler/`. */
const filesNamed = (name: string) =>
  FILES.filter((file) =>
    ["", ".ts", ".test.ts"].some((end) => `/${file}/`.includes(`/${name.replace(/\/$/, "")}${end}/`)),
  );

const DOCUMENTS = [...listed("docs/**/*.md"), "README.md", "CHANGELOG.md", "SECURITY.md"];

test.each(DOCUMENTS)("%s names what is there", async (document) => {
  const text = (await Bun.file(join(REPOSITORY, document)).text()).replace(/^```.*?^```/gms, "");
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to = ""]) => to);
  expect(links.filter((to) => !existsSync(join(REPOSITORY, dirname(document), to)))).toEqual([]);
  const named = [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]*|[\w.-]+\.ts)`/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !isNotOurs(name) && filesNamed(name).length === 0)).toEqual([]);
  for (const [, name = "", titles = ""] of text.matchAll(/`([\w./-]+)`((?:,? "[^"]+")+)/g)) {
    const code = await Promise.all(filesNamed(name).map((file) => Bun.file(join(REPOSITORY, file)).text()));
    const missing = [...titles.matchAll(/"([^"]+)"/g)].filter(([, title = ""]) => !code.join("").includes(title));
    expect(missing.map(([, title]) => `${name}: ${title}`)).toEqual([]);
  }
});
