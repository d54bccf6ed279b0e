// Which refusals are honest: each names what is true of the file or of the request. A refusal of a file that plain
// ffmpeg converts and that is not on this list counts as a failure.

interface Honest {
  readonly says: RegExp;
  readonly why: string;
}

const HONEST: readonly Honest[] = [
  { says: /^E_CONTAINER: /, why: "the request asks for a codec that the output's container cannot hold" },
  {
    says: /^E_ENCODE_REQUEST: the output would have no sound at all .* cannot hold/,
    why: "a copy is asked for into a container that is not trusted with the codec; the hint names others",
  },
  {
    says: /^E_SOURCE_REFUSED: the display times of the source's pictures are unknown: /,
    why: "its packets carry decoding times and plain ffmpeg's own times of the pictures go back",
  },
  {
    says: /^E_SOURCE_REFUSED: its sound \(stream \d+\) begins \d+ ms before the file says that it starts/,
    why: "Ogg whose sound begins below zero: plain ffmpeg hides it behind an edit list or moves the film",
  },
  {
    says: /^E_SOURCE_REFUSED: its video \(stream \d+\) shows no picture: its edit list (hides all of them|leaves out the key picture)/,
    why: "plain ffmpeg makes a file without a picture of it",
  },
  {
    says: /^E_SOURCE_REFUSED: this ffmpeg gives the pictures of a raw \w+ stream times that are \d+ µs apart/,
    why: "plain ffmpeg of that version drops most of the pictures",
  },
  {
    says: /^E_ENCODE_REQUEST: \w+ refuses the source's first picture: MPEG-1\/2 does not support \S+ fps/,
    why: "MPEG-2 has no such rate; plain ffmpeg takes the nearest and moves the pictures to its ticks",
  },
  {
    says: /^E_ENCODE_REQUEST: \w+ counts in steps of \S+ s here, and the source's pictures at \S+ s and \S+ s stand closer/,
    why: "MPEG-1/2 count whole frames; plain ffmpeg drops one of two pictures that fall on one",
  },
  {
    says: /^E_SOURCE_REFUSED: the source is several recordings joined: .*, and its streams do not jump alike/,
    why: "one stream's clock jumps alone: plain ffmpeg moves the others by it, and picture and sound come apart",
  },
  {
    says: /^E_SOURCE_REFUSED: the source is several recordings joined: .*, and some of its pictures have no time/,
    why: "of pictures without times a copy does not keep when a decoder shows them; the hint decodes them first",
  },
  {
    says: /^E_SOURCE_REFUSED: the times that ffmpeg guesses of the source's packets contradict those that they carry: /,
    why: "no packet's own time goes back, only guesses: plain ffmpeg shows pictures out of order, or two at one time",
  },
  {
    says: /^E_SOURCE_REFUSED: the source gives several pictures one time: /,
    why: "plain ffmpeg shows three pictures and more at once: its times have collapsed too",
  },
  {
    says: /^E_SOURCE_REFUSED: the times of its sound \(stream \d+\) are lost: /,
    why: "all its packets lie on one time: plain ffmpeg puts out packets a tick apart",
  },
  {
    says: /^E_SOURCE_REFUSED: the source is several recordings joined, and on one clock ffmpeg takes it for another frame rate/,
    why: "one run makes -r by the rate that ffmpeg guesses of its input, and of the copy on one clock it guesses another",
  },
  { says: /^E_SOURCE_NO_VIDEO: /, why: "there is no picture in the file" },
];

/** True where the reason is on the list, or where plain ffmpeg gives up too. */
export function isHonest(reason: string, isPlainWorking: boolean): boolean {
  if (/E_INTERNAL|said nothing|undefined|\[object/.test(reason)) return false;
  return !isPlainWorking || HONEST.some(({ says }) => says.test(reason));
}
