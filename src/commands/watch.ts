// `ffcluster watch`: encodes what is put into a folder.
import { secondsOption, switchOption } from "../base/config/option.ts";
import { defineCommand } from "./cli/command.ts";
import { withPreset } from "./presets/with-preset.ts";
import { requireCropPossible } from "./submitting/crop-first.ts";
import { submitOptions } from "./submitting/options.ts";
import { watchFolder } from "./watching/watch-folder.ts";

const {
  output: _output,
  subtitles: _subtitles,
  "on-server": _onServer,
  name: _name,
  detach: _detach,
  ...shared
} = submitOptions;
/** Of `submit` for one file. */
const UNUSED = { output: null, subtitles: null, "on-server": false, name: null, detach: false } as const;

export const watch = defineCommand({
  path: ["watch"],
  summary: "Encode every video that is put into a folder, once each, for as long as it runs",
  positionals: [{ name: "DIR", description: "the folder" }],
  options: {
    ...shared,
    recursive: switchOption({ description: "Take the folders inside DIR too", fallback: true }),
    settle: secondsOption({
      description: "A file is fully written when its size and date have not changed for this long",
      min: 0.1,
      max: 86_400,
      fallback: 10,
    }),
    poll: secondsOption({ description: "Time between two looks at the folder", min: 0.1, max: 86_400, fallback: 5 }),
  },
  examples: [
    "ffcluster watch incoming --output-dir encoded --codec hevc",
    "ffcluster watch incoming --output-dir encoded --preset av1-small",
    "ffcluster watch /mnt/nas/films --replace --codec av1 --if-larger keep-source --skip-if codec",
  ],
  printsEvents: true,
  async run({ options: asked, origins, positionals, context }) {
    const options = await withPreset(asked, origins, context);
    const { settle, poll, ...given } = options;
    const times = { settleMs: settle * 1000, pollMs: poll * 1000 };
    await requireCropPossible({ ...given, ...UNUSED });
    await watchFolder(positionals[0] ?? "", { ...given, ...UNUSED }, times, context);
    return 0;
  },
});
