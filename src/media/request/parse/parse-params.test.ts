// What is taken and what each option becomes, and what is refused, by name and with a hint.
import { expect, test } from "bun:test";
import { AppError } from "../../../base/errors.ts";
import { emptyEncodeRequest, type VideoRequest } from "../../model/encode-request.ts";
import { checkEncodeRequest } from "./check-request.ts";
import { formatEncodeWords } from "./format-words.ts";
import { parseEncodeParams } from "./parse-params.ts";

const empty = emptyEncodeRequest();
const video = (fields: Partial<VideoRequest>): VideoRequest => ({ ...empty.video, ...fields });

function refusal(text: string): AppError {
  try {
    parseEncodeParams(text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`taken: ${text}`);
}

test("whole results of ordinary requests", () => {
  expect(parseEncodeParams("")).toEqual(empty);
  expect(parseEncodeParams("-c:v libx265 -crf 24 -vf scale=1280:-2 -c:a aac -b:a 128k")).toEqual({
    ...empty,
    video: video({ encoder: "libx265", quality: { kind: "crf", value: 24 } }),
    filters: [
      {
        name: "scale",
        options: [
          ["w", "1280"],
          ["h", "-2"],
        ],
      },
    ],
    audio: {
      mode: "encode",
      codec: "aac",
      bitrate: 128_000,
      quality: null,
      channels: null,
      sampleRate: null,
      profile: null,
      privateOptions: [],
      filters: [],
    },
  });
  expect(
    parseEncodeParams("-vcodec libx264 -b:v 2.5M -maxrate 3M -bufsize 6000k -r ntsc -s hd720 -pix_fmt yuv420p"),
  ).toEqual({
    ...empty,
    video: video({
      bitrate: 2_500_000,
      maxrate: 3_000_000,
      bufsize: 6_000_000,
      frameRate: "30000/1001",
      size: { width: 1280, height: 720 },
      pixelFormat: "yuv420p",
    }),
  });
  expect(parseEncodeParams("-x264-params 'no-mbtree:ref=4' -an -sn -f matroska -map 0:v:0 -map -0:d")).toEqual({
    ...empty,
    video: video({
      encoderParams: [
        ["no-mbtree", "1"],
        ["ref", "4"],
      ],
    }),
    audio: { mode: "none" },
    subtitles: { mode: "none" },
    maps: [
      { exclude: false, optional: false, type: "v", index: 0, language: null },
      { exclude: true, optional: false, type: "d", index: null, language: null },
    ],
    container: { format: "mkv", movflags: [] },
  });
});

const TAKEN = [
  "-c:v:0 libx264 -preset slow -tune film,zerolatency -profile:v high -level 4.1 -g 250 -keyint_min 25 -bf 3 -refs 4",
  "-codec:v libsvtav1 -preset 8 -crf 30 -svtav1-params tune=0:film-grain=8 -f webm -c:a opus -vbr:a on",
  "-c:v libvpx-vp9 -crf 30 -b:v 0 -row-mt 1 -deadline good -cpu-used 4 -tile-columns 2 -auto-alt-ref 1 -lag-in-frames 25",
  "-c:v libaom-av1 -crf 30 -cpu-used 6 -usage realtime -aom-params enable-qm=1",
  "-c:v prores_ks -profile:v 3 -qscale:v 9 -vendor apl0",
  "-c:v libx265 -x265-params no-sao:aq-mode=3:master-display=G(1,2)B(3,4)R(5,6)WP(7,8)L(9,10)",
  "-c:v h264_nvenc -cq 20 -preset p5 -rc vbr -spatial-aq 1",
  "-filter:v 'eq=contrast=1.1,hflip' -af 'volume=0.5,loudnorm=I=-16' -ac 2 -ar 48000 -q:a 2",
  "-c:a copy -c:s mov_text -movflags +faststart -tag:v avc1 -dn",
  "-c:a aac -c:a:0 copy -b:a:1 96k -ac:a:1 1 -ar:a:2 44100 -filter:a:2 volume=2 -c:s copy -c:s:1 srt -c:s:0 ass",
  "-c:a copy -c:a:2 libopus -vbr:a:2 on -b:a 64k -map 0:v -map 0:a? -map -0:a:1 -map 0:m:language:eng",
  "-c:v libx265 -size 700M -c:a aac -loudness:a -23 -loudness:a:1 -16.5",
  "-metadata:s:a:0 language=deu -disposition:a:1 +forced -dn -sn -an",
  `-vf "subtitles,subtitles=source:si=1,subtitles=upload:force_style='Fontname=DejaVu Sans,Fontsize=24'"`,
  "-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv -field_order tt -flags +ilme+ildct",
  `-metadata "title=It's here; \\"ok\\"" -metadata:s:a:0 language=eng -map_metadata -1 -map_chapters 0 -disposition:a:0 default`,
];

/** A text that is split into these words again. */
function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

test.each(TAKEN)("taken, and equal after being written out and read again: %s", (text) => {
  const request = parseEncodeParams(text);
  expect(parseEncodeParams(joinWords(formatEncodeWords(request)))).toEqual(request);
  expect(checkEncodeRequest(JSON.parse(JSON.stringify(request)))).toEqual(request);
});

const REFUSED: readonly (readonly [text: string, named: string])[] = [
  ["-i other.mp4", "-i"],
  ["out.mp4", "out.mp4"],
  ["http://host/x", "http://host/x"],
  ["-c copy", "-c"],
  ["-c:v copy", "-c:v"],
  ["-c:v h263000", "-c:v"],
  ["-vn", "-vn"],
  ["-ss 5", "-ss"],
  ["-t 5", "-t"],
  ["-to 5", "-to"],
  ["-shortest", "-shortest"],
  ["-threads 4", "-threads"],
  ["-f tee", "-f"],
  ["-attach a.ttf", "-attach"],
  ["-filter_complex [0:v]hflip", "-filter_complex"],
  ["-filter_script:v x", "-filter_script"],
  ["-dump", "-dump"],
  ["-report", "-report"],
  ["-pass 1", "-pass"],
  ["-passlogfile x", "-passlogfile"],
  ["-stats x", "-stats"],
  ["-vstats_file x", "-vstats_file"],
  ["-init_hw_device cuda", "-init_hw_device"],
  ["-hwaccel cuda", "-hwaccel"],
  ["-protocol_whitelist all", "-protocol_whitelist"],
  ["-fpre x", "-fpre"],
  ["-bsf:v noise", "-bsf:v"],
  ["-crf 99", "-crf"],
  ["-crf 23 -qp 3", "-qp"],
  ["-crf 23 -crf 24", "-crf"],
  ["-crf nan", "-crf"],
  ["-crf", "-crf"],
  ["-q:v 3", "-q:v"],
  ["-preset warp", "-preset"],
  ["-g 1e9", "-g"],
  ["-r 0", "-r"],
  ["-s 0x5", "-s"],
  ["-pix_fmt a/b", "-pix_fmt"],
  ["-map 1:v", "-map"],
  ["-map [out]", "-map"],
  ["-movflags +frag_keyframe", "-movflags"],
  ["-c:a:x aac", "-c:a:x"],
  ["-c:a:1 copy -b:a:1 96k", "-b:a:1"],
  ["-c:a copy -b:a:1 96k", "-b:a:1"],
  ["-c:a:1 aac -c:a:1 mp3", "-c:a:1"],
  ["-an -c:a:1 aac", "-an"],
  ["-sn -c:s:0 copy", "-c:s:0"],
  ["-c:s:0 copy -sn", "-sn"],
  ["-c:s:a copy", "-c:s:a"],
  ["-map 0:z", "-map"],
  ["-c:a copy -b:a 128k", "-b:a"],
  ["-an -ac 2", "-an"],
  ["-c:v:1 libx264", "-c:v:1"],
  ["-x264-params stats=/tmp/x", "stats"],
  ["-x264-params qpfile=x", "qpfile"],
  ["-x264-params dump-yuv=x", "dump-yuv"],
  ["-x264-params cqmfile=x", "cqmfile"],
  ["-x264-params opencl-clbin=x", "opencl-clbin"],
  ["-x264-params threads=8", "threads"],
  ["-x264-params open-gop=1", "open-gop"],
  ["-x264-params open_gop=1", "open_gop"],
  ["-x264-params no-open-gop=0", "no-open-gop"],
  ["-x264-params zones=0,9,q=20", "zones"],
  ["-x264-params ref=/etc/passwd", "ref"],
  ["-c:v libx265 -x265-params csv=x", "csv"],
  ["-c:v libx265 -x265-params analysis-save=x", "analysis-save"],
  ["-c:v libx265 -x265-params scaling-list=x.txt", "scaling-list"],
  ["-c:v libx265 -x265-params lambda-file=x", "lambda-file"],
  ["-c:v libx265 -x265-params recon=x", "recon"],
  ["-c:v libx265 -x265-params dhdr10-info=x", "dhdr10-info"],
  ["-c:v libx265 -x265-params pools=8", "pools"],
  ["-c:v libsvtav1 -svtav1-params fgs-table=x", "fgs-table"],
  ["-c:v libaom-av1 -aom-params film-grain-table=x", "film-grain-table"],
  ["-c:v libaom-av1 -aom-params vmaf-model-path=x", "vmaf-model-path"],
  ["-vf movie=x.mp4", "movie"],
  ["-vf hflip,movie=x.mp4", "movie"],
  ["-vf sendcmd=f=x", "sendcmd"],
  ["-vf zmq", "zmq"],
  ["-vf lut3d=x.cube", "lut3d"],
  ["-vf subtitles=x.srt", "subtitles"],
  ["-vf subtitles=/etc/passwd", "subtitles"],
  ["-vf subtitles=si=0:fontsdir=/", "fontsdir"],
  ["-vf subtitles=si=0:force_style='a/b'", "force_style"],
  ["-vf ass=x.ass", "ass"],
  ["-vf select=1", "select"],
  ["-vf setpts=PTS/2", "setpts"],
  ["-vf curves=psfile=x.acv", "psfile"],
  ["-vf curves=plot=x", "plot"],
  ["-vf selectivecolor=psfile=x", "psfile"],
  ["-vf deshake=filename=x", "filename"],
  ["-vf drawtext=/etc/font.ttf", "fontfile"],
  ["-vf drawtext=textfile=/etc/passwd", "textfile"],
  ["-vf drawtext=fontfile=x", "fontfile"],
  ["-vf drawtext=/text=/etc/passwd", "/text"],
  ["-vf drawtext=text=a:font='x\\\\:file=y'", "font"],
  ["-vf drawtext=text=%{localtime}", "localtime"],
  ["-vf drawtext=text=%{pts\\\\:localtime\\\\:0}", "text"],
  ["-vf drawtext=text=x:expansion=strftime", "expansion"],
  ["-vf scale=w='while(1,1)'", "while"],
  ["-vf [in]hflip", "label"],
  ["-vf hflip;vflip", "label"],
  ["-vf scale=w=1:w=2", "w"],
  ["-vf scale@x=1", "scale@x"],
  ["-vf volume=2", "volume"],
  ["-af hflip", "hflip"],
  ["-af atempo=2", "atempo"],
  ["-af firequalizer=dumpfile=x", "firequalizer"],
  ["-vf 'hflip", "quote"],
];

test.each(REFUSED)("refused by name with a hint: %s", (text, named) => {
  const error = refusal(text);
  expect(error.code).toBe("E_ENCODE_REQUEST");
  expect(error.message).toContain(named);
  expect(error.hint.length).toBeGreaterThan(4);
});

test("JSON that the parser would not make is refused", () => {
  const good = parseEncodeParams("-vf scale=1280:-2");
  const refuses = (value: unknown): void => expect(() => checkEncodeRequest(value)).toThrow(AppError);
  refuses(null);
  refuses({ ...good, extra: 1 });
  refuses({ ...good, filters: [{ name: "movie", options: [["filename", "x"]] }] });
  refuses({ ...good, filters: [{ name: "scale,movie=x", options: [] }] });
  refuses({ ...good, filters: [{ name: "hflip", options: [["textfile", "x"]] }] });
  refuses({ ...good, video: video({ encoder: "libx264 -i x" }) });
  refuses({ ...good, video: video({ preset: "-i" }) });
  refuses({ ...good, video: video({ encoderParams: [["stats", "x"]] }) });
  refuses({ ...good, video: video({ encoderParams: [["ref", "1:stats=x"]] }) });
  refuses({ ...good, video: video({ privateOptions: [["passlogfile", "x"]] }) });
  refuses({ ...good, metadata: { ...good.metadata, tags: [{ stream: null, key: "a=b", value: "c" }] } });
});
