// The files of a drop, also those inside dropped folders.

/** A folder of a whole disk is a mistake. */
const MOST_FILES = 1000;

const isVideo = ({ name }: File) =>
  /\.(3gp|avi|flv|m2ts|m4v|mkv|mov|mp4|mpe?g|mts|mxf|ogv|ts|vob|webm|wmv|y4m|264|265|h26[45]|ivf|nut)$/i.test(name);

/** What stands in a folder beside films is left alone; a file that was named itself is taken as it is. */
export async function droppedFiles(data: DataTransfer): Promise<readonly File[]> {
  // The list is empty once the event is over: everything is asked for at once.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found = await Promise.all(entries.map((entry) => filesOf(entry, true)));
  return found.flat().slice(0, MOST_FILES);
}

async function filesOf(entry: FileSystemEntry, isNamed: boolean): Promise<readonly File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return isNamed || isVideo(file) ? [file] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  // A reader gives a hundred at a time, and none at its end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0 || found.length >= MOST_FILES) return found;
    for (const each of entries) found.push(...(await filesOf(each, false)));
  }
}

/** Of a chooser for folders, the films; of one for files, all that was chosen. */
export function chosenFiles({ files, webkitdirectory }: HTMLInputElement): readonly File[] {
  return [...(files ?? [])].filter((file) => !webkitdirectory || isVideo(file)).slice(0, MOST_FILES);
}
