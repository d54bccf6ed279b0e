// The containers and filters that requests may name, from the tables that decide on them, for `ffcluster help`.
import { ALLOWED_FILTERS } from "../../media/request/filters/filter-list.ts";
import { CONTAINERS } from "../../media/request/tables/containers.ts";

/** Markdown, as all topics are. */
export function formatTable(): string {
  const rows = Object.entries(CONTAINERS).map(([name, { extensions, videoCodecs, audioCopy, subtitleCopy }]) => {
    const words = (codecs: ReadonlySet<string>) => [...codecs].join(", ");
    const subtitles = subtitleCopy.size === 0 ? "" : ` subtitles: ${words(subtitleCopy)}`;
    const names = extensions.map((each) => `.${each}`).join(", ");
    return `| ${name} | ${names} | video: ${words(videoCodecs)} | sound: ${words(audioCopy)} |${subtitles} |`;
  });
  return ["| container | names | video | sound | subtitles |", "|---|---|---|---|---|", ...rows].join("\n");
}

export function filterNames(media: "video" | "audio"): string {
  return [...ALLOWED_FILTERS.values()]
    .filter((spec) => spec.media === media)
    .map(({ name }) => name)
    .sort()
    .join(", ");
}
