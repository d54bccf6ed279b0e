// Builds the one executable: `bun build.ts` for this machine as dist/ffcluster, `-p PLATFORM` or `--all` for those that
// are released, `--pack` what people download. Ends non-zero when any of them could not be made; a half-made file never
// gets the final name.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BuildRequest, build } from "./packaging/build.ts";
import { parseTarget } from "./packaging/platforms.ts";
import { PLATFORMS } from "./src/ffmpeg-install/platform.ts";

const USAGE = `Usage: bun build.ts [options]

  (no option)              dist/ffcluster for this machine
  -p, --platform NAME      dist/ffcluster-NAME; may be repeated
  --all                    every platform: ${PLATFORMS.join(", ")}
  --pack                   archives as well, with ffmpeg, and SHA256SUMS
  -c, --component NAME     server or client: the archives start only this one (default both)
  --ffmpeg FOLDER|none     FOLDER/PLATFORM/ffmpeg goes into the archives instead of the pinned build; none: no ffmpeg
  --mirror URL             where the pinned builds are, instead of their own hosts
  --lock FILE              pins of your own instead of ffmpeg.lock.json
  --deb, --npm             with --pack: Debian packages, npm packages
  --base-url URL           where install.sh will find the archives`;

function requestOf(args: readonly string[]): BuildRequest | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      platform: { type: "string", short: "p", multiple: true, default: [] },
      component: { type: "string", short: "c" },
      all: { type: "boolean", default: false },
      pack: { type: "boolean", default: false },
      ffmpeg: { type: "string" },
      lock: { type: "string" },
      mirror: { type: "string" },
      deb: { type: "boolean", default: false },
      npm: { type: "boolean", default: false },
      "base-url": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const { component } = values;
  if (component !== undefined && component !== "server" && component !== "client") {
    throw new Error(`unknown component ${component}; it is server or client`);
  }
  const targets = values.all ? PLATFORMS : values.platform.map(parseTarget);
  return {
    targets,
    pack: values.pack
      ? {
          component: component ?? null,
          ffmpeg: {
            named: values.ffmpeg ?? null,
            lock: values.lock ?? join(import.meta.dir, "ffmpeg.lock.json"),
            mirror: values.mirror ?? null,
          },
          isDeb: values.deb,
          isNpm: values.npm,
          baseUrl: values["base-url"] ?? null,
        }
      : null,
  };
}

try {
  const request = requestOf(process.argv.slice(2));
  if (request === null) console.log(USAGE);
  else await build(request);
} catch (thrown) {
  if (thrown instanceof AggregateError) for (const error of thrown.errors) console.error(Bun.inspect(error));
  console.error(`build failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  process.exitCode = 1;
}
