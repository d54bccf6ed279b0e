import { expect, test } from "bun:test";
import { ProbeLines } from "./probe-lines.ts";

function read(text: string) {
  const packets: unknown[] = [];
  const lines = new ProbeLines((packet) => packets.push(packet));
  for (const line of text.split("\n")) lines.add(line);
  return { packets, rest: lines.end() };
}

test("packets one by one, everything else at the end", () => {
  const text = `{
    "packets": [
        { "codec_type": "video", "stream_index": 0, "pts": 0, "size": "144626", "flags": "K_" },
        { "codec_type": "audio", "stream_index": 1, "size": "393", "flags": "K_",
            "side_data_list": [
                {  }
            ] },
        { "codec_type": "audio", "stream_index": 1, "size": "394", "flags": "K_" }
    ],
    "programs": [

    ],
    "streams": [
        { "index": 0, "codec_name": "av1",
            "side_data_list": [
                { "side_data_type": "Content light level metadata", "max_content": 1100 }
            ] }
    ]
}`;
  expect(read(text)).toEqual({
    packets: [
      { codec_type: "video", stream_index: 0, pts: 0, size: "144626", flags: "K_" },
      { codec_type: "audio", stream_index: 1, size: "393", flags: "K_", side_data_list: [{}] },
      { codec_type: "audio", stream_index: 1, size: "394", flags: "K_" },
    ],
    rest: {
      packets: [],
      programs: [],
      streams: [
        {
          index: 0,
          codec_name: "av1",
          side_data_list: [{ side_data_type: "Content light level metadata", max_content: 1100 }],
        },
      ],
    },
  });
});

test("a file without packets; an answer that breaks off is an error", () => {
  expect(read('{\n    "packets": [\n\n    ],\n    "streams": [\n\n    ]\n}')).toEqual({
    packets: [],
    rest: { packets: [], streams: [] },
  });
  expect(() => read('{\n    "packets": [\n        { "codec_type": "video" },')).toThrow();
});
